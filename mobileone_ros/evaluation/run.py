"""Classify labelled pictures with every model under test, several at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from queue import SimpleQueue

import cv2
from mobileone_ros.core.classifier import Classifier, Worker
from mobileone_ros.core.encodings import FrameError
from mobileone_ros.core.frame import Frame
from mobileone_ros.evaluation.dataset import Example
from mobileone_ros.evaluation.outcome import Answer, Outcome
from mobileone_ros.media.pictures import MediaError, read_picture

_Lane = tuple[Worker, ...]
"""One thread's workers, one for each model."""


def classify_examples(
    examples: Sequence[Example], classifiers: Sequence[Classifier]
) -> Iterator[Outcome]:
    """
    Yield the outcome of each example, in their order.

    As many threads work as the widest backend wants. A picture that cannot be read gives an
    outcome with an error. Raises BackendError where a model fails.
    """
    cv2.setNumThreads(1)
    threads = max(classifier.backend.parallel for classifier in classifiers)
    free: SimpleQueue[_Lane] = SimpleQueue()

    def classify(example: Example) -> Outcome:
        lane = free.get()
        try:
            return _classify(example, lane)
        finally:
            free.put(lane)

    with ExitStack() as stack:
        for _ in range(threads):
            lane = tuple(classifier.open_worker() for classifier in classifiers)
            for worker in lane:
                stack.callback(worker.close)
            free.put(lane)
        pool = stack.enter_context(ThreadPoolExecutor(threads))
        yield from pool.map(classify, examples)


def _classify(example: Example, lane: _Lane) -> Outcome:
    try:
        frame = Frame.from_bgr(read_picture(example.path))
    except (MediaError, FrameError) as error:
        return Outcome(example.name, example.label, (), str(error))
    answers = tuple(Answer.of(worker.classify(frame)) for worker in lane)
    return Outcome(example.name, example.label, answers)
