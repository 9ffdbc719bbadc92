"""Parameter values are checked all together and become one immutable Settings, or are refused."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
import math
from typing import Any

from hypothesis import given, strategies as st
from mobileone_ros.core.preprocess import ResizeMode
from mobileone_ros.settings import PARAMETERS, ParameterSpec, Settings, SettingsError
import pytest
from support.parameter_values import anything, valid

SPECS = {spec.name: spec for spec in PARAMETERS}


def name_of(spec: ParameterSpec) -> str:
    return spec.name


def settings_or_refusal(values: dict[str, Any]) -> Settings | str:
    try:
        return Settings.from_values(values)
    except SettingsError as error:
        return str(error)


def plain(settings: Settings, name: str) -> Any:
    value = getattr(settings, name)
    return value.value if isinstance(value, ResizeMode) else value


def test_defaults_are_those_of_the_contract() -> None:
    settings = Settings.from_values({})

    assert (settings.model, settings.backend, settings.top_k) == ('mobileone_s0', 'auto', 5)
    assert settings.resize_mode is ResizeMode.STRETCH
    assert settings.frame_id == 'camera'
    assert settings.enabled
    assert settings.autostart


@given(st.fixed_dictionaries({}, optional={spec.name: valid(spec) for spec in PARAMETERS}))
def test_any_combination_of_valid_values_is_taken_as_it_is(values: dict[str, Any]) -> None:
    settings = Settings.from_values(values)

    for name, value in values.items():
        assert plain(settings, name) == (tuple(value) if isinstance(value, list) else value)


@given(st.dictionaries(st.sampled_from(sorted(SPECS)), anything, min_size=1))
def test_any_values_give_settings_within_range_or_one_sentence(values: dict[str, Any]) -> None:
    outcome = settings_or_refusal(values)

    if isinstance(outcome, Settings):
        assert Settings.from_values({name: plain(outcome, name) for name in SPECS}) == outcome
    else:
        assert outcome.startswith(tuple(values))
        assert '\n' not in outcome


@pytest.mark.parametrize('spec', [spec for spec in PARAMETERS if spec.choices], ids=name_of)
def test_a_wrong_choice_is_refused_with_all_choices(spec: ParameterSpec) -> None:
    with pytest.raises(SettingsError) as caught:
        Settings.from_values({spec.name: 'nonsense'})

    assert str(caught.value) == (
        f"{spec.name} is 'nonsense', expected one of {', '.join(spec.choices)}"
    )


@pytest.mark.parametrize('spec', [spec for spec in PARAMETERS if spec.bounds], ids=name_of)
def test_a_value_out_of_range_is_refused_with_the_range(spec: ParameterSpec) -> None:
    assert spec.bounds is not None
    too_much = type(spec.default)([spec.bounds[1] + 1] * 3) if spec.is_list else (
        type(spec.default)(spec.bounds[1] + 1)
    )
    with pytest.raises(SettingsError, match='expected {:g} to {:g}'.format(*spec.bounds)):
        Settings.from_values({spec.name: too_much})


def test_not_a_number_is_refused() -> None:
    with pytest.raises(SettingsError, match='score_threshold is nan, expected 0 to 1'):
        Settings.from_values({'score_threshold': math.nan})


def test_a_boolean_is_no_number() -> None:
    with pytest.raises(SettingsError, match='top_k is True, expected an integer 1 to 1000'):
        Settings.from_values({'top_k': True})


def test_a_whole_number_stands_for_a_real_one() -> None:
    assert Settings.from_values({'input_timeout': 3, 'mean': [1, 2, 3]}).mean == (1.0, 2.0, 3.0)


def test_mean_needs_three_numbers() -> None:
    with pytest.raises(SettingsError, match=r'mean is \[1.0, 2.0\], expected three numbers'):
        Settings.from_values({'mean': [1.0, 2.0]})


@pytest.mark.parametrize('name', ['1st', 'a-b', 'a__b', 'a/b', '~', ' '])
def test_a_camera_name_that_is_no_topic_name_is_refused(name: str) -> None:
    with pytest.raises(SettingsError, match='cameras has '):
        Settings.from_values({'cameras': [name]})


def test_a_camera_may_be_named_only_once() -> None:
    with pytest.raises(SettingsError, match="cameras has 'front' twice"):
        Settings.from_values({'cameras': ['front', 'front']})


def test_empty_camera_names_are_left_out() -> None:
    assert Settings.from_values({'cameras': ['']}).cameras == ()


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        Settings.from_values({}).top_k = 3  # type: ignore[misc]


@pytest.mark.parametrize('spec', PARAMETERS, ids=name_of)
def test_every_parameter_is_described_in_a_sentence(spec: ParameterSpec) -> None:
    assert spec.description.endswith('.')


def test_a_nul_which_no_path_can_hold_is_refused() -> None:
    with pytest.raises(SettingsError, match='expected text without a NUL'):
        Settings.from_values({'labels_path': '\0'})
