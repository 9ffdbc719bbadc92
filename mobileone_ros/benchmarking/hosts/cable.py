"""What a cable does to the frames that pass it, and when each comes out at the other end."""

from __future__ import annotations

from dataclasses import dataclass
import random

_EVERYBODY = b'\xff' * 6


@dataclass(frozen=True, slots=True)
class Condition:
    """
    Say how a cable treats each frame, in either direction.

    `loss` is the share of frames that vanish, each on its own; `delay_s` is what every frame
    takes and `jitter_s` how far that spreads to either side, evenly, so that frames overtake each
    other. A cable that is cut lets nothing through; one without `multicast` what goes to one host
    or to all, as many radio links do.
    """

    loss: float = 0.0
    delay_s: float = 0.0
    jitter_s: float = 0.0
    multicast: bool = True
    cut: bool = False

    def __post_init__(self) -> None:
        if not 0.0 <= self.loss <= 1.0:
            raise ValueError(f'loss is {self.loss:g}, expected a share from 0 to 1')
        if not 0.0 <= self.jitter_s <= self.delay_s:
            raise ValueError(
                f'delay {self.delay_s:g} s and jitter {self.jitter_s:g} s: '
                'expected 0 <= jitter <= delay'
            )


SOUND = Condition()
CUT = Condition(cut=True)


class Cable:
    """A host's cable to the switch; its condition may be changed at any time, by any thread."""

    def __init__(self, seed: int) -> None:
        self.condition = SOUND
        self.lost = 0
        """Frames that the condition has swallowed."""
        self._random = random.Random(seed)

    def transit_s(self, frame: bytes) -> float | None:
        """Return how long a frame takes, or None where it is lost."""
        condition = self.condition
        if (
            condition.cut
            or (condition.loss and self._random.random() < condition.loss)
            or (_is_multicast(frame) and not condition.multicast)
        ):
            self.lost += 1
            return None
        if not condition.jitter_s:
            return condition.delay_s
        return condition.delay_s + self._random.uniform(-condition.jitter_s, condition.jitter_s)


def _is_multicast(frame: bytes) -> bool:
    # IEEE 802.3: the least bit of the first byte tells a group, all ones are everybody.
    return bool(frame[0] & 1) and frame[:6] != _EVERYBODY
