"""Reading checkpoint files: what is taken from them, and that nothing in them is ever run."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
import pickle

from mobileone_ros.models.checkpoint import CheckpointError, read_checkpoint
import numpy as np
import pytest

torch = pytest.importorskip('torch', reason='torch checkpoints are read by torch')

ARRAY = np.arange(12, dtype=np.float32).reshape(3, 4)


class Intruder:
    """An object whose unpickling creates a file."""

    def __init__(self, trace):
        self._trace = trace

    def __reduce__(self):
        return Path.touch, (self._trace,)


def save(path, content, **options):
    torch.save(content, path, **options)
    return path


@pytest.fixture
def state_dict():
    return {
        'linear.weight': torch.from_numpy(ARRAY.copy()),
        'bn.num_batches_tracked': torch.tensor(7),
    }


@pytest.mark.parametrize('zipped', [True, False], ids=['zip', 'legacy'])
@pytest.mark.parametrize('name', ['x.pth', 'x.pth.tar', 'x.pt', 'x.bin'])
def test_floating_point_arrays_are_read_from_either_format_of_torch(
    tmp_path, state_dict, name, zipped
):
    path = save(tmp_path / name, state_dict, _use_new_zipfile_serialization=zipped)
    read = read_checkpoint(path)
    assert list(read.arrays) == ['linear.weight']
    np.testing.assert_array_equal(read.arrays['linear.weight'], ARRAY)


@pytest.mark.parametrize('dtype', [torch.float16, torch.bfloat16])
def test_narrow_numbers_are_widened(tmp_path, dtype):
    path = save(tmp_path / 'x.pth', {'linear.weight': torch.ones(2, dtype=dtype)})
    assert read_checkpoint(path).arrays['linear.weight'].dtype == np.float32


def test_a_training_loops_checkpoint_gives_its_averaged_weights(tmp_path, state_dict):
    content = {
        'epoch': 3,
        'args': Namespace(model='mobileone_s0', lr=0.1),
        'state_dict': {'linear.weight': torch.zeros(1)},
        'state_dict_ema': state_dict,
        'optimizer': {'state': {0: {'step': 1}}},
    }
    read = read_checkpoint(save(tmp_path / 'x.pth', content))
    assert read.section == 'state_dict_ema'
    np.testing.assert_array_equal(read.arrays['linear.weight'], ARRAY)


def test_a_safetensors_file_is_read(tmp_path):
    safetensors = pytest.importorskip('safetensors.numpy', reason='its own package reads it')
    path = tmp_path / 'model.safetensors'
    safetensors.save_file({'head.fc.weight': ARRAY}, path)
    np.testing.assert_array_equal(read_checkpoint(path).arrays['head.fc.weight'], ARRAY)


@pytest.mark.parametrize('zipped', [True, False], ids=['zip', 'legacy'])
def test_a_malicious_checkpoint_is_refused_and_not_run(tmp_path, zipped):
    trace = tmp_path / 'trace'
    content = {'state_dict': {'linear.weight': Intruder(trace)}}
    path = save(tmp_path / 'x.pth', content, _use_new_zipfile_serialization=zipped)
    with pytest.raises(CheckpointError, match=r'holds more than arrays .* nothing of it was'):
        read_checkpoint(path)
    assert not trace.exists()


@pytest.mark.parametrize('protocol', range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_bare_malicious_pickle_is_refused_and_not_run(tmp_path, protocol):
    trace = tmp_path / 'trace'
    path = tmp_path / 'x.pth'
    path.write_bytes(pickle.dumps({'state_dict': Intruder(trace)}, protocol))
    with pytest.raises(CheckpointError):
        read_checkpoint(path)
    assert not trace.exists()


def test_a_whole_pickled_network_is_refused_with_what_to_do(tmp_path):
    path = save(tmp_path / 'x.pth', torch.nn.Linear(2, 2))
    with pytest.raises(CheckpointError, match=r'Linear\), .*torch\.save\(model\.state_dict\(\)'):
        read_checkpoint(path)


def test_a_torchscript_file_is_refused(tmp_path):
    path = tmp_path / 'x.pth'
    torch.jit.save(torch.jit.trace(torch.nn.Linear(2, 2), torch.zeros(2)), path)
    with pytest.raises(CheckpointError, match='no checkpoint that can be read'):
        read_checkpoint(path)


def test_something_else_than_a_state_dict_is_refused(tmp_path):
    path = save(tmp_path / 'x.pth', torch.zeros(3))
    with pytest.raises(CheckpointError, match='holds a Tensor and no state dict'):
        read_checkpoint(path)


@pytest.mark.parametrize('kept', [0, 1, 100, 500])
@pytest.mark.parametrize('zipped', [True, False], ids=['zip', 'legacy'])
def test_a_truncated_file_is_refused(tmp_path, state_dict, kept, zipped):
    path = save(tmp_path / 'x.pth', state_dict, _use_new_zipfile_serialization=zipped)
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(CheckpointError, match='is damaged'):
        read_checkpoint(path)


def test_a_flipped_bit_in_the_numbers_is_found(tmp_path, state_dict):
    path = save(tmp_path / 'x.pth', state_dict)
    content = path.read_bytes()
    place = content.index(ARRAY.tobytes())
    path.write_bytes(content[:place] + b'\xff' + content[place + 1:])
    with pytest.raises(CheckpointError, match=r'is damaged: the checksum of .* is wrong'):
        read_checkpoint(path)


@pytest.mark.parametrize('content', [b'hello\nworld', b'<html></html>', bytes(range(256))])
@pytest.mark.parametrize('name', ['x.pth', 'x.safetensors'])
def test_a_foreign_file_is_refused(tmp_path, name, content):
    if name.endswith('.safetensors'):
        pytest.importorskip('safetensors', reason='its own package reads it')
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match='is damaged, or no checkpoint'):
        read_checkpoint(path)


def test_a_missing_file_and_a_folder_are_named(tmp_path):
    with pytest.raises(CheckpointError, match=r'missing\.pth does not exist'):
        read_checkpoint(tmp_path / 'missing.pth')
    with pytest.raises(CheckpointError, match='is no file'):
        read_checkpoint(tmp_path)
