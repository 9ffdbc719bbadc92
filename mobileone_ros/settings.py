"""
The parameters of the classifier: one table, and one immutable Settings made from their values.

The table is what the node declares, what `classifier --help` prints and what the documentation is
generated from.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
import re
from typing import Any

from mobileone_ros.core.preprocess import IMAGENET_MEAN, IMAGENET_STD, ResizeMode
from mobileone_ros.models.catalog import VARIANTS

BACKENDS = ('auto', 'libdnn', 'hobot_dnn', 'onnxruntime')
TRANSPORTS = ('raw', 'compressed', 'hbm')
HBM_SIZES = ('1080p', '540p', '480p')
RELIABILITIES = ('auto', 'reliable', 'best_effort')

_CAMERA_NAME = re.compile(r'[A-Za-z][A-Za-z0-9]*(_[A-Za-z0-9]+)*')


class SettingsError(ValueError):
    """Report a parameter value that cannot be used; one sentence that names what can."""


@dataclass(frozen=True, slots=True)
class ParameterSpec:
    """Declare one parameter. Its default's type is its type; bounds are part of the range."""

    name: str
    default: Any
    description: str
    choices: tuple[str, ...] = ()
    bounds: tuple[float, float] | None = None
    fixed: bool = False
    """Whether the value is taken at start and kept."""

    @property
    def is_list(self) -> bool:
        """Return whether the value is a list."""
        return isinstance(self.default, tuple)


PARAMETERS: tuple[ParameterSpec, ...] = (
    ParameterSpec(
        'model', 'mobileone_s0', 'MobileOne variant, loaded aside and then swapped in.',
        choices=tuple(VARIANTS),
    ),
    ParameterSpec(
        'model_path', '',
        'Model file (.onnx or .bin); empty: found by variant and backend in the model store.',
    ),
    ParameterSpec(
        'labels_path', '',
        "Class names: text (one a line) or JSON; empty: the model's own, else ImageNet-1k.",
    ),
    ParameterSpec(
        'backend', 'auto', 'What runs the model; auto: the first of the others that works here.',
        choices=BACKENDS, fixed=True,
    ),
    ParameterSpec(
        'num_threads', 0, "Inferences at once; 0: the backend's own best.",
        bounds=(0, 64), fixed=True,
    ),
    ParameterSpec(
        'bpu_core', 0, 'BPU core; 0: any, 1 and 2: that core.', bounds=(0, 2), fixed=True
    ),
    ParameterSpec(
        'bpu_priority', 0, 'Priority of BPU tasks; 255 preempts the others.',
        bounds=(0, 255), fixed=True,
    ),
    ParameterSpec(
        'image_transport', 'raw',
        'Images come as sensor_msgs/Image, sensor_msgs/CompressedImage or hbm_img_msgs.',
        choices=TRANSPORTS, fixed=True,
    ),
    ParameterSpec(
        'hbm_size', '1080p', 'Message type for the hbm transport: HbmMsg1080P, 540P or 480P.',
        choices=HBM_SIZES, fixed=True,
    ),
    ParameterSpec(
        'cameras', (),
        'Camera names: subscribes NAME/image_raw and publishes ~/NAME/classification for each; '
        'empty: one unnamed camera.',
        fixed=True,
    ),
    ParameterSpec(
        'resize_mode', ResizeMode.STRETCH.value, "How a picture is fitted to the model's input.",
        choices=tuple(mode.value for mode in ResizeMode),
    ),
    ParameterSpec(
        'mean', tuple(IMAGENET_MEAN),
        'Mean of R, G and B on the 0-255 scale; models with normalisation inside ignore it.',
        bounds=(0.0, 255.0),
    ),
    ParameterSpec(
        'std', tuple(IMAGENET_STD),
        'Standard deviation of R, G and B on the 0-255 scale; models with normalisation inside '
        'ignore it.',
        bounds=(0.001, 255.0),
    ),
    ParameterSpec('top_k', 5, 'Most classes in a result.', bounds=(1, 1000)),
    ParameterSpec(
        'score_threshold', 0.0, 'Least probability of a class in a result.', bounds=(0.0, 1.0)
    ),
    ParameterSpec(
        'qos_reliability', 'auto',
        'Reliability of the image subscriptions; auto: as their publishers offer.',
        choices=RELIABILITIES, fixed=True,
    ),
    ParameterSpec('frame_id', 'camera', 'Frame of results whose image names none.'),
    ParameterSpec('enabled', True, 'Whether images are classified or dropped.'),
    ParameterSpec(
        'input_timeout', 2.0, 'Seconds without an image until diagnostics call it stale.',
        bounds=(0.1, 3600.0),
    ),
    ParameterSpec(
        'autostart', True, 'Configure and activate at start, without a lifecycle manager.',
        fixed=True,
    ),
    ParameterSpec(
        'publish_ai_msgs', False,
        'Publish ai_msgs/PerceptionTargets as well, for the web view of TogetheROS.Bot.',
        fixed=True,
    ),
)


@dataclass(frozen=True, slots=True)
class Settings:
    """Hold one consistent set of parameter values; workers keep the one they started with."""

    model: str
    model_path: str
    labels_path: str
    backend: str
    num_threads: int
    bpu_core: int
    bpu_priority: int
    image_transport: str
    hbm_size: str
    cameras: tuple[str, ...]
    resize_mode: ResizeMode
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    top_k: int
    score_threshold: float
    qos_reliability: str
    frame_id: str
    enabled: bool
    input_timeout: float
    autostart: bool
    publish_ai_msgs: bool

    @classmethod
    def from_values(cls, values: Mapping[str, Any]) -> Settings:
        """
        Check values by parameter name, all together; defaults stand in for what is missing.

        Raises SettingsError for the first value that cannot be used.
        """
        checked = {
            spec.name: _check(spec, values.get(spec.name, spec.default)) for spec in PARAMETERS
        }
        _check_cameras(checked['cameras'])
        return cls(**{**checked, 'resize_mode': ResizeMode(checked['resize_mode'])})


def _check(spec: ParameterSpec, value: Any) -> Any:
    if spec.is_list:
        return _check_list(spec, value)
    expected = type(spec.default)
    # An integer stands for a real number, but a bool, which is an int in Python, does not.
    if expected is float and type(value) is int:
        value = float(value)
    if type(value) is not expected:
        raise SettingsError(
            f'{spec.name} is {value!r}, expected {_KINDS[expected]}{_allowed(spec)}'
        )
    if isinstance(value, str) and '\0' in value:
        raise SettingsError(f'{spec.name} is {value!r}, expected text without a NUL')
    if spec.choices and value not in spec.choices:
        raise SettingsError(f'{spec.name} is {value!r}, expected{_allowed(spec)}')
    if spec.bounds:
        _check_range(spec.name, value, spec.bounds)
    return value


def _check_list(spec: ParameterSpec, value: Any) -> tuple[Any, ...]:
    if isinstance(value, (str, bytes)) or not isinstance(value, Sequence):
        raise SettingsError(f'{spec.name} is {value!r}, expected a list')
    if spec.bounds is None:
        if not all(isinstance(item, str) for item in value):
            raise SettingsError(f'{spec.name} is {list(value)}, expected a list of names')
        return tuple(item for item in value if item)
    numbers = [item for item in value if type(item) in (int, float)]
    if len(value) != 3 or len(numbers) != 3:
        raise SettingsError(f'{spec.name} is {list(value)}, expected three numbers: R, G and B')
    for number in numbers:
        _check_range(spec.name, number, spec.bounds)
    return tuple(float(number) for number in numbers)


def _check_range(name: str, value: float, bounds: tuple[float, float]) -> None:
    low, high = bounds
    # Written so that not-a-number fails as well.
    if not low <= value <= high:
        raise SettingsError(f'{name} is {value!r}, expected {low:g} to {high:g}')


def _check_cameras(names: Sequence[str]) -> None:
    for name in names:
        if not _CAMERA_NAME.fullmatch(name):
            raise SettingsError(
                f'cameras has {name!r}, expected names of letters, digits and single underscores '
                'that start with a letter'
            )
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise SettingsError(f'cameras has {twice[0]!r} twice, expected different names')


def _allowed(spec: ParameterSpec) -> str:
    if spec.choices:
        return f' one of {", ".join(spec.choices)}'
    if spec.bounds:
        return ' {:g} to {:g}'.format(*spec.bounds)
    return ''


_KINDS = {bool: 'true or false', int: 'an integer', float: 'a number', str: 'a text'}
