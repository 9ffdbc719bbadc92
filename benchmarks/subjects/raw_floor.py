"""The floor, tuned, and given serialised messages: the least that rclpy offers."""

from tuned import run_floor

if __name__ == '__main__':
    run_floor('raw_floor', __doc__, raw=True)
