"""Inference backends behind one protocol; a vendor's library is imported only when opened."""

from mobileone_ros.backends.base import (
    Backend,
    BackendError,
    BackendUnavailable,
    InferenceTimeout,
    InputLayout,
    ModelRejected,
    ModelSpec,
    Slot,
)

__all__ = [
    'Backend',
    'BackendError',
    'BackendUnavailable',
    'InferenceTimeout',
    'InputLayout',
    'ModelRejected',
    'ModelSpec',
    'Slot',
]
