"""
Export the trained network: float and int8 ONNX, their accuracy, the card, the tests' pictures.

`python -m training.export`, after `python -m training.train`.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
import logging
from pathlib import Path
from typing import Final

from mobileone_ros.models.architecture import IMAGE_SIZE
from mobileone_ros.models.onnx_graph import deploy_model
from mobileone_ros.models.quantize import quantize
from mobileone_ros.models.reparameterize import reparameterize
import numpy as np
from numpy.typing import NDArray
import onnx
import torch

from training.card import figures, Measured, to_json, to_markdown
from training.dataset import HELD_OUT, make_frame, TRAINING
from training.evaluate import evaluate, Example
from training.pictures import drawing_pool, load_pictures
from training.shipped_pictures import read_packed, read_shown, write_test_pictures
from training.signs import LABELS
from training.train import ARCHITECTURE, normalise, PHASES

FOLDER: Final = Path(__file__).resolve().parent.parent / 'mobileone_ros' / 'models' / 'data'
NAME: Final = 'mobileone_s0_road_signs'
METADATA: Final = {
    'title': 'MobileOne-S0 for road signs',
    'author': 'The mobileone_ros authors',
    'licence': 'Apache-2.0',
    'source': 'python -m training.train && python -m training.export',
    'card': f'{NAME}.md',
}
_HELD_OUT_PICTURES: Final = 2000
_CALIBRATION_PICTURES: Final = 256
_CHUNK: Final = 20

_log = logging.getLogger('export')


def main() -> None:
    """Write every file that is made from the checkpoint."""
    logging.basicConfig(level=logging.INFO, format='%(asctime)s %(message)s', datefmt='%H:%M:%S')
    FOLDER.mkdir(parents=True, exist_ok=True)
    write_test_pictures()
    values = figures(*_measure(export_models()))
    (FOLDER / f'{NAME}.json').write_text(to_json(values), encoding='utf-8')
    (FOLDER / f'{NAME}.md').write_text(to_markdown(values), encoding='utf-8')


def export_models() -> tuple[Path, Path]:
    """Write the float and the int8 model and return their paths."""
    weights = reparameterize(_trained_weights(), ARCHITECTURE)
    build = partial(
        deploy_model, weights, ARCHITECTURE, name=NAME, labels=LABELS, metadata=METADATA
    )
    float_file, int8_file = FOLDER / f'{NAME}.onnx', FOLDER / f'{NAME}_int8.onnx'
    onnx.save(build(half_precision_storage=True), float_file)
    onnx.save(quantize(build(), _calibration_tensors()), int8_file)
    return float_file, int8_file


def _trained_weights() -> dict[str, NDArray[np.float32]]:
    state = torch.load(PHASES[-1].checkpoint, weights_only=True)['state_dict']
    return {
        name: array.numpy()
        for name, array in state.items()
        if not name.endswith('num_batches_tracked')
    }


def _calibration_tensors() -> list[NDArray[np.float32]]:
    """Return the network's inputs for the first pictures of the training split."""
    pictures, _ = load_pictures(TRAINING, PHASES[-1].pictures, IMAGE_SIZE)
    return list(normalise(pictures[:_CALIBRATION_PICTURES]).numpy()[:, np.newaxis])


def _measure(models: tuple[Path, Path]) -> tuple[Measured, Measured]:
    sets = (_held_out_frames(), read_packed(), read_shown())
    first, second = map(Measured, models, *(evaluate(models, each) for each in sets))
    for measured in (first, second):
        _log.info(
            '%s: held out %.2f %%, packed %.2f %%',
            measured.path.name,
            100 * measured.held_out.accuracy,
            100 * measured.packed.accuracy,
        )
    return first, second


def _held_out_frames() -> Iterator[Example]:
    draw = partial(make_frame, HELD_OUT)
    with drawing_pool() as pool:
        yield from pool.imap(draw, range(_HELD_OUT_PICTURES), _CHUNK)


if __name__ == '__main__':
    main()
