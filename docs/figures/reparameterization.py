#!/usr/bin/env python3
"""
Draw how the branches of a MobileOne block become one convolution.

The upper half is the block, before and after. The lower half is the arithmetic, done by the
package on one channel of a depthwise block of MobileOne-S0 with made-up weights: the numbers in
the picture add up, but for their rounding. Usage, from the repository's root, with matplotlib
installed:

    python3 docs/figures/reparameterization.py docs/images/reparameterization.png
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from matplotlib.patches import FancyBboxPatch
from mobileone_ros.models.architecture import ARCHITECTURES, Block
from mobileone_ros.models.random_weights import random_training_weights
from mobileone_ros.models.reparameterize import (
    fold_batch_norm,
    fuse_block,
    identity_kernel,
    pad_kernel,
)
from mobileone_ros.models.weights import training_branches, Weights
import numpy as np
from numpy.typing import NDArray

VARIANT: Final = 'mobileone_s0'
CHANNEL: Final = 6

WEIGHTS_COLOUR: Final = '#cfe0f5'
NORM_COLOUR: Final = '#f8dcc0'
OTHER_COLOUR: Final = '#e6e6e6'


@dataclass(frozen=True, slots=True)
class Term:
    """One branch of the block as a kernel of its full size and a bias, for one channel."""

    title: str
    kernel: NDArray[np.float64]
    bias: float


def main() -> None:
    """Write the figure to the path on the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('output', type=Path)
    output = parser.parse_args().output
    block = next(
        block for block in ARCHITECTURES[VARIANT].blocks
        if block.kernel_size == 3 and block.stride == 1
    )
    weights = random_training_weights(ARCHITECTURES[VARIANT])
    figure = Figure(figsize=(13, 6.8), layout='constrained', facecolor='white')
    above, below = figure.subfigures(2, 1, height_ratios=(1.5, 1))
    draw_blocks(above, block.branches)
    draw_arithmetic(below, terms_of(weights, block), deployed(weights, block))
    figure.savefig(output, dpi=110)


def terms_of(weights: Weights, block: Block) -> list[Term]:
    """Return the folded branches in the order in which `draw_training_form` draws them."""
    terms = []
    branches = sorted(training_branches(block), key=lambda branch: -(branch[1] or 0))
    for prefix, kernel_size in branches:
        if kernel_size is None:
            title = 'skip: identity'
            kernel, bias = fold_batch_norm(identity_kernel(block), weights, prefix)
        else:
            title = '3x3' if kernel_size == block.kernel_size else '1x1, padded'
            kernel = weights[f'{prefix}.conv.weight'].astype(np.float64)
            kernel, bias = fold_batch_norm(kernel, weights, f'{prefix}.bn')
        padded = pad_kernel(kernel, block.kernel_size)
        terms.append(Term(title, padded[CHANNEL, 0], float(bias[CHANNEL])))
    return terms


def deployed(weights: Weights, block: Block) -> Term:
    """Return the convolution that the package deploys for the block."""
    kernel, bias = fuse_block(weights, block)
    return Term('deployed', kernel[CHANNEL, 0], float(bias[CHANNEL]))


def draw_arithmetic(figure: SubFigure, terms: Sequence[Term], total: Term) -> None:
    """Draw the kernels as an equation."""
    figure.suptitle(
        'One channel: each branch with its batch norm folded in,  '
        r'$W\gamma/\sqrt{\sigma^2+\epsilon}$  and  '
        r'$\beta-\mu\gamma/\sqrt{\sigma^2+\epsilon}$,  and their sum',
        fontsize=12,
    )
    shown = [*terms, total]
    largest = max(float(np.abs(term.kernel).max()) for term in shown)
    signs = ['+'] * (len(terms) - 1) + ['=']
    for place, (axes, term) in enumerate(zip(figure.subplots(1, len(shown)), shown, strict=True)):
        draw_kernel(axes, term, largest)
        if place < len(signs):
            axes.text(
                1.13, 0.5, signs[place], transform=axes.transAxes, fontsize=20, ha='center',
                va='center',
            )


def draw_kernel(axes: Axes, term: Term, largest: float) -> None:
    """Draw one kernel's values on the common scale, its bias below."""
    axes.imshow(term.kernel, cmap='RdBu', vmin=-1.3 * largest, vmax=1.3 * largest)
    for (row, column), value in np.ndenumerate(term.kernel):
        # Adding 0 makes a plain zero of what is rounded to -0.
        text = f'{round(float(value), 2) + 0:.2f}' if value else '0'
        colour = 'white' if abs(value) > 0.7 * largest else 'black'
        axes.text(column, row, text, ha='center', va='center', fontsize=10, color=colour)
    axes.set(title=term.title, xticks=[], yticks=[], xlabel=f'bias {round(term.bias, 2) + 0:.2f}')


def draw_blocks(figure: SubFigure, branches: int) -> None:
    """Draw the block as it is trained and as it is deployed."""
    axes = figure.subplots()
    axes.set(xlim=(0, 13), ylim=(0, 5.4))
    axes.axis('off')
    axes.text(3.4, 5.2, f'In training: {branches} + 2 branches', ha='center', fontsize=12)
    axes.text(10.6, 5.2, 'Deployed: one convolution', ha='center', fontsize=12)
    draw_training_form(axes, branches)
    axes.annotate(
        '', (8.9, 2.6), (7.6, 2.6),
        arrowprops={'arrowstyle': 'simple', 'color': '#888888', 'mutation_scale': 30},
    )
    axes.text(8.25, 3.1, 'same output', ha='center', fontsize=10, color='#555555')
    draw_deploy_form(axes)


def draw_training_form(axes: Axes, branches: int) -> None:
    """Draw every branch from the input to the sum."""
    rows = [('3x3 conv', True)] * branches + [('1x1 conv', True), ('', False)]
    heights = np.linspace(4.7, 0.4, len(rows))
    middle = float(heights.mean())
    box(axes, 0.5, middle, 'input', OTHER_COLOUR, 0.8)
    for height, (name, has_weights) in zip(heights, rows, strict=True):
        line(axes, (0.9, middle), (1.3, float(height)))
        if has_weights:
            line(axes, (1.3, height), (1.7, height))
            box(axes, 2.4, height, name, WEIGHTS_COLOUR, 1.4)
            line(axes, (3.1, height), (3.5, height))
        else:
            line(axes, (1.3, height), (3.5, height))
            axes.text(2.4, height + 0.12, 'skip', ha='center', fontsize=10, color='#555555')
        box(axes, 4.2, height, 'batch norm', NORM_COLOUR, 1.4)
        line(axes, (4.9, height), (5.3, height))
        line(axes, (5.3, float(height)), (5.65, middle))
    box(axes, 5.85, middle, '+', OTHER_COLOUR, 0.4)
    line(axes, (6.05, middle), (6.3, middle))
    box(axes, 6.7, middle, 'ReLU', OTHER_COLOUR, 0.8)


def draw_deploy_form(axes: Axes) -> None:
    """Draw what is left."""
    box(axes, 9.5, 2.6, 'input', OTHER_COLOUR, 0.8)
    line(axes, (9.9, 2.6), (10.1, 2.6))
    box(axes, 10.9, 2.6, '3x3 conv, bias', WEIGHTS_COLOUR, 1.6)
    line(axes, (11.7, 2.6), (11.9, 2.6))
    box(axes, 12.3, 2.6, 'ReLU', OTHER_COLOUR, 0.8)


def box(axes: Axes, x: float, y: float, text: str, colour: str, width: float) -> None:
    """Draw a labelled box around a point."""
    height = 0.52
    axes.add_patch(
        FancyBboxPatch(
            (x - width / 2, y - height / 2), width, height, facecolor=colour,
            edgecolor='#666666', boxstyle='round,pad=0,rounding_size=0.08', zorder=2,
        )
    )
    axes.text(x, y, text, ha='center', va='center', fontsize=10, zorder=3)


def line(axes: Axes, start: tuple[float, float], end: tuple[float, float]) -> None:
    """Draw a connection."""
    axes.plot((start[0], end[0]), (start[1], end[1]), color='#666666', linewidth=1, zorder=1)


if __name__ == '__main__':
    main()
