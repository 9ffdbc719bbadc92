"""
The common way to write such a node, for comparison: everything in the callback.

A copy of the image as cv_bridge makes it, resize, normalisation in NumPy, inference with the
runtime's own defaults, softmax and top-5, on a reliable subscription of depth 10 in the default
executor.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
import onnxruntime
import rclpy
from rclpy.executors import ExternalShutdownException
from rclpy.node import Node
from rclpy.qos import QoSProfile, ReliabilityPolicy
from recorder import message_type, parse, Recorder, stamp_of
from vision_msgs.msg import Classification, ObjectHypothesis

SIDE = 224
MEAN = np.array([0.485, 0.456, 0.406], np.float32)
STD = np.array([0.229, 0.224, 0.225], np.float32)
TO_BGR = {'rgb8': cv2.COLOR_RGB2BGR, 'nv12': cv2.COLOR_YUV2BGR_NV12, 'mono8': cv2.COLOR_GRAY2BGR}


class CommonWay(Node):
    """Classify every image in its callback."""

    def __init__(self, type_name: str, reliability: str, model: str, recorder: Recorder) -> None:
        super().__init__('common_way')
        self._recorder = recorder
        self._session = onnxruntime.InferenceSession(model, providers=['CPUExecutionProvider'])
        self._input = self._session.get_inputs()[0].name
        self._publisher = self.create_publisher(Classification, 'classification', 10)
        qos = QoSProfile(depth=10, reliability=ReliabilityPolicy[reliability.upper()])
        self.create_subscription(message_type(type_name), 'image_raw', self._on_image, qos)

    def _on_image(self, message: Any) -> None:
        tensor = preprocess(to_bgr(message))
        logits = self._session.run(None, {self._input: tensor})[0][0]
        probabilities = np.exp(logits - np.max(logits))
        probabilities /= np.sum(probabilities)
        result = Classification()
        if hasattr(message, 'header'):
            result.header = message.header
        else:
            result.header.stamp = message.time_stamp
        for index in np.argsort(probabilities)[::-1][:5]:
            result.results.append(
                ObjectHypothesis(class_id=str(index), score=float(probabilities[index]))
            )
        self._publisher.publish(result)
        self._recorder.note(*stamp_of(message))


def to_bgr(message: Any) -> NDArray[np.uint8]:
    """Return a copy of a message's picture, as cv_bridge gives it."""
    if not hasattr(message, 'height'):
        return cv2.imdecode(np.frombuffer(message.data, np.uint8), cv2.IMREAD_COLOR)
    encoding = message.encoding
    if not isinstance(encoding, str):
        encoding = bytes(encoding).partition(b'\0')[0].decode()
    rows = message.height * 3 // 2 if encoding == 'nv12' else message.height
    shape = (rows, message.width, 3) if encoding in ('bgr8', 'rgb8') else (rows, message.width)
    picture = np.array(message.data, np.uint8)[: int(np.prod(shape))].reshape(shape)
    return cv2.cvtColor(picture, TO_BGR[encoding]) if encoding in TO_BGR else picture


def preprocess(bgr: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return a picture as the network takes it."""
    rgb = cv2.cvtColor(cv2.resize(bgr, (SIDE, SIDE)), cv2.COLOR_BGR2RGB)
    normalised = (rgb.astype(np.float32) / 255.0 - MEAN) / STD
    return np.ascontiguousarray(normalised.transpose(2, 0, 1)[np.newaxis])


def main() -> None:
    """Classify until told to stop."""
    arguments = parse(__doc__)
    recorder = Recorder(arguments.report)
    rclpy.init()
    node = CommonWay(arguments.type, arguments.reliability, arguments.model, recorder)
    try:
        rclpy.spin(node)
    except (KeyboardInterrupt, ExternalShutdownException):
        print('stopped')
    finally:
        recorder.write()


if __name__ == '__main__':
    main()
