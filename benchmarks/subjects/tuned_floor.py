"""The floor, tuned, and given messages: the allocator and the executor make the difference."""

from tuned import run_floor

if __name__ == '__main__':
    run_floor('tuned_floor', __doc__, raw=False)
