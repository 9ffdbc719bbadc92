"""Classify picture files and print the best classes of each."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
import json
from pathlib import Path
import sys

from mobileone_ros.backends.base import BackendError
from mobileone_ros.core.classifier import ClassifierSettings, Worker
from mobileone_ros.core.frame import Frame
from mobileone_ros.core.prediction import Prediction
from mobileone_ros.core.preprocess import ResizeMode
from mobileone_ros.core.result_card import draw_result_card
from mobileone_ros.loading import load_classifier, LoadError, ModelRequest
from mobileone_ros.media.pictures import find_pictures, MediaError, read_picture
from mobileone_ros.tools._arguments import add_model_options, positive_int
from mobileone_ros.tools._extras import OutputError
from mobileone_ros.tools._messages import StderrLog
from mobileone_ros.tools._picture_folder import PictureFolder
import numpy as np
from numpy.typing import NDArray

NAME = 'classify_image'


def main(argv: Sequence[str] | None = None) -> int:
    """Classify what the command line names; return 1 where any of it failed, else 0."""
    arguments = _parse(argv)
    log = StderrLog(NAME)
    try:
        return _classify_all(arguments, log)
    except (LoadError, BackendError, OutputError) as error:
        log.error(str(error))
        return 1
    except KeyboardInterrupt:
        return 1


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog=NAME, description=__doc__)
    parser.add_argument(
        'paths', nargs='+', type=Path, metavar='PATH', help='picture files, or folders of them'
    )
    add_model_options(parser)
    parser.add_argument(
        '--top-k', type=positive_int, default=5, metavar='K', help='classes a picture (default: 5)'
    )
    parser.add_argument('--json', action='store_true', help='print one JSON object a picture')
    parser.add_argument(
        '--output', type=Path, metavar='DIR',
        help='write each picture beside the bars of its classes into this folder',
    )
    return parser.parse_args(argv)


def _classify_all(arguments: argparse.Namespace, log: StderrLog) -> int:
    cards = PictureFolder(arguments.output) if arguments.output else None
    request = _request(arguments)
    classifier = load_classifier(request, _settings(arguments), log)
    model = Path(request.model_path).stem or request.model
    backend = classifier.backend.name
    failed = False
    worker = classifier.open_worker()
    try:
        _warm_up(worker)
        for path, picture in _pictures(arguments.paths, log):
            if picture is None:
                failed = True
                continue
            prediction = worker.classify(Frame.from_bgr(picture))
            report = _as_json(path, prediction, model, backend)
            print(report if arguments.json else _as_table(path, prediction), flush=True)
            if cards:
                footer = f'{model} on {backend}, {prediction.latency_s * 1e3:.1f} ms'
                card = draw_result_card(picture, prediction, footer)
                cards.write(f'{path.stem}_classified', card)
    finally:
        worker.close()
        classifier.backend.close()
    return 1 if failed else 0


def _request(arguments: argparse.Namespace) -> ModelRequest:
    return ModelRequest(
        model=arguments.model,
        model_path=arguments.model_path,
        labels_path=arguments.labels_path,
        backend=arguments.backend,
    )


def _settings(arguments: argparse.Namespace) -> ClassifierSettings:
    return ClassifierSettings(
        resize_mode=ResizeMode(arguments.resize_mode), top_k=arguments.top_k
    )


def _pictures(
    paths: Sequence[Path], log: StderrLog
) -> Iterator[tuple[Path, NDArray[np.uint8] | None]]:
    """Yield every picture named, None for one that cannot be read, which the log then tells."""
    for named in paths:
        try:
            found = find_pictures(named)
        except MediaError as error:
            log.error(str(error))
            yield named, None
            continue
        for path in found:
            yield path, _read(path, log)


def _read(path: Path, log: StderrLog) -> NDArray[np.uint8] | None:
    try:
        return read_picture(path)
    except MediaError as error:
        log.error(str(error))
        return None


def _warm_up(worker: Worker) -> None:
    """Run the model once, so that the first picture takes no longer than the others."""
    spec = worker.classifier.backend.spec
    worker.classify(Frame.from_bgr(np.full((spec.height, spec.width, 3), 128, np.uint8)))


def _as_json(path: Path, prediction: Prediction, model: str, backend: str) -> str:
    result = {
        'path': str(path),
        'results': [
            {'class_id': str(score.index), 'name': score.name, 'score': score.probability}
            for score in prediction.scores
        ],
        'latency_ms': prediction.latency_s * 1e3,
        'model': model,
        'backend': backend,
    }
    return json.dumps(result, ensure_ascii=False)


def _as_table(path: Path, prediction: Prediction) -> str:
    rows = [
        f'  {score.probability:6.1%}  {score.index:4d}  {score.name}'
        for score in prediction.scores
    ]
    return '\n'.join([f'{path} ({prediction.latency_s * 1e3:.1f} ms)', *rows])


if __name__ == '__main__':
    sys.exit(main())
