"""A BPU model is checked at load: what it is, and in one sentence why it is refused."""

from __future__ import annotations

from pathlib import Path

from mobileone_ros.backends.base import Backend, BackendError, InputLayout, ModelRejected
from mobileone_ros.backends.libdnn import open_libdnn
from mobileone_ros.backends.libdnn_structures import QuantiType, TensorType
import pytest
from support.standins import LibDnnStandIn, StandInModel

pytest_plugins = ['support.standin_fixtures']


def _refusal(model: StandInModel, folder: Path) -> str:
    """Return why `model` is refused."""
    with pytest.raises(ModelRejected) as refused:
        open_libdnn(model.write(folder / 'model.bin'))
    return str(refused.value)


def test_a_model_is_described(libdnn: LibDnnStandIn, tmp_path: Path) -> None:
    path = StandInModel().write(tmp_path / 'MobileOne_S0_224x224_nv12.bin')
    backend: Backend = open_libdnn(path)
    spec = backend.spec
    assert (spec.path, spec.layout) == (path, InputLayout.NV12)
    assert (spec.width, spec.height, spec.num_classes) == (224, 224, 1000)
    assert (backend.name, backend.version) == ('libdnn', '1.23.10_(3.15.54 HBRT)')
    assert spec.metadata['name'] == 'MobileOne'
    backend.close()


def test_four_threads_fill_the_bpu_unless_told_otherwise(
    libdnn: LibDnnStandIn, tmp_path: Path
) -> None:
    path = StandInModel().write(tmp_path / 'model.bin')
    for asked, parallel in ((0, 4), (1, 1), (8, 8)):
        backend = open_libdnn(path, num_threads=asked)
        assert backend.parallel == parallel
        backend.close()


def test_any_number_of_classes_is_reported(libdnn: LibDnnStandIn, tmp_path: Path) -> None:
    backend = open_libdnn(StandInModel(num_classes=43).write(tmp_path / 'signs.bin'))
    assert backend.spec.num_classes == 43
    backend.close()


def test_nhwc_properties_are_read_as_such(libdnn: LibDnnStandIn, tmp_path: Path) -> None:
    lines = ['input.layout 0', 'input.valid 1 192 256 3', 'input.aligned 1 192 256 3']
    model = StandInModel(width=256, height=192, extra=lines)
    backend = open_libdnn(model.write(tmp_path / 'model.bin'))
    assert (backend.spec.width, backend.spec.height) == (256, 192)
    backend.close()


def test_closing_twice_does_nothing(libdnn: LibDnnStandIn, tmp_path: Path) -> None:
    backend = open_libdnn(StandInModel().write(tmp_path / 'model.bin'))
    backend.close()
    backend.close()
    assert libdnn.count('hbDNNRelease') == 1


def test_a_missing_file_is_named(libdnn: LibDnnStandIn, tmp_path: Path) -> None:
    with pytest.raises(ModelRejected, match=r'absent\.bin cannot be read: No such file'):
        open_libdnn(tmp_path / 'absent.bin')


def test_a_file_that_is_no_model_is_refused_in_the_librarys_words(
    libdnn: LibDnnStandIn, tmp_path: Path
) -> None:
    path = tmp_path / 'model.bin'
    path.write_bytes(bytes(range(256)))
    with pytest.raises(ModelRejected, match=r'cannot be loaded: .*invalid model \(-6000002\)'):
        open_libdnn(path)


def test_a_model_for_the_x3_is_recognised(libdnn: LibDnnStandIn, tmp_path: Path) -> None:
    refusal = _refusal(StandInModel(march='bernoulli2'), tmp_path)
    assert 'it is compiled for an RDK X3; an RDK X5 needs bayes-e' in refusal


def test_a_pack_without_a_model_is_refused(libdnn: LibDnnStandIn, tmp_path: Path) -> None:
    assert 'holds no model' in _refusal(StandInModel(extra=['models 0']), tmp_path)


def test_a_model_with_several_outputs_is_refused(libdnn: LibDnnStandIn, tmp_path: Path) -> None:
    refusal = _refusal(StandInModel(extra=['outputs 3']), tmp_path)
    assert 'has 1 inputs and 3 outputs' in refusal


def test_a_model_that_takes_bgr_is_refused_with_the_cure(
    libdnn: LibDnnStandIn, tmp_path: Path
) -> None:
    refusal = _refusal(StandInModel(input_type=TensorType.IMG_BGR), tmp_path)
    assert 'its input is IMG_BGR, not NV12: compile it with input_type_rt nv12' in refusal


@pytest.mark.parametrize(('width', 'height'), [(225, 224), (216, 224), (224, 223)])
def test_a_size_that_nv12_cannot_have_is_refused(
    width: int, height: int, libdnn: LibDnnStandIn, tmp_path: Path
) -> None:
    refusal = _refusal(StandInModel(width=width, height=height), tmp_path)
    assert f'its input is {width}x{height}' in refusal


@pytest.mark.parametrize(
    ('line', 'reason'),
    [
        ('input.type 77', 'of an unknown type (77)'),
        ('input.dimensions 0', 'its input is said to have 0 dimensions'),
        ('input.dimensions 9', 'its input is said to have 9 dimensions'),
        ('input.dimensions -1', 'its input is said to have -1 dimensions'),
        ('input.valid 1 3 0 224', 'its input is said to have the shape (1, 3, 0, 224)'),
        ('input.valid 2 3 224 224', 'one picture of three channels'),
        ('input.valid 1 1 224 224', 'one picture of three channels'),
        ('input.bytes 100', 'is said to take 100 bytes'),
        ('input.bytes -1', 'is said to take -1 bytes'),
        ('input.bytes 2000000000', 'is said to take 2000000000 bytes'),
        ('output.type 6', 'its output is of type S4, which holds no logits'),
        ('output.type 99', 'of an unknown type (99)'),
        ('output.type 14', 'its output is S32 without a scale or shift'),
        ('output.dimensions 0', 'its output is said to have 0 dimensions'),
        ('output.valid 1 1 1 1', 'one vector of logits'),
        ('output.valid 1 64 7 7', 'one vector of logits'),
        ('output.valid 1 -5 1 1', 'its output is said to have the shape (1, -5, 1, 1)'),
        ('output.aligned 1 900 1 1', 'is said to be aligned to (1, 900, 1, 1)'),
        ('output.aligned 1 1000', 'is said to be aligned to (1, 1000)'),
        ('output.bytes 3999', 'is said to take 3999 bytes'),
        ('output.bytes 2147483647', 'is said to take 2147483647 bytes'),
    ],
)
def test_an_implausible_property_is_refused(
    line: str, reason: str, libdnn: LibDnnStandIn, tmp_path: Path
) -> None:
    assert reason in _refusal(StandInModel(extra=[line]), tmp_path)


@pytest.mark.parametrize(
    ('lines', 'reason'),
    [
        ([], 'its output has 0 values of scale for 1000 classes'),
        (['output.scale 0.1 0.2'], 'along axis'),
        (['output.scale 0.1 0.2', 'output.axis 1'], 'its output has 2 values of scale'),
        (['output.scale nan'], 'a scale that is not a positive number'),
        (['output.scale 0'], 'a scale that is not a positive number'),
        (['output.scale 0.1', 'output.zero 1 2'], 'its output has 2 values of zero point'),
    ],
)
def test_an_implausible_scale_is_refused(
    lines: list[str], reason: str, libdnn: LibDnnStandIn, tmp_path: Path
) -> None:
    model = StandInModel(output_type=TensorType.S8, quanti=QuantiType.SCALE, extra=lines)
    assert reason in _refusal(model, tmp_path)


@pytest.mark.parametrize(
    ('arguments', 'reason'),
    [
        ({'core': 3}, 'bpu_core is 3: 0 to 2 was expected'),
        ({'core': -1}, 'bpu_core is -1'),
        ({'priority': 256}, 'bpu_priority is 256: 0 to 255 was expected'),
        ({'num_threads': 33}, 'num_threads is 33: 0 to 32 was expected'),
        ({'timeout_s': 0.0}, 'more than 0 seconds was expected'),
        ({'timeout_s': float('nan')}, 'more than 0 seconds was expected'),
    ],
)
def test_a_setting_out_of_range_is_refused(
    arguments: dict[str, float], reason: str, libdnn: LibDnnStandIn, tmp_path: Path
) -> None:
    path = StandInModel().write(tmp_path / 'model.bin')
    with pytest.raises(BackendError, match=reason):
        open_libdnn(path, **arguments)  # type: ignore[arg-type]
