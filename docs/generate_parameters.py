#!/usr/bin/env python3
"""
Bring the tables of docs/parameters.md in line with the parameters that the node declares.

Usage, from the repository's root:

    python3 docs/generate_parameters.py
"""

from __future__ import annotations

from pathlib import Path
import sys
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / 'docs' / 'parameters.md'
sys.path.insert(0, str(ROOT))

from mobileone_ros.settings import PARAMETERS, ParameterSpec  # noqa: E402

_KINDS = {bool: 'true or false', float: 'number', int: 'integer', str: 'text'}


def with_tables(page: str) -> str:
    """Return the page with the text between each pair of markers generated anew."""
    for name, fixed in (('running', False), ('start', True)):
        specs = [spec for spec in PARAMETERS if spec.fixed is fixed]
        before, begin, rest = page.partition(f'<!-- generated: {name} -->\n')
        _, end, after = rest.partition('<!-- end -->')
        if not end:
            raise ValueError(f'{PAGE} has no place for the table {name!r}')
        page = before + begin + _table(specs) + end + after
    return page


def _table(specs: list[ParameterSpec]) -> str:
    head = '| parameter | default | allowed | |\n|---|---|---|---|\n'
    return head + ''.join(
        f'| `{spec.name}` | `{_yaml(spec.default)}` | {_allowed(spec)} | {spec.description} |\n'
        for spec in specs
    )


def _allowed(spec: ParameterSpec) -> str:
    if spec.choices:
        return ', '.join(f'`{choice}`' for choice in spec.choices)
    if spec.is_list:
        return 'three numbers, {:g} to {:g}'.format(*spec.bounds) if spec.bounds else 'texts'
    kind = _KINDS[type(spec.default)]
    return '{}, {:g} to {:g}'.format(kind, *spec.bounds) if spec.bounds else kind


def _yaml(value: Any) -> str:
    """Return a value as it is written in a parameter file."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return f'[{", ".join(_yaml(item) for item in value)}]'
    return "''" if value == '' else str(value)


if __name__ == '__main__':
    PAGE.write_text(with_tables(PAGE.read_text(encoding='utf-8')), encoding='utf-8')
