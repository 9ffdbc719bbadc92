"""The BPU's library is loaded once, and a library that will not do is named in one sentence."""

from __future__ import annotations

from pathlib import Path

from mobileone_ros.backends.base import BackendUnavailable
from mobileone_ros.backends.libdnn_library import load_library
import pytest
from support.standins import compile_c, compiler, LIBDNN_SOURCES, LibDnnStandIn

pytest_plugins = ['support.standin_fixtures']
needs_compiler = pytest.mark.skipif(compiler() is None, reason='needs a C compiler (cc or gcc)')


def _library(folder: Path, name: str, source: str, *flags: str) -> Path:
    """Compile one C `source` text to a shared library."""
    written = folder / f'{name}.c'
    written.write_text(source)
    return compile_c([written], folder / name, '-fPIC', '-shared', *flags)


def test_the_environment_names_the_library_to_load(libdnn: LibDnnStandIn) -> None:
    assert load_library().name == str(libdnn.path)


def test_the_library_is_loaded_once_a_process(libdnn: LibDnnStandIn) -> None:
    assert load_library() is load_library()


def test_its_version_is_known(libdnn: LibDnnStandIn) -> None:
    assert load_library().version == '1.23.10_(3.15.54 HBRT)'


def test_a_machine_without_the_library_is_told_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv('MOBILEONE_ROS_LIBDNN', str(tmp_path / 'libdnn.so'))
    with pytest.raises(BackendUnavailable, match=r'is not on this machine.*onnxruntime'):
        load_library()


def test_a_machine_that_is_no_board_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv('MOBILEONE_ROS_LIBDNN', raising=False)
    if any(Path(folder, 'libdnn.so').exists() for folder in ('/usr/lib', '/usr/hobot/lib')):
        pytest.skip('this machine is a board')
    with pytest.raises(BackendUnavailable, match=r'^libdnn\.so is not on this machine'):
        load_library()


@needs_compiler
def test_a_missing_dependency_is_named_with_the_search_path(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    needed = _library(
        tmp_path, 'libcnn_intf.so.1', 'int cnn(void) { return 0; }', '-Wl,-soname,libcnn_intf.so.1'
    )
    source = 'int cnn(void); int hbDNNInfer(void) { return cnn(); }'
    library = _library(tmp_path, 'libdnn.so', source, '-Wl,--no-as-needed', str(needed))
    needed.unlink()
    monkeypatch.setenv('MOBILEONE_ROS_LIBDNN', str(library))
    with pytest.raises(BackendUnavailable, match=r'needs libcnn_intf\.so\.1.*LD_LIBRARY_PATH'):
        load_library()


def test_a_file_that_is_no_library_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    text = tmp_path / 'libdnn.so'
    text.write_text('not a library')
    monkeypatch.setenv('MOBILEONE_ROS_LIBDNN', str(text))
    with pytest.raises(BackendUnavailable, match='cannot be loaded'):
        load_library()


@needs_compiler
def test_the_s100_generation_is_recognised(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    source = (LIBDNN_SOURCES / 's100.c').read_text()
    monkeypatch.setenv('MOBILEONE_ROS_LIBDNN', str(_library(tmp_path, 'libdnn.so', source)))
    with pytest.raises(BackendUnavailable, match='S100'):
        load_library()


@needs_compiler
def test_a_library_that_lacks_a_function_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    source = 'const char *hbDNNGetVersion(void) { return "1.0.0"; }'
    monkeypatch.setenv('MOBILEONE_ROS_LIBDNN', str(_library(tmp_path, 'libdnn.so', source)))
    with pytest.raises(BackendUnavailable, match='has no hbDNNGetErrorDesc'):
        load_library()


def test_another_major_version_is_refused(
    libdnn_path: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    newer = tmp_path / 'libdnn.so'
    newer.write_bytes(libdnn_path.read_bytes())
    monkeypatch.setenv('MOBILEONE_ROS_LIBDNN', str(newer))
    monkeypatch.setenv('STANDIN_VERSION', '2.0.1')
    with pytest.raises(BackendUnavailable, match=r'is version 2\.0\.1.*knows version 1\.x'):
        load_library()
