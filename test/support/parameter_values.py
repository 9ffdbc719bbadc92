"""Values for parameters: those that must be taken, and those that come by mistake."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from mobileone_ros.settings import PARAMETERS, ParameterSpec

anything: st.SearchStrategy[Any] = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**63), 2**63 - 1), st.floats(), st.text(max_size=8),
    st.lists(st.integers(-(2**63), 2**63 - 1), max_size=4),
    st.lists(st.floats(), max_size=4),
    st.lists(st.text(max_size=4), max_size=4),
    st.sampled_from([choice for spec in PARAMETERS for choice in spec.choices]),
)


def valid(spec: ParameterSpec) -> st.SearchStrategy[Any]:
    """Return values that a parameter must take."""
    if spec.choices:
        return st.sampled_from(spec.choices)
    if spec.name == 'cameras':
        return st.lists(st.sampled_from(['front', 'rear', 'left_2']), unique=True)
    if spec.is_list:
        assert spec.bounds is not None
        return st.lists(st.floats(*spec.bounds), min_size=3, max_size=3)
    if spec.bounds and isinstance(spec.default, int):
        return st.integers(*map(int, spec.bounds))
    if spec.bounds:
        return st.floats(*spec.bounds)
    without_nul = st.characters(codec='utf-8', min_codepoint=1)
    text = st.text(without_nul, max_size=8)
    return st.booleans() if isinstance(spec.default, bool) else text
