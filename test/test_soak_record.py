"""What a soak records and makes of it: footprints, windows, books, the outcome on paper."""

from __future__ import annotations

from collections.abc import Sequence
import json
import mmap
import os
from pathlib import Path
import subprocess
import sys
import threading

import cv2
from hypothesis import given, strategies as st
from mobileone_ros.benchmarking.soak.bounds import soak_bounds
from mobileone_ros.benchmarking.soak.footprint import Footprint, read_footprint
from mobileone_ros.benchmarking.soak.ledger import Ledger
from mobileone_ros.benchmarking.soak.outcome import conclude, SoakOutcome
from mobileone_ros.benchmarking.soak.plan import LEAST_WINDOWS, warm_up
from mobileone_ros.benchmarking.soak.report import soak_json, soak_markdown
from mobileone_ros.benchmarking.soak.trend import LEAST_POINTS
from mobileone_ros.benchmarking.soak.window import SoakWindow
import pytest

BOUNDS = soak_bounds(memory_mib=8.0, latency_ms=50.0)
BALANCED = {'received': 100, 'published': 90, 'in_flight': 0, 'dropped_superseded': 10}


# --- Footprint ---------------------------------------------------------------------------------


def own_footprint() -> Footprint:
    return read_footprint(os.getpid())


def test_memory_that_is_written_to_is_a_process_own() -> None:
    before = own_footprint()
    # Not from the heap, which may hold as much in pages that an earlier test gave back.
    with mmap.mmap(-1, 64 << 20, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS) as kept:
        for _ in range(len(kept) >> 20):
            kept.write(b'x' * (1 << 20))
        after = own_footprint()

    assert 60 < after.own_mib - before.own_mib < 80
    assert after.resident_mib > after.proportional_mib > after.own_mib


def test_an_open_file_is_a_handle_and_a_waiting_thread_a_thread() -> None:
    before = own_footprint()
    leave = threading.Event()
    thread = threading.Thread(target=leave.wait)
    thread.start()
    with Path(__file__).open():
        during = own_footprint()
    leave.set()
    thread.join()

    assert during.handles == before.handles + 1
    assert during.threads == before.threads + 1


def test_a_kernel_without_exact_figures_is_asked_for_the_others(tmp_path: Path) -> None:
    process = tmp_path / '7'
    (process / 'fd').mkdir(parents=True)
    (process / 'fd' / '0').touch()
    (process / 'status').write_text(
        'Name:\tpython3\nVmRSS:\t    4096 kB\nRssAnon:\t    2048 kB\nVmSwap:\t     512 kB\n'
        'Threads:\t3\n'
    )

    assert read_footprint(7, tmp_path) == Footprint(2.5, 4.0, 0.0, 1, 3)


def test_a_process_that_has_ended_cannot_be_looked_at() -> None:
    ended = subprocess.Popen([sys.executable, '-c', ''])
    ended.wait()

    with pytest.raises(OSError, match=str(ended.pid)):
        read_footprint(ended.pid)


# --- Windows -----------------------------------------------------------------------------------


def test_a_window_is_the_medians_of_its_rest() -> None:
    footprints = [Footprint(10.0 + mib, 20.0, 15.0, 5, 3) for mib in (0, 100, 1)]
    window = SoakWindow.of((0.0, 4.0, 9.0), footprints, [1.0] * 98 + [50.0, 90.0])

    assert (window.own_mib, window.handles, window.threads) == (11.0, 5, 3)
    assert window.results == 100
    assert window.age_p50_ms == 1.0
    assert 50.0 < window.age_p99_ms < 90.0


@given(st.integers(LEAST_WINDOWS, 10_000))
def test_enough_windows_for_a_verdict_are_left_after_the_warm_up(windows: int) -> None:
    assert windows - warm_up(windows) >= LEAST_POINTS


# --- Books -------------------------------------------------------------------------------------


def ledger_of(counts: dict[str, int], stamps: Sequence[int]) -> Ledger:
    ledger = Ledger()
    ledger.note_results(stamps)
    ledger.close(counts)
    return ledger


def test_books_add_up_over_everything_that_was_closed() -> None:
    ledger = ledger_of(BALANCED, range(90))
    ledger.note_results(range(100, 188))
    ledger.close(BALANCED)

    assert ledger.faults(imbalances=0) == []
    assert ledger.summary() == (
        '200 images received = 180 published + 20 dropped (20 superseded); '
        '178 results seen, 2 missed'
    )


@pytest.mark.parametrize(('counts', 'stamps', 'imbalances', 'fault'), [
    ({**BALANCED, 'received': 101}, range(90), 0,
     '101 images received are not 90 published and 10 dropped; 0 were in flight'),
    ({**BALANCED, 'published': 89, 'in_flight': 1}, range(89), 0, '1 were in flight when'),
    (BALANCED, [*range(90), 5], 0, '1 results came twice'),
    (BALANCED, range(91), 0, '91 results came of 90 that were published'),
    (BALANCED, range(90), 3, '3 diagnostics had counters that do not add up'),
])
def test_what_does_not_add_up_is_told(
    counts: dict[str, int], stamps: Sequence[int], imbalances: int, fault: str
) -> None:
    assert fault in ledger_of(counts, stamps).faults(imbalances)[0]


def test_a_result_that_comes_again_in_the_next_window_is_told() -> None:
    ledger = Ledger()
    ledger.note_results([1, 2, 3])
    ledger.note_results([3, 4])

    assert ledger.repeated == 1


# --- Outcome -----------------------------------------------------------------------------------


def windows_of(count: int = 24, **slopes: float) -> list[SoakWindow]:
    """Return windows whose quantities grow by so much each."""
    level = {
        'age_p50_ms': 5.0, 'age_p99_ms': 9.0, 'own_mib': 80.0, 'resident_mib': 200.0,
        'proportional_mib': 100.0, 'handles': 20.0, 'threads': 17.0,
    }
    return [
        SoakWindow(
            start_s=30.0 * index, rest_s=30.0 * index + 6, end_s=30.0 * index + 30, results=200,
            **{name: value + slopes.get(name, 0.0) * index for name, value in level.items()},
        )
        for index in range(count)
    ]


def outcome_of(windows: Sequence[SoakWindow], failure: str = '') -> SoakOutcome:
    return conclude(windows, BOUNDS, ledger_of(BALANCED, range(90)), 0, failure)


def test_a_soak_in_which_nothing_grows_has_passed() -> None:
    outcome = outcome_of(windows_of())

    assert outcome.passed
    assert len(outcome.sentences()) == len(BOUNDS) + 2
    assert outcome.sentences()[-1] == 'PASSED'


@pytest.mark.parametrize('bound', BOUNDS, ids=lambda bound: bound.quantity)
def test_each_quantity_that_grows_fails_the_soak_alone(bound) -> None:
    outcome = outcome_of(windows_of(**{bound.quantity: 10.0}))

    assert not outcome.passed
    assert [verdict.bound for verdict in outcome.verdicts if verdict.is_leak] == [bound]
    assert sum('GROWS' in sentence for sentence in outcome.sentences()) == 1


def test_growth_in_the_warm_up_is_not_judged() -> None:
    windows = windows_of(own_mib=50.0)
    level = windows[warm_up(24):][0]

    assert outcome_of([*windows[:warm_up(24)], *[
        SoakWindow.of((30.0 * index, 30.0 * index, 30.0 * index + 30), [
            Footprint(level.own_mib, 200.0, 100.0, 20, 17)
        ], [5.0])
        for index in range(warm_up(24), 24)
    ]]).passed


def test_counters_that_do_not_add_up_fail_the_soak() -> None:
    outcome = conclude(windows_of(), BOUNDS, ledger_of(BALANCED, range(90)), imbalances=1)

    assert not outcome.passed
    assert 'counters: 1 diagnostics had counters that do not add up' in outcome.sentences()


def test_a_soak_that_ended_early_has_failed_but_says_what_it_saw() -> None:
    outcome = outcome_of(windows_of(), failure='classifier: ended with -11')

    assert not outcome.passed
    assert 'ended early: classifier: ended with -11' in outcome.sentences()
    assert len(outcome.verdicts) == len(BOUNDS)


def test_too_few_windows_give_no_verdict_and_no_pass() -> None:
    outcome = outcome_of(windows_of(LEAST_WINDOWS - 1))

    assert not outcome.passed
    told = '\n'.join(outcome.sentences())
    assert f'no verdict: {LEAST_WINDOWS - 1} of {LEAST_WINDOWS} windows were taken' in told


# --- On paper ----------------------------------------------------------------------------------


def test_the_report_has_a_row_and_a_sentence_for_each_quantity() -> None:
    outcome = outcome_of(windows_of(handles=1.0))
    text = soak_markdown(outcome, 'a camera')

    assert '12.0 minutes in 24 windows, of which the first 6 are the warm-up' in text
    assert '| open handles (handles) | 27.0 | 42.0 | +120.00 (+120.00 to +120.00) |' in text
    for sentence in outcome.sentences():
        assert f'- {sentence}' in text


def test_the_json_report_has_every_window_and_verdict() -> None:
    report = json.loads(json.dumps(soak_json(outcome_of(windows_of()))))

    assert report['passed'] is True
    assert len(report['windows']) == 24
    assert set(report['verdicts']) == {bound.quantity for bound in BOUNDS}


def test_the_plot_is_a_picture_even_without_a_warm_up(tmp_path: Path) -> None:
    from mobileone_ros.benchmarking.soak.plot import plot_soak

    for count in (1, 24):
        path = tmp_path / f'{count}.png'
        plot_soak(outcome_of(windows_of(count)), path)
        assert cv2.imread(str(path)).std() > 0
