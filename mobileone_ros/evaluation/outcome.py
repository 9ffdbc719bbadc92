"""What was answered for one picture, in memory and as a line of JSON."""

from __future__ import annotations

from dataclasses import asdict, dataclass
import json
from typing import Final

from mobileone_ros.core.prediction import Prediction

TOP_K: Final = 5


@dataclass(frozen=True, slots=True)
class Answer:
    """One model's best classes for a picture, best first, and how long they took."""

    classes: tuple[int, ...]
    probabilities: tuple[float, ...]
    latency_ms: float
    """From pixels in hand to scores in hand."""
    inference_ms: float

    @classmethod
    def of(cls, prediction: Prediction) -> Answer:
        """Return what matters of a prediction."""
        return cls(
            tuple(score.index for score in prediction.scores),
            tuple(score.probability for score in prediction.scores),
            prediction.latency_s * 1e3,
            prediction.inference_s * 1e3,
        )


@dataclass(frozen=True, slots=True)
class Outcome:
    """A picture, its class, and one answer from each model, none where it cannot be read."""

    name: str
    label: int
    answers: tuple[Answer, ...]
    error: str = ''
    """Why the picture cannot be read."""


def to_json(outcome: Outcome) -> str:
    """Return an outcome as one line of ASCII."""
    line: dict[str, object] = {'picture': outcome.name, 'label': outcome.label}
    if outcome.error:
        line['error'] = outcome.error
    else:
        line['answers'] = [asdict(answer) for answer in outcome.answers]
    return json.dumps(line)


def from_json(line: str | bytes) -> Outcome:
    """Return the outcome that `to_json` wrote. Raises ValueError for anything else."""
    try:
        content = json.loads(line)
        answers = tuple(
            Answer(
                tuple(int(index) for index in answer['classes']),
                tuple(float(value) for value in answer['probabilities']),
                float(answer['latency_ms']),
                float(answer['inference_ms']),
            )
            for answer in content.get('answers', ())
        )
        return Outcome(
            str(content['picture']), int(content['label']), answers, content.get('error', '')
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError('not the result of one picture') from error
