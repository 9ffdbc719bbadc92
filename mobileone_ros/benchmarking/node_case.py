"""What a node benchmark measures: a stream, the programs that take it, what became of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from mobileone_ros.benchmarking.samples import Spread
from mobileone_ros.benchmarking.throughput import PacedInference
import numpy as np
from numpy.typing import NDArray

HBM_TYPES = {'480p': 'HbmMsg480P', '540p': 'HbmMsg540P', '1080p': 'HbmMsg1080P'}

USUAL_FLOOR = 'do-nothing subscriber, usual'
KEPT_FLOOR = 'do-nothing subscriber, usual, blocks kept'
TUNED_FLOOR = 'do-nothing subscriber, tuned'
RAW_FLOOR = 'do-nothing subscriber, tuned, raw'
LEAST = 'pre-processing and publishing alone'
COMMON_WAY = 'common way'
CLASSIFIER = 'classifier'
COMMON_WAY_FREE = 'common way, inference excluded'
CLASSIFIER_FREE = 'classifier, inference excluded'


@dataclass(frozen=True, slots=True)
class StreamCase:
    """One camera's stream: pixels, encoding, transport and frames a second."""

    width: int
    height: int
    encoding: str
    transport: str
    rate_hz: float
    reliability: str

    @property
    def hbm_size(self) -> str:
        """Return the smallest hbm message for the pixels."""
        for size, pixels in (('480p', 640 * 480), ('540p', 960 * 540)):
            if self.width * self.height <= pixels:
                return size
        return '1080p'

    @property
    def message_type(self) -> str:
        """Return the stream's message type."""
        if self.transport == 'hbm':
            return f'hbm_img_msgs/msg/{HBM_TYPES[self.hbm_size]}'
        return f'sensor_msgs/msg/{"Image" if self.transport == "raw" else "CompressedImage"}'

    @property
    def title(self) -> str:
        """Return the stream in words."""
        return (
            f'{self.width}x{self.height} {self.encoding} at {self.rate_hz:g} Hz, '
            f'{self.transport}, {self.reliability}'
        )


@dataclass(frozen=True, slots=True)
class Window:
    """
    What one program did with the frames of one span of time.

    `ages_ms` are from the frame's stamp to its reception (floors) or to its result's reception,
    with `times_s` since the span's start; `counts` are the node's own for its whole life. `alone`
    is an inference of its model just before, None where it has none that was timed.
    """

    published: int
    served: int
    cpu_ms: float
    memory_start_mib: float
    memory_end_mib: float
    times_s: NDArray[np.float64]
    ages_ms: NDArray[np.float64]
    counts: Mapping[str, int] = field(default_factory=dict)
    imbalances: int = 0
    alone: PacedInference | None = None

    @property
    def cpu_ms_per_frame(self) -> float:
        """Return the CPU that the whole process used for each frame of the stream."""
        return self.cpu_ms / max(self.published, 1)

    def age(self, percent: float) -> float:
        """Return a percentile of the ages in milliseconds, not a number where none was served."""
        return float(np.percentile(self.ages_ms, percent)) if self.ages_ms.size else float('nan')


@dataclass(frozen=True, slots=True)
class ProgramResult:
    """All windows of one program."""

    name: str
    windows: tuple[Window, ...]

    @property
    def cpu_ms(self) -> Spread:
        """Return the CPU milliseconds a frame."""
        return Spread.of([window.cpu_ms_per_frame for window in self.windows])

    def age_ms(self, percent: float) -> Spread:
        """Return a percentile of the ages in milliseconds."""
        return Spread.of([window.age(percent) for window in self.windows])

    @property
    def inference_ms(self) -> Spread:
        """Return how long an inference of the program's model takes alone, in milliseconds."""
        return Spread.of([window.alone.latency_ms for window in self.windows if window.alone])

    @property
    def published(self) -> int:
        """Return the frames that the camera sent."""
        return sum(window.published for window in self.windows)

    @property
    def served(self) -> int:
        """Return the frames that were received, or classified."""
        return sum(window.served for window in self.windows)


@dataclass(frozen=True, slots=True)
class NodeResult:
    """A node benchmark's outcome."""

    case: StreamCase
    model: str
    programs: tuple[ProgramResult, ...]

    def program(self, name: str) -> ProgramResult:
        """Return one program's result."""
        return next(program for program in self.programs if program.name == name)
