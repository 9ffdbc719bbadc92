"""The catalogue: the vendor's table, to the digit, and its file names."""

from __future__ import annotations

from mobileone_ros.models.catalog import find_variant, UnknownVariant, URL_BASE, VARIANTS
import pytest

PUBLISHED = {
    # parameters (M), float top-1, int8 top-1, ms on one thread, ms on four threads, FPS
    'mobileone_s4': (14.8, 78.75, 76.50, 4.58, 15.44, 256.52),
    'mobileone_s3': (10.1, 77.27, 75.75, 2.93, 9.04, 437.85),
    'mobileone_s2': (7.8, 74.75, 71.25, 2.11, 6.04, 653.68),
    'mobileone_s1': (4.8, 72.31, 70.45, 1.31, 3.69, 1066.95),
    'mobileone_s0': (2.1, 69.25, 67.58, 0.80, 1.59, 2453.17),
}


@pytest.mark.parametrize('name', PUBLISHED)
def test_the_figures_are_the_vendors(name):
    variant = VARIANTS[name]
    assert PUBLISHED[name] == (
        variant.parameters_m,
        variant.float_top1,
        variant.quantized_top1,
        variant.latency_ms,
        variant.multi_thread_latency_ms,
        variant.fps,
    )
    assert (variant.input_size, variant.num_classes) == (224, 1000)


@pytest.mark.parametrize('variant', VARIANTS.values(), ids=list(VARIANTS))
def test_the_networks_parameters_round_to_the_vendors_column(variant):
    parameters = variant.architecture.count_deploy_parameters(variant.num_classes)
    assert round(parameters / 1e6, 1) == variant.parameters_m


@pytest.mark.parametrize('variant', VARIANTS.values(), ids=list(VARIANTS))
def test_four_threads_and_their_latency_make_the_frame_rate(variant):
    assert 4 / (variant.multi_thread_latency_ms / 1e3) == pytest.approx(variant.fps, rel=0.05)


def test_files_are_named_as_the_vendor_names_them():
    variant = VARIANTS['mobileone_s3']
    assert variant.onnx_name == 'mobileone_s3.onnx'
    assert variant.bin_name == 'MobileOne_S3_224x224_nv12.bin'


def test_urls_are_the_vendors_unless_another_base_is_given():
    variant = VARIANTS['mobileone_s0']
    assert URL_BASE == 'https://archive.d-robotics.cc/downloads/rdk_model_zoo/rdk_x5'
    assert variant.onnx_url() == f'{URL_BASE}/mobileone_s0.onnx'
    assert variant.bin_url() == f'{URL_BASE}/MobileOne_S0_224x224_nv12.bin'
    assert variant.bin_url('file:///media/usb/') == (
        'file:///media/usb/MobileOne_S0_224x224_nv12.bin'
    )


def test_crop_fractions_are_those_of_timms_evaluation():
    assert [variant.crop_fraction for variant in VARIANTS.values()] == [0.875, 0.9, 0.9, 0.9, 0.9]


@pytest.mark.parametrize('name', ['mobileone_s2', 'MobileOne_S2', 's2', 'S2', ' s2 '])
def test_a_variant_is_found_by_its_long_and_its_short_name(name):
    assert find_variant(name) is VARIANTS['mobileone_s2']


@pytest.mark.parametrize('name', ['', 's5', 'mobilenet_s0', '../mobileone_s0', 'mobileone_'])
def test_another_name_is_refused_with_the_choices(name):
    with pytest.raises(UnknownVariant, match=r'choose from mobileone_s0, .*mobileone_s4$'):
        find_variant(name)
