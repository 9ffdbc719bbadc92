#!/usr/bin/env python3
"""
Fuzz one decoder, guided by the coverage of this package's code (needs the atheris package).

    python3 test/fuzz/fuzz.py TARGET [FOLDER] [-max_total_time=600] [-runs=N] [-jobs=N] …

Inputs that reach new code are kept in FOLDER, the committed corpus is read and left alone. Options
are libFuzzer's. A finding ends the run with the traceback and leaves its input as crash-….
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
import sys
import tempfile

MEMORY_MB = 2048
SECONDS_PER_INPUT = 10


def main(argv: Sequence[str]) -> int:
    """Run libFuzzer, which ends the process by itself; return 2 for bad usage."""
    sys.path.insert(0, str(Path(__file__).parents[2]))
    import atheris

    with atheris.instrument_imports(include=['mobileone_ros']):
        from fuzz_targets import CORPUS, TARGETS
    if not argv or argv[0] not in TARGETS:
        print(f'fuzz: error: name one of {", ".join(TARGETS)}', file=sys.stderr)
        return 2
    name, *rest = argv
    options = [word for word in rest if word.startswith('-')]
    folders = [word for word in rest if not word.startswith('-')]
    with tempfile.TemporaryDirectory(prefix='fuzz_') as scratch:
        limits = [f'-rss_limit_mb={MEMORY_MB}', f'-timeout={SECONDS_PER_INPUT}']
        places = [*(folders or [scratch]), str(CORPUS / name)]
        atheris.Setup([sys.argv[0], *limits, *options, *places], TARGETS[name])
        atheris.Fuzz()
    return 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
