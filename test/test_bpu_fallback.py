"""Under `auto` the BPU comes first, and whatever is wrong with it means the next backend."""

from __future__ import annotations

import logging
from pathlib import Path

from mobileone_ros.backends.base import Backend
from mobileone_ros.loading import LoadError, ModelRequest, open_backend
import pytest
from support.standins import LibDnnStandIn, StandInModel, STANDINS
from support.tiny_models import tiny_classifier, write

pytest_plugins = ['support.standin_fixtures']

BIN_NAME = 'MobileOne_S0_224x224_nv12.bin'
LOG = logging.getLogger('test_bpu_fallback')


@pytest.fixture
def cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> Path:
    """Return a model cache with a model for the CPU in it."""
    caplog.set_level(logging.INFO)
    monkeypatch.setenv('MOBILEONE_ROS_CACHE', str(tmp_path))
    write(tiny_classifier(), tmp_path, 'mobileone_s0.onnx')
    return tmp_path


def _chosen(request: ModelRequest) -> str:
    """Return the name of the backend that a request gets."""
    backend: Backend = open_backend(request, LOG)
    backend.close()
    return backend.name


def test_the_bpu_is_taken_where_it_works(libdnn: LibDnnStandIn, cache: Path) -> None:
    StandInModel().write(cache / BIN_NAME)
    assert _chosen(ModelRequest()) == 'libdnn'


@pytest.mark.parametrize(
    ('model', 'reason'),
    [
        (StandInModel(march='bernoulli2'), 'an RDK X3'),
        (StandInModel(extra=['input.type 5']), 'IMG_BGR, not NV12'),
        (StandInModel(extra=['output.valid 1 64 7 7']), 'one vector of logits'),
        (StandInModel(extra=['input.bytes 3']), 'is said to take 3 bytes'),
    ],
)
def test_a_model_that_will_not_do_means_the_next_backend_and_a_warning(
    model: StandInModel,
    reason: str,
    libdnn: LibDnnStandIn,
    cache: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    model.write(cache / BIN_NAME)
    assert _chosen(ModelRequest()) == 'onnxruntime'
    warnings = [record.message for record in caplog.records if record.levelname == 'WARNING']
    assert any(reason in warning for warning in warnings)


@pytest.mark.parametrize(
    'function', ['hbDNNGetModelNameList', 'hbDNNGetModelHandle', 'hbDNNGetOutputCount']
)
def test_a_library_that_fails_means_the_next_backend(
    function: str, libdnn: LibDnnStandIn, cache: Path, caplog: pytest.LogCaptureFixture
) -> None:
    StandInModel().write(cache / BIN_NAME)
    libdnn.fail(function, -6000007)
    assert _chosen(ModelRequest()) == 'onnxruntime'
    assert f'{function} failed: out of memory' in caplog.text


def test_a_backend_asked_for_by_name_has_no_other_in_its_place(
    libdnn: LibDnnStandIn, cache: Path
) -> None:
    StandInModel(march='bernoulli2').write(cache / BIN_NAME)
    with pytest.raises(LoadError, match='an RDK X3'):
        open_backend(ModelRequest(backend='libdnn'), LOG)


def test_the_log_says_why_hobot_dnn_has_one_worker(
    binding_libdnn_path: Path,
    cache: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setenv('MOBILEONE_ROS_LIBDNN', str(binding_libdnn_path))
    monkeypatch.syspath_prepend(str(STANDINS))
    StandInModel().write(cache / BIN_NAME)
    assert _chosen(ModelRequest(backend='hobot_dnn')) == 'hobot_dnn'
    assert 'hobot_dnn holds the GIL through an inference' in caplog.text
