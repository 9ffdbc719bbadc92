"""Hostile bytes are refused in one sentence: the corpus, its mutations, and a short guided run."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
import subprocess
import sys

from fuzz_targets import CORPUS, Target, TARGETS
from hypothesis import given, HealthCheck, settings, strategies as st
import pytest

GUIDED_RUNS = 5000
MUTATIONS = 300

SEEDS = [
    pytest.param(target, path, id=f'{name}/{path.name}')
    for name, target in TARGETS.items()
    for path in sorted((CORPUS / name).iterdir())
]


@pytest.mark.parametrize(('target', 'path'), SEEDS)
def test_an_input_of_the_corpus_is_taken_or_refused(target: Target, path: Path) -> None:
    target(path.read_bytes())


def mutations(seeds: list[bytes]) -> st.SearchStrategy[bytes]:
    """Return inputs with some bytes of a seed replaced by others, longer or shorter."""
    edit = st.tuples(st.floats(0, 1), st.integers(0, 8), st.binary(max_size=8))

    def edited(seed: bytes, edits: list[tuple[float, int, bytes]]) -> bytes:
        data = bytearray(seed)
        for place, removed, added in edits:
            start = int(place * len(data))
            data[start:start + removed] = added
        return bytes(data)

    return st.builds(edited, st.sampled_from(seeds), st.lists(edit, max_size=6))


@pytest.mark.parametrize('name', TARGETS)
def test_mutations_of_the_corpus_are_taken_or_refused(name: str) -> None:
    seeds = [path.read_bytes() for path in sorted((CORPUS / name).iterdir())]

    @settings(
        max_examples=MUTATIONS, deadline=None, database=None,
        suppress_health_check=[HealthCheck.too_slow],
    )
    @given(mutations(seeds))
    def hold(data: bytes) -> None:
        TARGETS[name](data)

    hold()


@pytest.mark.skipif(
    find_spec('atheris') is None, reason='atheris is not installed; `pip install atheris` adds it'
)
@pytest.mark.parametrize('name', TARGETS)
def test_a_short_run_guided_by_coverage_finds_nothing(name: str, tmp_path: Path) -> None:
    program = Path(__file__).with_name('fuzz.py')
    command = [sys.executable, program, name, f'-runs={GUIDED_RUNS}', '-seed=1']

    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    assert run.returncode == 0, run.stderr[-4000:]
    assert 'Done' in run.stderr
