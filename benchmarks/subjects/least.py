"""
The least that an executor's callback can do: pre-process, publish a result made before.

It is set up as the raw floor is, and has neither inference nor scores, neither workers nor
counters: nobody would use it.
"""

from __future__ import annotations

from pathlib import Path

from mobileone_ros.backends.base import InputLayout, ModelSpec
from mobileone_ros.cdr_writer import write_classification
from mobileone_ros.core.frame import Frame
from mobileone_ros.core.prediction import Prediction, Score
from mobileone_ros.core.preprocess import Preprocessor
from mobileone_ros.messages import Decoder, frame_from_compressed
from mobileone_ros.transports import hbm_decoder, image_decoder
import numpy as np
from rclpy.node import Node
from recorder import message_type, parse, Recorder, stamp_of_bytes
from tuned import newest_only, spin_tuned
from vision_msgs.msg import Classification

SIDE = 224
CLASSES = 1000
RESULTS = 5


class Least(Node):
    """Answer every image with the same result."""

    def __init__(self, type_name: str, reliability: str, recorder: Recorder) -> None:
        super().__init__('least')
        self._type_name = type_name
        self._recorder = recorder
        self._decode = decoder_of(type_name)
        spec = ModelSpec(Path('none'), InputLayout.NCHW, SIDE, SIDE, CLASSES)
        self._preprocessor = Preprocessor(spec)
        self._tensor = np.zeros(spec.input_shape, spec.input_dtype)
        self._result = ready_made_result()
        self._publisher = self.create_publisher(Classification, 'classification', 10)
        self.create_subscription(
            message_type(type_name), 'image_raw', self._on_image, newest_only(reliability),
            raw=True,
        )

    def _on_image(self, message: bytes) -> None:
        self._preprocessor(self._decode(message), self._tensor)
        self._publisher.publish(self._result)
        self._recorder.note(*stamp_of_bytes(message, self._type_name))


def decoder_of(type_name: str) -> Decoder:
    """Return what views a serialised message of a type as a frame."""
    if type_name.endswith('/Image'):
        return image_decoder()
    if type_name.endswith('/CompressedImage'):
        return frame_from_compressed
    return hbm_decoder(type_name.rpartition('HbmMsg')[2].lower())


def ready_made_result() -> bytes:
    """Return a serialised result of the usual size."""
    frame = Frame.from_bgr(np.zeros((1, 1, 3), np.uint8), frame_id='camera')
    scores = tuple(Score(index, '', 1 / RESULTS) for index in range(RESULTS))
    return write_classification(frame, Prediction(scores, 0.0, 0.0, 0.0))


def main() -> None:
    """Answer until told to stop."""
    arguments = parse(__doc__)
    recorder = Recorder(arguments.report)
    spin_tuned(lambda: Least(arguments.type, arguments.reliability, recorder))
    recorder.write()


if __name__ == '__main__':
    main()
