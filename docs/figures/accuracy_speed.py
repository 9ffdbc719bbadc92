#!/usr/bin/env python3
"""
Draw the vendor's accuracy of each variant over its latency on the BPU.

`benchmark --accuracy-speed` draws the same with a line for the machine that it runs on. Usage,
from the repository's root, with matplotlib installed:

    python3 docs/figures/accuracy_speed.py docs/images/accuracy_speed.png
"""

from __future__ import annotations

import argparse
from pathlib import Path

from mobileone_ros.evaluation.accuracy_speed import accuracy_speed_plot, published_points


def main() -> None:
    """Write the figure to the path on the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('output', type=Path)
    accuracy_speed_plot(published_points(), parser.parse_args().output)


if __name__ == '__main__':
    main()
