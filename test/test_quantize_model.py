"""quantize_model as a user runs it: a model and a folder of pictures in, int8 out."""

from __future__ import annotations

import cv2
from mobileone_ros.backends.onnxruntime import open_onnxruntime
from mobileone_ros.models.architecture import ARCHITECTURES
from mobileone_ros.models.onnx_graph import deploy_model
from mobileone_ros.models.random_weights import random_deploy_weights
from mobileone_ros.models.record import write_record
from mobileone_ros.tools.quantize_model import main
import numpy as np
import pytest

onnx = pytest.importorskip('onnx', reason='writing ONNX files needs the onnx package')

S0 = ARCHITECTURES['mobileone_s0']
LABELS = ('red', 'green', 'blue')


@pytest.fixture(scope='module')
def model(tmp_path_factory):
    path = tmp_path_factory.mktemp('model') / 'mine.onnx'
    weights = random_deploy_weights(S0, len(LABELS))
    path.write_bytes(
        deploy_model(weights, S0, image_size=64, labels=LABELS).SerializeToString()
    )
    return path


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    """Return twelve pictures in three folders, as an ImageNet-style set has them."""
    root = tmp_path_factory.mktemp('pictures')
    generator = np.random.default_rng(0)
    for label in LABELS:
        (root / label).mkdir()
        for number in range(4):
            coarse = generator.integers(0, 256, (4, 6, 3)).astype(np.uint8)
            picture = cv2.resize(coarse, (120, 80), interpolation=cv2.INTER_CUBIC)
            cv2.imwrite(str(root / label / f'{number}.png'), picture)
    return root


def quantize_model(*arguments):
    return main([str(argument) for argument in arguments])


def test_the_int8_model_classifies_as_the_backend_loads_it(tmp_path, model, folder, capsys):
    output = tmp_path / 'int8.onnx'
    assert quantize_model(model, '--calibration', folder, '--limit', 8, '--output', output) == 0
    backend = open_onnxruntime(output)
    assert (backend.spec.width, backend.spec.labels) == (64, LABELS)
    backend.close()
    printed = capsys.readouterr().out
    assert '8 of 12 pictures' in printed
    assert 'classes     3 of 3 by folders' in printed
    assert 'of 4 other pictures get the best class of float32' in printed


def test_without_class_folders_the_models_own_answers_tell_the_spread(
    tmp_path, model, folder, capsys
):
    output = tmp_path / 'int8.onnx'
    assert quantize_model(model, '--calibration', folder / 'red', '--output', output) == 0
    printed = capsys.readouterr()
    assert "of 3 by the model's own answers" in printed.out
    assert 'of 4 of these pictures get the best class' in printed.out
    assert 'warning: 4 pictures are few' in printed.err


def test_the_vendors_kit_holds_model_configuration_and_calibration(
    tmp_path, model, folder, capsys
):
    kit = tmp_path / 'kit'
    assert quantize_model(model, '--calibration', folder, '--bpu', kit) == 0
    assert (kit / 'mine.onnx').read_bytes() == model.read_bytes()
    assert "output_model_file_prefix: 'mine_64x64_nv12'" in (kit / 'mine.yaml').read_text()
    files = sorted((kit / 'calibration_data_rgb_f32').iterdir())
    assert len(files) == 12
    red, _, blue = np.fromfile(files[0], np.float32).reshape(3, 64, 64)
    picture = cv2.resize(cv2.imread(str(folder / 'blue' / '0.png')), (64, 64))
    assert np.abs(red - picture[..., 2]).max() <= 1
    assert np.abs(blue - picture[..., 0]).max() <= 1
    assert 'hb_mapper makertbin --model-type onnx --config mine.yaml' in capsys.readouterr().out


def test_an_unreadable_picture_is_told_and_left_out(tmp_path, model, folder, capsys):
    (tmp_path / 'set').mkdir()
    (tmp_path / 'set' / 'bad.jpg').write_bytes(b'no picture')
    (tmp_path / 'set' / 'good.png').write_bytes((folder / 'red' / '0.png').read_bytes())
    done = quantize_model(
        model, '--calibration', tmp_path / 'set', '--output', tmp_path / 'int8.onnx'
    )
    assert done == 0
    printed = capsys.readouterr()
    assert '1 of 2 pictures' in printed.out
    assert f'warning: left out: {tmp_path}/set/bad.jpg' in printed.err


def refusal(capsys, *arguments):
    assert quantize_model(*arguments) == 1
    errors = capsys.readouterr().err.splitlines()
    assert errors[-1].startswith('quantize_model: error: ')
    return errors[-1]


def test_a_folder_without_a_usable_picture_is_refused(tmp_path, model, capsys):
    rest = ('--output', tmp_path / 'int8.onnx')
    assert 'no picture' in refusal(capsys, model, '--calibration', tmp_path, *rest)
    (tmp_path / 'bad.jpg').write_bytes(b'no picture')
    assert 'none of 1 pictures can be read' in refusal(
        capsys, model, '--calibration', tmp_path, *rest
    )
    assert not (tmp_path / 'int8.onnx').exists()


@pytest.mark.parametrize('content', [b'', b'no model', bytes(range(256))])
def test_a_file_that_is_no_model_is_refused(tmp_path, folder, capsys, content):
    path = tmp_path / 'x.onnx'
    path.write_bytes(content)
    sentence = refusal(capsys, path, '--calibration', folder, '--output', tmp_path / 'int8.onnx')
    assert str(path) in sentence


def test_a_quantised_model_is_refused(tmp_path, model, folder, capsys):
    first, second = tmp_path / 'first.onnx', tmp_path / 'second.onnx'
    quantize_model(model, '--calibration', folder, '--output', first)
    sentence = refusal(capsys, first, '--calibration', folder, '--output', second)
    assert sentence.endswith('quantised already; give the float32 one')


def test_a_model_that_the_vendors_toolchain_cannot_read_is_refused(
    tmp_path, model, folder, capsys
):
    newer = onnx.version_converter.convert_version(onnx.load(model), 13)
    onnx.save(newer, tmp_path / 'newer.onnx')
    sentence = refusal(
        capsys, tmp_path / 'newer.onnx', '--calibration', folder, '--bpu', tmp_path / 'kit'
    )
    assert 'hb_mapper reads opset 10 and 11' in sentence
    assert not (tmp_path / 'kit').exists()


def test_an_output_that_cannot_be_written_is_one_sentence(tmp_path, model, folder, capsys):
    output = tmp_path / 'missing' / 'int8.onnx'
    sentence = refusal(capsys, model, '--calibration', folder, '--output', output)
    assert sentence.endswith(f'cannot write {output}: No such file or directory')


def test_nothing_to_do_is_bad_usage(model, folder, capsys):
    with pytest.raises(SystemExit) as ended:
        quantize_model(model, '--calibration', folder)
    assert ended.value.code == 2
    assert 'give --output for this CPU, --bpu for an RDK X5' in capsys.readouterr().err


def test_a_model_other_than_the_downloaded_one_is_refused(tmp_path, model, folder, capsys):
    downloaded = tmp_path / 'downloaded.onnx'
    downloaded.write_bytes(model.read_bytes())
    write_record(downloaded, 'https://example.org/downloaded.onnx', 64 * '0')
    arguments = (downloaded, '--calibration', folder, '--output', tmp_path / 'int8.onnx')
    assert 'downloaded.onnx is not what was downloaded' in refusal(capsys, *arguments)
