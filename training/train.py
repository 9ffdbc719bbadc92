"""
Train MobileOne-S0 on the drawn signs: first on small pictures, then at the deployed size.

`python -m training.train` leaves a checkpoint after each phase, and goes on after the last one
that is there; `python -m training.export` reads the last. S0's widths are trained with one branch
per layer beside scale and skip (the paper trains four): the deployed graph is the same and
training takes a third of the time.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
import logging
import os
from pathlib import Path
import time
from typing import Final

from mobileone_ros.models.architecture import ARCHITECTURES, IMAGE_SIZE
from mobileone_ros.models.torch_form import initialise, MobileOneTrainingForm
import numpy as np
from numpy.typing import NDArray
import torch
from torch import nn, Tensor

from training.dataset import SEED, Split, TRAINING, TRAINING_LARGE_SIGNS, VALIDATION
from training.pictures import load_pictures, WORK_FOLDER
from training.signs import LABELS

ARCHITECTURE: Final = replace(ARCHITECTURES['mobileone_s0'], branches=1)
MEAN: Final = (123.675, 116.28, 103.53)
STD: Final = (58.395, 57.12, 57.375)
_VALIDATION_PICTURES: Final = 500
_LABEL_SMOOTHING: Final = 0.05
_MOMENTUM: Final = 0.9
_WARM_UP: Final = 0.15

_log = logging.getLogger('train')


@dataclass(frozen=True, slots=True)
class Phase:
    """Say on which pictures, for how long and how fast to train."""

    split: Split
    pictures: int
    size: int
    epochs: int
    batch: int
    peak_rate: float
    weight_decay: float

    @property
    def checkpoint(self) -> Path:
        """Return where the network is kept as it is after this phase."""
        return WORK_FOLDER / f'mobileone_s0_road_signs_{self.size}px_unfused.pth.tar'

    @property
    def steps(self) -> int:
        """Return the number of optimiser steps; an incomplete last batch is left out."""
        return self.epochs * (self.pictures // self.batch)


PHASES: Final = (
    Phase(TRAINING_LARGE_SIGNS, 18_000, 96, epochs=7, batch=64, peak_rate=0.1, weight_decay=1e-4),
    Phase(TRAINING, 12_000, IMAGE_SIZE, epochs=4, batch=32, peak_rate=0.03, weight_decay=1e-4),
)


def main() -> None:
    """Train through all phases and save the state dict."""
    logging.basicConfig(level=logging.INFO, format='%(asctime)s %(message)s', datefmt='%H:%M:%S')
    torch.manual_seed(SEED)
    torch.set_num_threads(os.cpu_count() or 1)
    model = MobileOneTrainingForm(ARCHITECTURE, len(LABELS))
    initialise(model, torch.Generator().manual_seed(SEED))
    for phase in PHASES:
        if phase.checkpoint.exists():
            _log.info('%d px: done before', phase.size)
            model.load_state_dict(torch.load(phase.checkpoint, weights_only=True)['state_dict'])
            continue
        start = time.process_time()
        _train(model, phase)
        _log.info('%d px: %.0f s of CPU time', phase.size, time.process_time() - start)
        torch.save({'state_dict': model.state_dict()}, phase.checkpoint)


def _train(model: nn.Module, phase: Phase) -> None:
    pictures, labels = load_pictures(phase.split, phase.pictures, phase.size)
    optimiser = torch.optim.SGD(
        _parameter_groups(model, phase.weight_decay),
        lr=phase.peak_rate,
        momentum=_MOMENTUM,
        nesterov=True,
    )
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, phase.peak_rate, total_steps=phase.steps, pct_start=_WARM_UP
    )
    rng = np.random.default_rng([SEED, phase.size])
    for epoch in range(phase.epochs):
        model.train()
        losses = []
        for batch in _batches(phase, rng):
            images, truth = normalise(pictures[batch]), torch.from_numpy(labels[batch])
            with torch.autocast('cpu', torch.bfloat16):
                loss = nn.functional.cross_entropy(
                    model(images), truth, label_smoothing=_LABEL_SMOOTHING
                )
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            schedule.step()
            losses.append(loss.item())
        _log.info(
            '%d px, epoch %d of %d: loss %.4f, validation %.2f %%',
            phase.size,
            epoch + 1,
            phase.epochs,
            float(np.mean(losses)),
            100 * _validate(model, phase),
        )


def _batches(phase: Phase, rng: np.random.Generator) -> Iterator[NDArray[np.int64]]:
    order = rng.permutation(phase.pictures)
    for start in range(0, phase.pictures - phase.batch + 1, phase.batch):
        yield np.sort(order[start : start + phase.batch])


def _parameter_groups(model: nn.Module, weight_decay: float) -> list[dict[str, object]]:
    """Return the parameters in two groups: batch norms and biases are not decayed."""
    decayed = [parameter for parameter in model.parameters() if parameter.ndim > 1]
    free = [parameter for parameter in model.parameters() if parameter.ndim <= 1]
    return [
        {'params': decayed, 'weight_decay': weight_decay},
        {'params': free, 'weight_decay': 0.0},
    ]


def normalise(pictures: NDArray[np.uint8]) -> Tensor:
    """Return 8-bit BGR pictures (N, H, W, 3) as normalised RGB planes (N, 3, H, W)."""
    rgb = torch.from_numpy(np.ascontiguousarray(pictures[..., ::-1])).permute(0, 3, 1, 2)
    mean, std = (torch.tensor(values).view(1, 3, 1, 1) for values in (MEAN, STD))
    return ((rgb.float() - mean) / std).contiguous()


@torch.no_grad()
def _validate(model: nn.Module, phase: Phase) -> float:
    """Return the accuracy on fresh pictures from training's own sources."""
    split = replace(phase.split, number=VALIDATION.number)
    pictures, labels = load_pictures(split, _VALIDATION_PICTURES, phase.size)
    model.eval()
    right = 0
    for start in range(0, len(labels), phase.batch):
        batch = slice(start, start + phase.batch)
        guess = model(normalise(pictures[batch])).argmax(dim=1).numpy()
        right += int((guess == labels[batch]).sum())
    return right / len(labels)


if __name__ == '__main__':
    main()
