"""Draw a soak: memory, handles and threads, and the age of results over time."""

from __future__ import annotations

from pathlib import Path

from mobileone_ros.benchmarking.soak.outcome import SoakOutcome
from mobileone_ros.benchmarking.soak.plan import warm_up

_SIZE_INCHES = (10.0, 8.0)
_DOTS_PER_INCH = 120
_PANELS = {
    'memory (MiB)': {
        'resident_mib': 'resident', 'proportional_mib': 'proportional (PSS)', 'own_mib': 'own',
    },
    'count': {'handles': 'open handles', 'threads': 'threads'},
    'age of results (ms)': {'age_p50_ms': 'median', 'age_p99_ms': 'p99'},
}


def plot_soak(outcome: SoakOutcome, path: Path) -> None:
    """Write a PNG file; the warm-up is shaded."""
    # The object-oriented interface needs no display and keeps no global state.
    from matplotlib.figure import Figure

    windows = outcome.windows
    minutes = [window.end_s / 60 for window in windows]
    warm = warm_up(len(windows))
    drawing = Figure(figsize=_SIZE_INCHES, layout='constrained')
    panels = drawing.subplots(len(_PANELS), sharex=True)
    for axes, (label, lines) in zip(panels, _PANELS.items(), strict=True):
        for name, words in lines.items():
            values = [getattr(window, name) for window in windows]
            axes.plot(minutes, values, 'o-', markersize=3, label=words)
        if warm:
            axes.axvspan(0, minutes[warm - 1], color='C7', alpha=0.2, label='warm-up')
        axes.set_ylabel(label)
        axes.set_ylim(0, axes.get_ylim()[1] * 1.1)
        axes.grid(alpha=0.3)
        axes.legend(fontsize='small', loc='upper left', bbox_to_anchor=(1.01, 1.0))
    panels[-1].set_xlabel('time (minutes)')
    # One result in a thousand that waited for the processor would flatten all the others.
    panels[-1].set_yscale('log')
    panels[-1].set_ylim(bottom=1)
    drawing.savefig(path, format='png', dpi=_DOTS_PER_INCH)
