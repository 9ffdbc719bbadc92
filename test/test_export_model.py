"""export_model as a user runs it: a checkpoint in, a checked ONNX file out."""

from __future__ import annotations

import json

from mobileone_ros.models.architecture import ARCHITECTURES
from mobileone_ros.models.forward import run_training_form
from mobileone_ros.models.random_weights import random_training_weights
from mobileone_ros.models.reparameterize import reparameterize
from mobileone_ros.tools.export_model import main
import numpy as np
import onnxruntime
import pytest
from support.checkpoints import as_timm

torch = pytest.importorskip('torch', reason='torch checkpoints are read by torch')
pytest.importorskip('onnx', reason='writing ONNX files needs the onnx package')

IMAGE = np.random.default_rng(0).normal(size=(1, 3, 32, 32)).astype(np.float32)


def weights_of(variant, num_classes=4):
    return random_training_weights(ARCHITECTURES[variant], num_classes)


def save(path, weights):
    torch.save({name: torch.from_numpy(array) for name, array in weights.items()}, path)
    return path


def export(*arguments):
    return main([*map(str, arguments), '--image-size', '32'])


def test_every_variant_computes_what_its_training_form_computed(tmp_path, capsys):
    for variant, architecture in ARCHITECTURES.items():
        weights, output = weights_of(variant), tmp_path / f'{variant}.onnx'
        checkpoint = save(tmp_path / f'{variant}_unfused.pth.tar', weights)
        assert export(checkpoint, '--model', variant, '--output', output) == 0
        session = onnxruntime.InferenceSession(output)
        (logits,) = session.run(None, {'input': IMAGE})
        expected = run_training_form(weights, architecture, IMAGE[0])
        assert np.abs(logits[0] - expected).max() <= 1e-4 * np.abs(expected).max()
        printed = capsys.readouterr().out
        assert f'{architecture.count_deploy_parameters(4):,}' in printed
        assert 'training form to deploy' in printed


def test_the_fused_and_timms_checkpoints_give_the_same_file(tmp_path):
    weights = weights_of('mobileone_s0')
    fused = reparameterize(weights, ARCHITECTURES['mobileone_s0'])
    models = []
    for arrays in (weights, fused, as_timm(weights), as_timm(fused)):
        checkpoint = save(tmp_path / 'x.pth', arrays)
        assert export(checkpoint, '--model', 's0', '--output', tmp_path / 'x.onnx') == 0
        models.append((tmp_path / 'x.onnx').read_bytes())
    assert models == [models[0]] * 4


def test_class_names_travel_in_the_file(tmp_path):
    (tmp_path / 'names.txt').write_text('red\ngreen\nblue\nyellow\n')
    checkpoint, output = save(tmp_path / 'x.pth', weights_of('mobileone_s0')), tmp_path / 'x.onnx'
    done = export(
        checkpoint, '--model', 's0', '--output', output, '--labels-path', tmp_path / 'names.txt'
    )
    assert done == 0
    metadata = onnxruntime.InferenceSession(output).get_modelmeta().custom_metadata_map
    assert json.loads(metadata['labels']) == ['red', 'green', 'blue', 'yellow']
    assert (metadata['variant'], metadata['source']) == ('mobileone_s0', 'x.pth')


def test_what_did_not_fit_is_reported(tmp_path, capsys):
    weights = weights_of('mobileone_s0') | {'teacher.weight': np.zeros(3, np.float32)}
    checkpoint = save(tmp_path / 'x.pth', weights)
    assert export(checkpoint, '--model', 's0', '--output', tmp_path / 'x.onnx') == 0
    assert 'left out               teacher.weight\n' in capsys.readouterr().out


@pytest.mark.parametrize(
    ('arguments', 'sentence'),
    [
        (['--model', 's1'], 'the checkpoint is not a mobileone_s1 but a mobileone_s0'),
        (['--model', 's0', '--num-classes', '5'], 'has 4 classes, not 5'),
        (['--model', 's0', '--labels-path', 'missing.txt'], 'missing.txt'),
    ],
)
def test_what_does_not_match_is_refused_and_nothing_written(
    tmp_path, capsys, arguments, sentence
):
    checkpoint, output = save(tmp_path / 'x.pth', weights_of('mobileone_s0')), tmp_path / 'x.onnx'
    assert export(checkpoint, *arguments, '--output', output) == 1
    errors = capsys.readouterr().err
    assert errors.startswith('export_model: error: ')
    assert sentence in errors
    assert not output.exists()


def test_an_output_that_cannot_be_written_is_one_sentence(tmp_path, capsys):
    checkpoint = save(tmp_path / 'x.pth', weights_of('mobileone_s0'))
    output = tmp_path / 'missing' / 'x.onnx'
    assert export(checkpoint, '--model', 's0', '--output', output) == 1
    assert f'error: cannot write {output}: No such file or directory\n' in capsys.readouterr().err


def test_an_unknown_variant_is_bad_usage(tmp_path, capsys):
    with pytest.raises(SystemExit) as ended:
        export(tmp_path / 'x.pth', '--model', 's9', '--output', tmp_path / 'x.onnx')
    assert ended.value.code == 2
    assert 'choose from mobileone_s0' in capsys.readouterr().err
