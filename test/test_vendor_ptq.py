"""The vendor's quantisation: YAML by its documented schema, calibration files to the byte."""

from __future__ import annotations

from pathlib import Path

from mobileone_ros.models.catalog import VARIANTS
from mobileone_ros.models.onnx_graph import random_model
from mobileone_ros.models.vendor_ptq import (
    bpu_name,
    check_for_vendor,
    commands,
    ptq_config,
    VendorError,
    write_calibration,
)
import numpy as np
import pytest

yaml = pytest.importorskip('yaml', reason='ROS 2 brings PyYAML')

FOLDER = Path(__file__).parents[1] / 'config' / 'quantization'

# Group, key, and what the chapter "Principles and Steps of PTQ" allows as its value.
NUMBERS = r'three numbers'
SCHEMA = {
    'model_parameters': {
        'onnx_model': str,
        'march': {'bayes-e'},
        'working_dir': str,
        'output_model_file_prefix': str,
        'layer_out_dump': {True, False},
    },
    'input_parameters': {
        'input_type_rt': {'rgb', 'bgr', 'yuv444', 'nv12', 'gray', 'featuremap'},
        'input_type_train': {'rgb', 'bgr', 'yuv444', 'gray', 'featuremap'},
        'input_layout_train': {'NHWC', 'NCHW'},
        'norm_type': {'data_mean_and_scale', 'data_mean', 'data_scale', 'no_preprocess'},
        'mean_value': NUMBERS,
        'scale_value': NUMBERS,
    },
    'calibration_parameters': {
        'cal_data_dir': str,
        'cal_data_type': {'float32', 'uint8'},
        'calibration_type': {'default', 'mix', 'kl', 'max', 'load', 'skip'},
    },
    'compiler_parameters': {
        'compile_mode': {'latency', 'bandwidth'},
        'debug': {True, False},
        'optimize_level': {'O0', 'O1', 'O2', 'O3'},
    },
}


def numbers(text):
    return [float(word) for word in text.split()]


def load(variant):
    return yaml.safe_load((FOLDER / f'{variant}.yaml').read_text())


def fits(value, rule):
    if rule is str:
        return isinstance(value, str) and bool(value)
    if rule is NUMBERS:
        return len(numbers(value)) == 3
    return value in rule


def test_there_is_one_file_a_variant():
    assert sorted(path.stem for path in FOLDER.iterdir()) == sorted(VARIANTS)


@pytest.mark.parametrize('variant', VARIANTS)
def test_each_file_follows_the_schema(variant):
    config = load(variant)
    assert {group: set(entries) for group, entries in config.items()} == {
        group: set(entries) for group, entries in SCHEMA.items()
    }
    for group, entries in SCHEMA.items():
        for key, rule in entries.items():
            assert fits(config[group][key], rule), f'{group}: {key}: {config[group][key]}'


@pytest.mark.parametrize('variant', VARIANTS)
def test_each_file_is_what_the_tool_writes(variant):
    written = ptq_config(variant, image_size=VARIANTS[variant].input_size)
    assert (FOLDER / f'{variant}.yaml').read_text() == written


@pytest.mark.parametrize('variant', VARIANTS)
def test_the_settings_are_those_of_the_model_zoo(variant):
    config = load(variant)
    inputs = config['input_parameters']
    assert (inputs['input_type_rt'], inputs['input_type_train']) == ('nv12', 'rgb')
    assert numbers(inputs['mean_value']) == [123.675, 116.28, 103.53]
    assert numbers(inputs['scale_value']) == [0.01712475, 0.017507, 0.01742919]
    assert config['calibration_parameters'] == {
        'cal_data_dir': './calibration_data_rgb_f32',
        'cal_data_type': 'float32',
        'calibration_type': 'default',
    }
    assert config['compiler_parameters']['optimize_level'] == 'O3'


def test_no_two_variants_write_the_same_file():
    prefixes = {load(name)['model_parameters']['output_model_file_prefix'] for name in VARIANTS}
    assert {f'{prefix}.bin' for prefix in prefixes} == {v.bin_name for v in VARIANTS.values()}


def test_a_models_own_normalisation_is_written():
    config = yaml.safe_load(
        ptq_config('mine', image_size=96, mean=(0.0, 127.5, 10.0), std=(255.0, 127.5, 1.0))
    )
    inputs = config['input_parameters']
    assert numbers(inputs['mean_value']) == [0.0, 127.5, 10.0]
    assert numbers(inputs['scale_value']) == pytest.approx([1 / 255, 1 / 127.5, 1.0], rel=1e-6)
    assert config['model_parameters']['onnx_model'] == './mine.onnx'


@pytest.mark.parametrize(
    ('model', 'size', 'name'),
    [
        ('mobileone_s2', 224, 'MobileOne_S2_224x224_nv12'),
        ('mobileone_s2', 160, 'mobileone_s2_160x160_nv12'),
        ('road_signs', 224, 'road_signs_224x224_nv12'),
    ],
)
def test_the_bpus_file_is_named_as_the_vendors_or_after_the_model(model, size, name):
    assert bpu_name(model, size) == name


def test_the_commands_name_the_files_of_the_kit():
    checker, builder = commands('mobileone_s1')
    assert checker.endswith('--march bayes-e --model mobileone_s1.onnx')
    assert builder.endswith('--config mobileone_s1.yaml')


def test_calibration_files_are_float_planes_from_0_to_255(tmp_path):
    pictures = np.arange(2 * 3 * 4 * 4, dtype=np.uint8).reshape(2, 3, 4, 4)
    write_calibration(pictures, tmp_path / 'data')
    files = sorted((tmp_path / 'data').iterdir())
    assert [path.name for path in files] == ['00000.rgb', '00001.rgb']
    read = np.fromfile(files[1], np.float32).reshape(3, 4, 4)
    np.testing.assert_array_equal(read, pictures[1])


def test_an_earlier_sets_files_do_not_stay(tmp_path):
    write_calibration(np.zeros((5, 3, 2, 2), np.uint8), tmp_path)
    write_calibration(np.zeros((2, 3, 2, 2), np.uint8), tmp_path)
    assert len(list(tmp_path.iterdir())) == 2


def test_what_export_model_writes_is_what_the_toolchain_reads():
    pytest.importorskip('onnx', reason='writing ONNX files needs the onnx package')
    check_for_vendor(random_model('mobileone_s0', 3))


@pytest.mark.parametrize(('opset', 'ir_version'), [(13, 7), (11, 8)])
def test_a_newer_file_is_refused_with_what_to_do(opset, ir_version):
    pytest.importorskip('onnx', reason='writing ONNX files needs the onnx package')
    model = random_model('mobileone_s0', 3)
    model.opset_import[0].version, model.ir_version = opset, ir_version
    with pytest.raises(VendorError, match=rf'opset {opset} and IR version {ir_version}: export'):
        check_for_vendor(model)
