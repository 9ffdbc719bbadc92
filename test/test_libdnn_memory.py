"""No leak and no invalid access on our side of the BPU's library."""

from __future__ import annotations

import json
import os
from pathlib import Path
import subprocess
import sys

from mobileone_ros.backends.libdnn import open_libdnn
import pytest
from support.standins import (
    build_libdnn,
    compiler,
    libdnn_environment,
    LibDnnStandIn,
    StandInModel,
)

pytest_plugins = ['support.standin_fixtures']

TEST_FOLDER = Path(__file__).parent
PAGE_BYTES = os.sysconf('SC_PAGE_SIZE')


def _resident_bytes() -> int:
    return int(Path('/proc/self/statm').read_text().split()[1]) * PAGE_BYTES


def _reload(path: Path, times: int) -> None:
    for _ in range(times):
        backend = open_libdnn(path)
        slot = backend.open_slot()
        slot.infer()
        slot.close()
        backend.close()


def test_a_thousand_reloads_leak_nothing(libdnn: LibDnnStandIn, tmp_path: Path) -> None:
    path = StandInModel().write(tmp_path / 'model.bin')
    _reload(path, 100)
    before = _resident_bytes()
    _reload(path, 1000)
    assert libdnn.holdings == {'models': 0, 'blocks': 0, 'tasks': 0}
    assert libdnn.count('hbDNNInitializeFromDDR') == libdnn.count('hbDNNRelease') == 1100
    assert libdnn.count('hbSysAllocCachedMem') == libdnn.count('hbSysFreeMem')
    # A leak of one slot's tensors a reload would be 80 MB.
    assert _resident_bytes() - before < 8_000_000


@pytest.fixture(scope='module')
def address_sanitizer() -> str:
    """Return the path of the address sanitizer's runtime."""
    if compiler() is None:
        pytest.skip('the address sanitizer needs a C compiler (cc or gcc)')
    question = [compiler() or 'cc', '-print-file-name=libasan.so']
    answer = subprocess.run(question, check=True, capture_output=True, text=True).stdout.strip()
    if not Path(answer).is_absolute():
        pytest.skip('this compiler comes without the address sanitizer')
    return str(Path(answer).resolve())


def _exercise(
    runtime: str, folder: Path, *mistake: str
) -> subprocess.CompletedProcess[str]:
    """Run the exercise in a child process whose every allocation the sanitizer watches."""
    library = build_libdnn(folder, '-fsanitize=address')
    model = StandInModel().write(folder / 'model.bin')
    environment = {
        **os.environ,
        **libdnn_environment(library),
        'LD_PRELOAD': runtime,
        # Python keeps objects until its end; what our side holds is counted by the stand-in.
        'ASAN_OPTIONS': 'detect_leaks=0',
        'PYTHONMALLOC': 'malloc',
        'PYTHONPATH': os.pathsep.join([str(TEST_FOLDER), *sys.path]),
    }
    script = TEST_FOLDER / 'support' / 'exercise_libdnn.py'
    command = [sys.executable, str(script), str(library), str(model), *mistake]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def test_the_address_sanitizer_finds_nothing(address_sanitizer: str, tmp_path: Path) -> None:
    finished = _exercise(address_sanitizer, tmp_path)
    assert 'AddressSanitizer' not in finished.stderr
    assert finished.returncode == 0, finished.stderr
    left = json.loads(finished.stdout)
    assert left == {'misuse': '', 'models': 0, 'blocks': 0, 'tasks': 0}


def test_the_address_sanitizer_would_find_an_overrun(
    address_sanitizer: str, tmp_path: Path
) -> None:
    finished = _exercise(address_sanitizer, tmp_path, 'overrun')
    assert 'AddressSanitizer: heap-buffer-overflow' in finished.stderr
