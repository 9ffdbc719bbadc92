"""Write the model's card: figures as JSON, which a test reads, and the whole as Markdown."""

from __future__ import annotations

from dataclasses import dataclass
import json
from pathlib import Path
from typing import Any

from mobileone_ros.models.architecture import IMAGE_SIZE

from training.backgrounds import HELD_OUT_PHOTOGRAPHS, Photograph, TRAINING_PHOTOGRAPHS
from training.dataset import HELD_OUT, TRAINING
from training.evaluate import Outcome
from training.signs import LABELS
from training.style import HELD_OUT_STYLES, StyleSpace, TRAINING_STYLES
from training.train import ARCHITECTURE, PHASES

_CONFUSIONS = 6


@dataclass(frozen=True, slots=True)
class Measured:
    """One exported file and what it answered."""

    path: Path
    held_out: Outcome
    packed: Outcome
    shown: Outcome


def figures(float_model: Measured, int8_model: Measured) -> dict[str, Any]:
    """Return the figures of the card; accuracies are shares from 0 to 1."""
    return {
        'labels': list(LABELS),
        'parameters': ARCHITECTURE.count_deploy_parameters(len(LABELS)),
        'macs': ARCHITECTURE.count_macs(len(LABELS)),
        'held_out_pictures': len(float_model.held_out.truths),
        'packed_pictures': len(float_model.packed.truths),
        'float': _figures_of(float_model),
        'int8': _figures_of(int8_model),
    }


def _figures_of(model: Measured) -> dict[str, Any]:
    return {
        'file': model.path.name,
        'bytes': model.path.stat().st_size,
        'held_out_accuracy': round(model.held_out.accuracy, 5),
        'packed_accuracy': round(model.packed.accuracy, 5),
        'shown_mistakes': {
            truth: answer for truth, answer, _ in model.shown.confusions(len(LABELS))
        },
        'class_accuracy': {
            name: round(share, 4) for name, share in model.held_out.class_accuracies.items()
        },
        'confusions': model.held_out.confusions(_CONFUSIONS),
    }


def to_json(values: dict[str, Any]) -> str:
    """Return the figures as JSON text."""
    return json.dumps(values, indent=2) + '\n'


def to_markdown(values: dict[str, Any]) -> str:
    """Return the card for readers."""
    floating, int8 = values['float'], values['int8']
    lost = 100 * (floating['held_out_accuracy'] - int8['held_out_accuracy'])
    classes = '\n'.join(
        f'| {index} | {name} | {_percent(floating["class_accuracy"][name])} '
        f'| {_percent(int8["class_accuracy"][name])} |'
        for index, name in enumerate(values['labels'])
    )
    confusions = '\n'.join(
        f'- {truth}, taken for {answer}: {count}'
        for truth, answer, count in floating['confusions']
    )
    phases = '\n'.join(
        f'- {phase.pictures:,} pictures of {phase.size}x{phase.size}, {phase.epochs} epochs'
        for phase in PHASES
    )
    return f"""# MobileOne-S0 for road signs

| | `{floating['file']}` | `{int8['file']}` |
|---|---|---|
| weights | float16, widened when loaded | int8, a scale per channel |
| computes in | float32 | int8 |
| size | {_megabytes(floating['bytes'])} | {_megabytes(int8['bytes'])} |
| held-out accuracy, {values['held_out_pictures']:,} pictures | \
{_percent(floating['held_out_accuracy'])} | {_percent(int8['held_out_accuracy'])} |
| accuracy on the {values['packed_pictures']} pictures of the tests | \
{_percent(floating['packed_accuracy'])} | {_percent(int8['packed_accuracy'])} |
| wrong of the {len(values['labels'])} camera-sized pictures | \
{_mistakes(floating['shown_mistakes'])} | {_mistakes(int8['shown_mistakes'])} |

Quantisation costs {lost:.2f} points. The network is MobileOne-S0 (Vasu et al., arXiv 2206.04040)
re-parameterised: {values['parameters']:,} parameters, {values['macs'] / 1e6:.0f} million
multiply-accumulates.

Input `input`: float32 (1, 3, {IMAGE_SIZE}, {IMAGE_SIZE}), RGB, less ImageNet's mean, over its
standard deviation; the camera's picture is stretched to the square. Output `output`: float32
(1, {len(values['labels'])}), logits. The file's metadata lists the class names as JSON under
`labels`.

## What it is for, and what not

It makes the package work before anything is downloaded, and it is a start for small robot cars on
a table-top track with printed signs. **It has seen drawn signs only, never a photograph of a real
one**: how well it reads real streets is not known. Do not drive a vehicle among people by it. It
classifies one sign that takes at least a quarter of the picture's shorter side; it does not find
signs, and of two in view it names one. A sign that is not in the list gets the name of one that
is, or `no sign`; its scores mean nothing there. Speed limits are its weakest classes, small or
blurred ones most of all: trust several frames that agree, not one.

## Classes and held-out accuracy

| index | class | float | int8 |
|---|---|---|---|
{classes}

The most frequent mistakes of the float model:

{confusions}

## Data

Drawn by `training/` from fixed seeds, after the Vienna Convention on Road Signs and Signals, with
several countries' variants: white or yellow grounds, signal heads with and without a case, turn
signs with straight and with bent arrows. Each sign is turned in space (yaw to 42 degrees, pitch
to 18, roll to 10), takes 25 to 90 % of the picture's shorter side, and stands on a post or not.
Then come shadow, glare, exposure, colour cast, haze, defocus or motion blur, noise, JPEG
compression, leaves or a bar before the sign. `no sign` is background alone, or boards with
letters, backs of signs, balls, cones and barriers. Frames run from 1:1 to 16:9 and are stretched.

The held-out split shares none of the following with training:

| | training | held out |
|---|---|---|
| photographs | {_photographs(TRAINING_PHOTOGRAPHS)}; streets drawn by rule | \
{_photographs(HELD_OUT_PHOTOGRAPHS)} |
| typefaces | {_typefaces(TRAINING_STYLES)} | {_typefaces(HELD_OUT_STYLES)} |
| width of red borders, of the radius | {_intervals(TRAINING_STYLES.ring)} | \
{_intervals(HELD_OUT_STYLES.ring)} |
| digit's width over height | {_intervals(TRAINING_STYLES.glyph_width)} | \
{_intervals(HELD_OUT_STYLES.glyph_width)} |

Rims, corners, strokes and the sizes of digits and figures come from disjoint ranges too, and the
paints are mixed from other ones, though whites and blacks come close (`training/style.py`). The
shapes of pictograms are the same in both splits, and so are the camera's faults. Training's frames
are up to {TRAINING.frame_heights[1]} pixels high, the held-out ones up to \
{HELD_OUT.frame_heights[1]}.

### Licences and credits

{_credits((*TRAINING_PHOTOGRAPHS, *HELD_OUT_PHOTOGRAPHS))}
- typefaces: SIL Open Font License 1.1, Roboto Apache-2.0
- the model and its card: Apache-2.0, as the package

The pictures in `test/data/road_signs` are adaptations of `china.jpg`, `rocket.jpg` and
`grass.png`: cropped, recoloured and drawn upon.

## How it was made

{phases}

SGD with Nesterov momentum, one cycle per phase, label smoothing 0.05, one branch beside scale and
skip (the deployed graph is the paper's): 35 minutes on two cores. No choice was made on the
held-out split.

```
pip install -r training/requirements.txt
python -m training.train     # draws the pictures and trains
python -m training.export    # re-parameterises, quantises, measures, writes this card
```
"""


def _percent(share: float) -> str:
    return f'{100 * share:.2f} %'


def _mistakes(mistakes: dict[str, str]) -> str:
    named = (f'{truth}, taken for {answer}' for truth, answer in mistakes.items())
    return '; '.join(named) or 'none'


def _megabytes(size: int) -> str:
    return f'{size / 1e6:.2f} MB'


def _photographs(photographs: tuple[Photograph, ...]) -> str:
    return ', '.join(Path(photograph.path).stem for photograph in photographs)


def _credits(photographs: tuple[Photograph, ...]) -> str:
    return '\n'.join(
        f'- {Path(each.path).name}, from {each.package}: {each.licence}' for each in photographs
    )


def _typefaces(space: StyleSpace) -> str:
    return ', '.join(Path(name).stem for _, name in space.fonts)


def _intervals(intervals: tuple[tuple[float, float], ...]) -> str:
    return ', '.join(f'{low} to {high}' for low, high in intervals)
