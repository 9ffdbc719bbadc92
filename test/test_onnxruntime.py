"""The CPU backend: real ONNX models, accepted and refused."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from hypothesis import given, strategies as st
from mobileone_ros.backends.base import BackendError, InputLayout, ModelRejected
from mobileone_ros.backends.cpu import physical_cores
from mobileone_ros.backends.onnx_wire import has_external_data, WireError
from mobileone_ros.backends.onnxruntime import open_onnxruntime
import numpy as np
import onnx
from onnx import helper, numpy_helper, TensorProto
import onnxruntime
import pytest
from support.tiny_models import CLASSES, finish, point_outside, SIDE, tiny_classifier, write

# --- What it gives -----------------------------------------------------------------------------


def test_it_reads_size_classes_and_layout_from_the_model(tmp_path):
    backend = open_onnxruntime(write(tiny_classifier(), tmp_path))
    assert backend.spec.layout is InputLayout.NCHW
    assert (backend.spec.width, backend.spec.height) == (SIDE, SIDE)
    assert backend.spec.num_classes == CLASSES
    assert backend.spec.input_shape == (1, 3, SIDE, SIDE)
    assert backend.spec.labels is None
    assert (backend.name, backend.version) == ('onnxruntime', onnxruntime.__version__)


def test_width_and_height_are_not_mixed_up(tmp_path):
    model = tiny_classifier(input_shape=(1, 3, 4, 6))
    spec = open_onnxruntime(write(model, tmp_path)).spec
    assert (spec.width, spec.height) == (6, 4)


def test_labels_and_metadata_come_from_the_file(tmp_path):
    names = ['stop', 'priority', 'yield', '停']
    spec = open_onnxruntime(write(tiny_classifier(labels=names), tmp_path)).spec
    assert spec.labels == tuple(names)
    assert 'labels' in spec.metadata


@pytest.mark.parametrize('open_batch', ['batch', None, 1])
def test_an_open_batch_is_taken_as_one(tmp_path, open_batch):
    model = tiny_classifier(
        input_shape=(open_batch, 3, SIDE, SIDE), output_shape=(open_batch, CLASSES)
    )
    slot = open_onnxruntime(write(model, tmp_path)).open_slot()
    assert slot.input.shape == (1, 3, SIDE, SIDE)
    assert slot.infer().shape == (CLASSES,)


def test_open_sides_are_taken_as_224(tmp_path):
    model = tiny_classifier(input_shape=(1, 3, 'height', 'width'))
    spec = open_onnxruntime(write(model, tmp_path)).spec
    assert (spec.width, spec.height) == (224, 224)


@pytest.mark.parametrize(
    'shape', [(1, CLASSES), (CLASSES,), (1, CLASSES, 1, 1)], ids=['row', 'flat', 'map']
)
@pytest.mark.parametrize('is_declared', [True, False])
def test_scores_of_any_usual_shape_come_out_as_one_row(tmp_path, shape, is_declared):
    declared = shape if is_declared else [f'side{index}' for index in range(len(shape))]
    model = tiny_classifier(reshape_to=shape, output_shape=declared)
    slot = open_onnxruntime(write(model, tmp_path)).open_slot()
    slot.input[...] = 1
    assert slot.infer() == pytest.approx(np.arange(12).reshape(3, 4).sum(0) / 10)


# --- Slots -------------------------------------------------------------------------------------


def test_a_slot_reads_its_input_in_place_and_writes_its_scores_in_place(tmp_path):
    path = write(tiny_classifier(), tmp_path)
    slot = open_onnxruntime(path).open_slot()
    picture = slot.input
    session = onnxruntime.InferenceSession(path, providers=['CPUExecutionProvider'])
    random = np.random.default_rng(0)
    first = slot.infer()
    for _ in range(3):
        picture[...] = random.normal(size=picture.shape)
        [[expected]] = session.run(None, {'input': picture})
        assert slot.infer() == pytest.approx(expected, rel=1e-6)
        assert slot.infer() is first
        assert slot.input is picture


def test_slots_run_at_once_and_do_not_mix(tmp_path):
    backend = open_onnxruntime(write(tiny_classifier(), tmp_path))

    def infer_often(value: int) -> bool:
        slot = backend.open_slot()
        slot.input[...] = value
        expected = value * np.arange(12).reshape(3, 4).sum(0) / 10
        return all(np.allclose(slot.infer(), expected) for _ in range(200))

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(infer_often, range(4)))


def test_as_many_slots_are_worth_running_as_there_are_cores_or_as_asked_for(tmp_path):
    path = write(tiny_classifier(), tmp_path)
    assert open_onnxruntime(path).parallel == physical_cores()
    assert open_onnxruntime(path, num_threads=3).parallel == 3


def test_a_closed_backend_opens_no_slot_and_its_open_ones_still_run(tmp_path):
    backend = open_onnxruntime(write(tiny_classifier(), tmp_path))
    slot = backend.open_slot()
    backend.close()
    backend.close()
    assert slot.infer().shape == (CLASSES,)
    with pytest.raises(BackendError, match=r'tiny\.onnx is closed'):
        backend.open_slot()


def test_a_closed_slot_says_so(tmp_path):
    slot = open_onnxruntime(write(tiny_classifier(), tmp_path)).open_slot()
    slot.close()
    slot.close()
    with pytest.raises(BackendError, match='closed'):
        slot.infer()


def test_two_threads_of_one_core_count_as_one_core(tmp_path, monkeypatch):
    monkeypatch.setattr('os.sched_getaffinity', lambda process: {0, 1, 2, 3})
    for cpu, siblings in enumerate(['0,2', '1,3', '0,2', '1,3']):
        folder = tmp_path / f'cpu{cpu}' / 'topology'
        folder.mkdir(parents=True)
        (folder / 'thread_siblings_list').write_text(f'{siblings}\n')
    assert physical_cores(tmp_path) == 2
    assert physical_cores(tmp_path / 'not there') == 4


# --- What it refuses ---------------------------------------------------------------------------


def spoiled_models() -> dict[str, tuple[onnx.ModelProto, str]]:
    """Return models that are no classifiers, each with a part of the reason."""
    two_inputs = tiny_classifier()
    two_inputs.graph.input.append(
        helper.make_tensor_value_info('size', TensorProto.FLOAT, [1])
    )
    two_outputs = tiny_classifier()
    two_outputs.graph.output.append(
        helper.make_tensor_value_info('means', TensorProto.FLOAT, [1, 3])
    )
    fails_to_run = tiny_classifier(reshape_to=[7, 7], output_shape=['a', 'b'])
    unknown_operator = tiny_classifier()
    unknown_operator.graph.node[0].op_type = 'Teleport'
    not_float = tiny_classifier()
    not_float.graph.node[3].output[0] = 'floats'
    not_float.graph.node.append(
        helper.make_node('Cast', ['floats'], ['output'], to=TensorProto.INT64)
    )
    not_float.graph.output[0].type.tensor_type.elem_type = TensorProto.INT64
    text = finish(
        helper.make_graph(
            [helper.make_node('Identity', ['input'], ['output'])],
            'text',
            [helper.make_tensor_value_info('input', TensorProto.FLOAT, ['batch', 77])],
            [helper.make_tensor_value_info('output', TensorProto.FLOAT, ['batch', 77])],
        )
    )
    segmentation = finish(
        helper.make_graph(
            [helper.make_node('Relu', ['input'], ['output'])],
            'segmentation',
            [helper.make_tensor_value_info('input', TensorProto.FLOAT, [1, 3, 8, 8])],
            [helper.make_tensor_value_info('output', TensorProto.FLOAT, [1, 3, 8, 8])],
        )
    )
    channels_last = tiny_classifier(input_shape=(1, SIDE, SIDE, 3))
    return {
        'two inputs': (two_inputs, '2 inputs and 1 outputs'),
        'two outputs': (two_outputs, '1 inputs and 2 outputs'),
        'bytes in': (tiny_classifier(input_type=TensorProto.UINT8), r'tensor\(uint8\)'),
        'integers out': (not_float, r'tensor\(int64\)'),
        'a row of text': (text, r'\(batch, 77\) and not one colour picture'),
        'grey pictures': (tiny_classifier(input_shape=(1, 1, 8, 8)), 'not one colour picture'),
        'a batch of two': (tiny_classifier(input_shape=(2, 3, 8, 8)), 'not one colour picture'),
        'channels last': (channels_last, 'channels last'),
        'giant pictures': (tiny_classifier(input_shape=(1, 3, 10**6, 10**6)), 'limit is 4096'),
        'a picture out': (segmentation, 'not one score a class'),
        'fails to run': (fails_to_run, 'fails on a'),
        'unknown operator': (unknown_operator, 'cannot load'),
        'labels of numbers': (tiny_classifier(labels=[1, 2, 3, 4]), 'no JSON array of strings'),
        'labels in an object': (tiny_classifier(labels={'0': 'a'}), 'no JSON array of strings'),
    }


SPOILED = spoiled_models()


@pytest.mark.parametrize('kind', SPOILED)
def test_what_is_no_classifier_is_refused_with_the_reason_in_one_sentence(tmp_path, kind):
    model, reason = SPOILED[kind]
    path = write(model, tmp_path)
    with pytest.raises(ModelRejected, match=reason) as refusal:
        open_onnxruntime(path)
    assert str(path) in str(refusal.value)
    assert '\n' not in str(refusal.value)


def test_labels_that_are_no_json_are_refused(tmp_path):
    model = tiny_classifier()
    helper.set_model_props(model, {'labels': 'cat, dog'})
    with pytest.raises(ModelRejected, match='labels that are no JSON'):
        open_onnxruntime(write(model, tmp_path))


def test_files_that_are_no_models_are_refused(tmp_path):
    empty, text = tmp_path / 'empty.onnx', tmp_path / 'text.onnx'
    empty.touch()
    text.write_text('<html>404 Not Found</html>')
    for path, reason in (
        (tmp_path / 'nowhere.onnx', 'No such file'),
        (tmp_path, 'not a regular file'),
        (Path('/dev/zero'), 'not a regular file'),
        (empty, 'is empty'),
        (text, 'damaged or no ONNX model'),
    ):
        with pytest.raises(ModelRejected, match=reason):
            open_onnxruntime(path)


@given(kept=st.floats(0, 1, exclude_max=True))
def test_a_file_cut_anywhere_is_refused(tmp_path_factory, kept):
    whole = tiny_classifier().SerializeToString()
    path = tmp_path_factory.mktemp('cut') / 'cut.onnx'
    path.write_bytes(whole[: int(len(whole) * kept)])
    with pytest.raises(ModelRejected):
        open_onnxruntime(path)


# --- Weights in other files --------------------------------------------------------------------


def hiding_places() -> dict[str, onnx.ModelProto]:
    """Return models that refer to another file from every place that a tensor can be in."""
    models = {place: tiny_classifier() for place in (
        'initializer', 'constant', 'subgraph', 'function', 'sparse', 'training',
    )}
    outside = numpy_helper.from_array(np.zeros(3, np.float32), 'outside')
    point_outside(outside)
    node = helper.make_node('Constant', [], ['unused'], value=outside)
    point_outside(models['initializer'].graph.initializer[0])
    models['constant'].graph.node.append(node)
    branch = helper.make_graph([node], 'branch', [], [])
    models['subgraph'].graph.node.append(
        helper.make_node('If', ['input'], ['y'], then_branch=branch, else_branch=branch)
    )
    models['function'].functions.add().node.append(node)
    models['sparse'].graph.sparse_initializer.add().values.CopyFrom(outside)
    models['training'].training_info.add().initialization.initializer.append(outside)
    return models


HIDING_PLACES = hiding_places()


@pytest.mark.parametrize('place', HIDING_PLACES)
def test_a_model_that_refers_to_another_file_is_refused(tmp_path, place):
    with pytest.raises(ModelRejected, match='another file'):
        open_onnxruntime(write(HIDING_PLACES[place], tmp_path))


def test_a_location_without_the_flag_counts_as_another_file():
    model = tiny_classifier()
    entry = model.graph.initializer[0].external_data.add()
    entry.key, entry.value = 'location', '/etc/passwd'
    assert has_external_data(model.SerializeToString())


def test_a_self_contained_model_refers_to_no_other_file():
    assert not has_external_data(tiny_classifier().SerializeToString())


@given(data=st.binary(max_size=200))
def test_no_bytes_break_the_search_for_other_files(data):
    try:
        answer = has_external_data(data)
    except WireError:
        return
    assert answer in (True, False)
