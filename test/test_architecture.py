"""The five networks, checked against the paper's and the vendor's published numbers."""

from __future__ import annotations

from mobileone_ros.models.architecture import ARCHITECTURES
import pytest

VARIANTS = tuple(ARCHITECTURES)


def test_there_are_five_variants_smallest_first():
    assert [name[-2:] for name in VARIANTS] == ['s0', 's1', 's2', 's3', 's4']


@pytest.mark.parametrize(
    ('variant', 'stem', 'stages'),
    [
        ('mobileone_s0', 48, (48, 128, 256, 1024)),
        ('mobileone_s1', 64, (96, 192, 512, 1280)),
        ('mobileone_s2', 64, (96, 256, 640, 2048)),
        ('mobileone_s3', 64, (128, 320, 768, 2048)),
        ('mobileone_s4', 64, (192, 448, 896, 2048)),
    ],
)
def test_channels_follow_the_width_multipliers(variant, stem, stages):
    architecture = ARCHITECTURES[variant]
    assert (architecture.stem_channels, architecture.stage_channels) == (stem, stages)


@pytest.mark.parametrize(
    ('variant', 'training', 'deploy'),
    [
        ('mobileone_s0', 5_293_272, 2_078_504),
        ('mobileone_s1', 4_825_192, 4_764_840),
        ('mobileone_s2', 7_884_648, 7_808_168),
        ('mobileone_s3', 10_170_600, 10_078_312),
        ('mobileone_s4', 14_951_248, 14_838_352),
    ],
)
def test_parameter_counts_are_those_of_the_reference_implementation(variant, training, deploy):
    architecture = ARCHITECTURES[variant]
    assert architecture.count_training_parameters() == training
    assert architecture.count_deploy_parameters() == deploy


@pytest.mark.parametrize(
    ('variant', 'millions'),
    list(zip(VARIANTS, (275, 825, 1299, 1896, 2978), strict=True)),
)
def test_macs_are_those_of_the_paper(variant, millions):
    # arXiv 2206.04040 prints whole millions and is one off for S4, hence the tolerance.
    assert ARCHITECTURES[variant].count_macs() / 1e6 == pytest.approx(millions, abs=1.5)


def test_another_class_count_changes_the_linear_layer_only():
    architecture = ARCHITECTURES['mobileone_s0']
    saved = architecture.count_deploy_parameters(1000) - architecture.count_deploy_parameters(10)
    assert saved == 990 * (architecture.features + 1)


def test_macs_grow_with_the_area_of_the_picture():
    architecture = ARCHITECTURES['mobileone_s1']
    linear = architecture.features * 1000
    small, large = architecture.count_macs(image_size=224), architecture.count_macs(image_size=448)
    assert large - linear == 4 * (small - linear)


def test_an_image_is_halved_five_times():
    strides = [block.stride for block in ARCHITECTURES['mobileone_s0'].blocks]
    assert strides.count(2) == 5


def test_a_variant_has_a_stem_and_21_pairs_of_depthwise_and_pointwise_blocks():
    stem, *rest = ARCHITECTURES['mobileone_s2'].blocks
    assert (stem.name, stem.branches, len(rest)) == ('stage0', 1, 42)
    for depthwise, pointwise in zip(rest[::2], rest[1::2], strict=True):
        assert depthwise.kernel_size == 3
        assert depthwise.groups == depthwise.in_channels == depthwise.out_channels
        assert (pointwise.kernel_size, pointwise.groups, pointwise.stride) == (1, 1, 1)


def test_s4_alone_squeezes_and_excites_in_its_last_twelve_blocks():
    for variant, architecture in ARCHITECTURES.items():
        squeezing = [block.name for block in architecture.blocks if block.use_se]
        expected = [f'stage3.{index}' for index in range(10, 20)] + ['stage4.0', 'stage4.1']
        assert squeezing == (expected if variant == 'mobileone_s4' else [])
