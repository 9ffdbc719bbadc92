"""
The loops over pixels and scores that every frame goes through, in C.

`compiled` is None where the package was installed without a C compiler; OpenCV and NumPy then do
the same in nearly twice the time.
"""

try:
    from mobileone_ros.core.kernels import _compiled as compiled
except ImportError:
    compiled = None  # type: ignore[assignment]

__all__ = ['compiled']
