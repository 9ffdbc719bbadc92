"""
Take messages of all sizes: python3 exercise_arrivals.py MODULE STAND_IN.

Run under a sanitizer, which ends the process at the first byte touched beside a message.
"""

from __future__ import annotations

from pathlib import Path
import random
import sys

from support.exercise_kernels import load
from support.rcl_standin import RclStandIn

ROUNDS = 400


def main() -> None:
    """Take what arrives, large after small and small after large, and let subscriptions go."""
    arrivals = load(sys.argv[1])
    rcl = RclStandIn(Path(sys.argv[2]))
    chance = random.Random(0)
    doorbell = arrivals.Doorbell()
    for index in range(ROUNDS):
        inlet = arrivals.Inlet(doorbell, *rcl.functions)
        depth = chance.randint(1, 3)
        subscription = rcl.subscribe(depth)
        inlet.attach(None, subscription, depth == 1)
        for _ in range(5):
            message = chance.randbytes(chance.choice((1, 7, 5000)))
            rcl.arrive(subscription, message, index)
            assert inlet.take()[0] == message
        rcl.arrive(subscription, b'left')
        if index % 2:
            inlet.detach()
    print(f'{ROUNDS} rounds')


if __name__ == '__main__':
    main()
