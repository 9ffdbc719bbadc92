"""Whose checkpoint it is, which variant, which form; and what does not fit."""

from __future__ import annotations

from dataclasses import replace

from mobileone_ros.models.architecture import ARCHITECTURES
from mobileone_ros.models.checkpoint import Checkpoint, CheckpointError
from mobileone_ros.models.checkpoint_keys import map_checkpoint
from mobileone_ros.models.random_weights import random_deploy_weights, random_training_weights
import numpy as np
import pytest
from support.checkpoints import as_timm

S0 = ARCHITECTURES['mobileone_s0']
FORMS = {'training': random_training_weights, 'deploy': random_deploy_weights}


def training(architecture=S0, num_classes=3):
    return random_training_weights(architecture, num_classes)


@pytest.mark.parametrize('form', FORMS)
@pytest.mark.parametrize('variant', ARCHITECTURES)
def test_apples_names_are_our_names(variant, form):
    weights = FORMS[form](ARCHITECTURES[variant], 3)
    mapped = map_checkpoint(Checkpoint(weights), variant)
    assert mapped.weights == weights
    assert (mapped.family, mapped.is_deploy_form) == ("Apple's", form == 'deploy')
    assert (mapped.num_classes, mapped.ignored) == (3, ())


@pytest.mark.parametrize('form', FORMS)
@pytest.mark.parametrize('variant', ARCHITECTURES)
def test_timms_names_are_translated(variant, form):
    weights = FORMS[form](ARCHITECTURES[variant], 3)
    mapped = map_checkpoint(Checkpoint(as_timm(weights)), variant)
    assert mapped.weights == weights
    assert (mapped.family, mapped.is_deploy_form) == ("timm's", form == 'deploy')


@pytest.mark.parametrize('prefix', ['module.', 'model.', '_orig_mod.module.'])
def test_a_wrappers_prefix_is_taken_off(prefix):
    weights = training()
    wrapped = {f'{prefix}{name}': array for name, array in weights.items()}
    assert map_checkpoint(Checkpoint(wrapped), 'mobileone_s0').weights == weights


def test_a_training_with_another_number_of_branches_is_taken_as_it_is():
    weights = training(replace(S0, branches=1))
    mapped = map_checkpoint(Checkpoint(weights), 'mobileone_s0')
    assert mapped.architecture.branches == 1
    assert mapped.weights == weights


def test_what_is_no_part_of_the_network_is_left_out_and_named():
    weights = {'module.' + name: array for name, array in training().items()}
    extra = {'module.auxiliary.weight': np.zeros(3), 'temperature': np.ones(1)}
    mapped = map_checkpoint(Checkpoint(weights | extra), 'mobileone_s0')
    assert sorted(mapped.ignored) == ['auxiliary.weight', 'temperature']


def test_an_extra_part_of_a_block_is_refused_for_it_would_change_the_result():
    weights = training() | {'stage0.rbr_conv.1.conv.weight': np.zeros((48, 3, 3, 3))}
    with pytest.raises(CheckpointError, match=r'has stage0\.rbr_conv\.1\.conv\.weight, which'):
        map_checkpoint(Checkpoint(weights), 'mobileone_s0')


@pytest.mark.parametrize('form', FORMS)
@pytest.mark.parametrize('actual', ['mobileone_s0', 'mobileone_s2', 'mobileone_s3'])
def test_another_variant_is_recognised(actual, form):
    weights = FORMS[form](ARCHITECTURES[actual], 3)
    with pytest.raises(CheckpointError, match=f'is not a mobileone_s4 but a {actual}$'):
        map_checkpoint(Checkpoint(weights), 'mobileone_s4')


def test_a_missing_array_is_named():
    weights = training()
    del weights['stage3.4.rbr_scale.bn.bias']
    with pytest.raises(CheckpointError, match=r'no mobileone_s0: .* lack stage3\.4\.rbr_scale'):
        map_checkpoint(Checkpoint(weights), 'mobileone_s0')


def test_values_that_are_no_numbers_are_refused():
    weights = training()
    weights['stage3.4.rbr_scale.bn.bias'][0] = np.inf
    with pytest.raises(CheckpointError, match='values that are not finite'):
        map_checkpoint(Checkpoint(weights), 'mobileone_s0')


@pytest.mark.parametrize('arrays', [{}, {'fc.weight': np.zeros((3, 4))}])
def test_another_network_is_no_mobileone(arrays):
    with pytest.raises(CheckpointError, match='has no classifier'):
        map_checkpoint(Checkpoint(arrays), 'mobileone_s0')


def test_a_network_with_the_same_last_layer_is_no_mobileone():
    arrays = {'linear.weight': np.zeros((3, 1024)), 'linear.bias': np.zeros(3)}
    with pytest.raises(CheckpointError, match=r'is no mobileone_s0: the weights lack stage0\.'):
        map_checkpoint(Checkpoint(arrays), 'mobileone_s0')
