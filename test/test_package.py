"""`colcon build` installs a package that works without the checkout."""

from __future__ import annotations

import os
from pathlib import Path
import shutil
import subprocess

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope='module')
def prefix(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the package as an ordinary workspace does, and return where it was installed."""
    workspace = tmp_path_factory.mktemp('workspace')
    (workspace / 'src').mkdir()
    (workspace / 'src' / 'mobileone_ros').symlink_to(ROOT)
    built = subprocess.run(
        ['colcon', 'build'], cwd=workspace, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    return workspace / 'install' / 'mobileone_ros'


def executables_of(prefix: Path) -> list[Path]:
    return sorted((prefix / 'lib' / 'mobileone_ros').iterdir())


def test_the_promised_executables_are_installed(prefix: Path) -> None:
    names = [path.name for path in executables_of(prefix)]
    assert names == [
        'benchmark', 'classifier', 'classify_image', 'evaluate', 'export_model', 'fetch_models',
        'image_publisher', 'quantize_model']


def test_every_installed_executable_tells_its_usage(prefix: Path, tmp_path: Path) -> None:
    site_packages = next(prefix.glob('lib/python3.*/site-packages'))
    environment = os.environ | {'PYTHONPATH': f'{site_packages}:{os.environ["PYTHONPATH"]}'}
    for executable in executables_of(prefix):
        shown = subprocess.run(
            [executable, '--help'], cwd=tmp_path, env=environment, capture_output=True, text=True,
            check=False)
        assert shown.returncode == 0, f'{executable.name}: {shown.stderr}'
        assert 'usage' in shown.stdout.lower()


@pytest.mark.parametrize('folder', ['launch', 'config'])
def test_shared_files_are_installed_as_they_are(prefix: Path, folder: str) -> None:
    installed = prefix / 'share' / 'mobileone_ros' / folder
    sources = [path for path in (ROOT / folder).rglob('*') if path.suffix not in ('', '.pyc')]
    assert sources
    for source in sources:
        copy = installed / source.relative_to(ROOT / folder)
        assert copy.read_bytes() == source.read_bytes()


def test_models_and_labels_are_installed_with_the_code(prefix: Path) -> None:
    site_packages = next(prefix.glob('lib/python3.*/site-packages'))
    data = sorted((ROOT / 'mobileone_ros').glob('*/data/**/*.*'))
    assert {path.suffix for path in data} >= {'.onnx'}
    for source in data:
        assert (site_packages / source.relative_to(ROOT)).read_bytes() == source.read_bytes()


@pytest.mark.skipif(not shutil.which('cc'), reason='no C compiler: install build-essential')
@pytest.mark.parametrize('folder', ['core/kernels', 'arrivals'])
def test_the_parts_in_c_are_installed_with_the_code(prefix: Path, folder: str) -> None:
    site_packages = next(prefix.glob('lib/python3.*/site-packages'))
    assert list(site_packages.glob(f'mobileone_ros/{folder}/_compiled.*.so'))


def test_the_package_is_in_the_ament_index(prefix: Path) -> None:
    index = prefix / 'share' / 'ament_index' / 'resource_index' / 'packages'
    assert [path.name for path in index.iterdir()] == ['mobileone_ros']
