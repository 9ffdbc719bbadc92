"""The vendor's Python binding is met on its own terms: one worker, checked input, fresh output."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
import shutil
import sys
from types import ModuleType

from mobileone_ros.backends.base import (
    Backend,
    BackendError,
    BackendUnavailable,
    InputLayout,
    ModelRejected,
)
from mobileone_ros.backends.hobot_dnn import open_hobot_dnn
from mobileone_ros.backends.libdnn_structures import QuantiType, TensorType
import numpy as np
import pytest
from support.standins import COLOURS, LibDnnStandIn, plain_nv12, StandInModel, STANDINS

pytest_plugins = ['support.standin_fixtures']
NAMES = ('hobot_dnn', 'hobot_dnn_rdkx5')


def _forget_bindings() -> None:
    for name in [name for name in sys.modules if name.partition('.')[0] in NAMES]:
        del sys.modules[name]


@pytest.fixture
def board(
    binding_libdnn_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[LibDnnStandIn]:
    """Return the BPU behind the binding; either name of the binding may be put on the path."""
    monkeypatch.setenv('MOBILEONE_ROS_LIBDNN', str(binding_libdnn_path))
    standin = LibDnnStandIn(binding_libdnn_path)
    standin.reset()
    _forget_bindings()
    yield standin
    _forget_bindings()
    assert standin.misuse == ''


@pytest.fixture
def binding(board: LibDnnStandIn, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Return the binding's stand-in, as installed under the board's own name."""
    monkeypatch.syspath_prepend(str(STANDINS))
    import hobot_dnn.pyeasy_dnn

    module: ModuleType = hobot_dnn.pyeasy_dnn
    return module


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return a model of colours."""
    return StandInModel().write(tmp_path / 'colours.bin')


def test_a_model_is_described(binding: ModuleType, path: Path) -> None:
    backend: Backend = open_hobot_dnn(path)
    spec = backend.spec
    assert (spec.path, spec.layout) == (path, InputLayout.NV12)
    assert (spec.width, spec.height, spec.num_classes) == (224, 224, 1000)
    assert backend.name == 'hobot_dnn'


def test_one_worker_serves_it_and_the_reason_is_given(binding: ModuleType, path: Path) -> None:
    backend = open_hobot_dnn(path)
    assert backend.parallel == 1
    assert 'holds the GIL' in backend.spec.metadata['note']


def test_the_pypi_package_name_works_too(
    board: LibDnnStandIn, path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(STANDINS / 'hobot_dnn', tmp_path / 'hobot_dnn_rdkx5')
    monkeypatch.syspath_prepend(str(tmp_path))
    assert open_hobot_dnn(path).spec.num_classes == 1000


def test_a_machine_without_the_binding_is_told_both_reasons(
    board: LibDnnStandIn, path: Path
) -> None:
    with pytest.raises(BackendUnavailable, match=r'hobot_dnn: .*; hobot_dnn_rdkx5: .*libdnn'):
        open_hobot_dnn(path)


@pytest.mark.parametrize(
    ('file', 'content', 'reason'),
    [
        ('pyeasy_dnn.so', '\x7fELF of another processor', r'pyeasy_dnn\.so: '),
        ('pyeasy_dnn.py', 'raise SystemError("built for NumPy 1")', 'built for NumPy 1'),
        ('pyeasy_dnn.py', 'import libpython_of_humble', "No module named 'libpython_of_humble'"),
    ],
)
def test_a_binding_that_fails_while_it_is_imported_gives_its_reason(
    file: str,
    content: str,
    reason: str,
    board: LibDnnStandIn,
    path: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    package = tmp_path / 'hobot_dnn'
    package.mkdir()
    (package / '__init__.py').touch()
    (package / file).write_text(content)
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(BackendUnavailable, match=f'hobot_dnn: .*{reason}'):
        open_hobot_dnn(path)


@pytest.mark.parametrize('index', COLOURS)
def test_the_top_class_follows_the_pictures_colour(
    index: int, binding: ModuleType, path: Path
) -> None:
    slot = open_hobot_dnn(path).open_slot()
    slot.input[:] = plain_nv12(COLOURS[index])
    logits = slot.infer()
    assert (logits.dtype, logits.shape) == (np.float32, (1000,))
    assert logits.argmax() == index


def test_the_bpu_sees_the_picture_byte_for_byte(
    binding: ModuleType, board: LibDnnStandIn, path: Path
) -> None:
    slot = open_hobot_dnn(path).open_slot()
    slot.input[:] = np.random.default_rng(1).integers(0, 256, slot.input.shape, np.uint8)
    slot.infer()
    np.testing.assert_array_equal(board.last_picture(), slot.input)
    assert binding.overflows == []


def test_slots_that_share_a_model_keep_their_own_results(
    binding: ModuleType, path: Path
) -> None:
    backend = open_hobot_dnn(path)

    def classify(index: int) -> set[int]:
        slot = backend.open_slot()
        slot.input[:] = plain_nv12(COLOURS[index])
        return {int(slot.infer().argmax()) for _ in range(30)}

    with ThreadPoolExecutor(len(COLOURS)) as threads:
        assert list(threads.map(classify, COLOURS)) == [{index} for index in COLOURS]


def test_core_and_priority_reach_the_library(
    binding: ModuleType, board: LibDnnStandIn, path: Path
) -> None:
    open_hobot_dnn(path, core=2, priority=9).open_slot().infer()
    assert (board.count('last core'), board.count('last priority')) == (2, 9)


def test_loading_a_file_again_finds_it_loaded(
    binding: ModuleType, board: LibDnnStandIn, path: Path
) -> None:
    for _ in range(5):
        open_hobot_dnn(path).close()
    assert board.count('hbDNNInitializeFromFiles') == 1


def test_a_failing_inference_gives_the_cause_behind_the_system_error(
    binding: ModuleType, board: LibDnnStandIn, path: Path
) -> None:
    slot = open_hobot_dnn(path).open_slot()
    board.fail('hbDNNWaitTaskDone', -6000012)
    with pytest.raises(BackendError, match=r'^colours\.bin: forward execution failed'):
        slot.infer()
    slot.input[:] = plain_nv12(COLOURS[441])
    assert slot.infer().argmax() == 441


def test_a_file_that_cannot_be_loaded_gives_the_cause(binding: ModuleType, tmp_path: Path) -> None:
    path = StandInModel(march='bernoulli2').write(tmp_path / 'x3.bin')
    with pytest.raises(ModelRejected, match=r'InitializeFromFiles failed.*for an RDK X3'):
        open_hobot_dnn(path)


@pytest.mark.parametrize(
    ('model', 'reason'),
    [
        (StandInModel(input_type=TensorType.IMG_BGR), 'takes BGR, not NV12'),
        (StandInModel(width=225), 'takes 225x224: NV12 needs even sizes'),
        (StandInModel(extra=['input.valid 1 4 224 224']), 'one picture was expected'),
        (StandInModel(output_valid=(1, 64, 7, 7)), 'not one vector of logits'),
        (StandInModel(output_valid=(1, 1, 1, 1)), 'not one vector of logits'),
        (
            StandInModel(
                output_type=TensorType.S8, quanti=QuantiType.SCALE, extra=['output.scale 1']
            ),
            'gives int8, not float32: the libdnn backend reads quantised outputs',
        ),
    ],
)
def test_a_model_that_is_no_nv12_classifier_is_refused(
    model: StandInModel, reason: str, binding: ModuleType, tmp_path: Path
) -> None:
    with pytest.raises(ModelRejected, match=reason):
        open_hobot_dnn(model.write(tmp_path / 'model.bin'))


def test_a_missing_file_is_named(binding: ModuleType, tmp_path: Path) -> None:
    with pytest.raises(ModelRejected, match=r'absent\.bin cannot be read'):
        open_hobot_dnn(tmp_path / 'absent.bin')


@pytest.mark.parametrize('arguments', [{'core': 3}, {'priority': -1}])
def test_a_setting_out_of_range_is_refused(
    arguments: dict[str, int], binding: ModuleType, path: Path
) -> None:
    with pytest.raises(BackendError, match='was expected'):
        open_hobot_dnn(path, **arguments)


def test_a_closed_slot_says_so(binding: ModuleType, path: Path) -> None:
    slot = open_hobot_dnn(path).open_slot()
    slot.close()
    with pytest.raises(BackendError, match='this slot is closed'):
        slot.infer()


def test_the_stand_in_misbehaves_as_the_real_binding_does(
    binding: ModuleType, path: Path
) -> None:
    model = binding.load(str(path))[0]
    outputs = model.forward(plain_nv12(COLOURS[441]).ravel())
    first, again = outputs[0].buffer, outputs[0].buffer
    assert first.shape == (1, 1000, 1, 1)
    assert first is not again
    model.forward(plain_nv12(COLOURS[7]).ravel())
    assert outputs[0].buffer.argmax() == 7
    model.forward(b'ignored')
    assert outputs[0].buffer.argmax() == 7
    model.forward(plain_nv12(COLOURS[441]).ravel()[:100].copy())
    assert outputs[0].buffer.argmax() == 7
    with pytest.raises(SystemError) as refused:
        binding.load(path)
    assert isinstance(refused.value.__cause__, TypeError)
    model.forward(np.zeros(100_000, np.uint8))
    assert binding.overflows == [100_000]
