"""Kernels: what they refuse, where they are built, and that the package works without them."""

from __future__ import annotations

import os
from pathlib import Path
import shutil
import subprocess
import sys
import sysconfig

from mobileone_ros.core import kernels
import numpy as np
import pytest
from support.exercise_kernels import load

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / 'mobileone_ros' / 'core' / 'kernels'
SOURCES = sorted(str(path) for path in FOLDER.glob('*.c'))
WITH_PYTHON = ('-std=c11', '-isystem', sysconfig.get_path('include'))
WITHOUT_AVX2 = '-DWITHOUT_AVX2'
WITHOUT_VECTORS = ('-U__SSE2__', '-U__ARM_NEON')
NOTHING = (1.0, 1.0, 1.0), (0.0, 0.0, 0.0)


@pytest.fixture
def compiled():
    """Return the kernels, or skip where the package was installed without a compiler."""
    if kernels.compiled is None:
        pytest.skip('the kernels were not compiled: install a C compiler and build anew')
    return kernels.compiled


def build(module: Path, *options: str) -> Path:
    """Build the kernels with GCC as one file."""
    subprocess.run(
        ['gcc', *WITH_PYTHON, '-shared', '-fPIC', *options, *SOURCES, '-lm', '-o', module],
        check=True)
    return module


@pytest.mark.skipif(not shutil.which('cc'), reason='no C compiler: install build-essential')
def test_they_are_there_where_a_compiler_is():
    assert kernels.compiled is not None, 'build the package anew; it takes python3-dev as well'


@pytest.mark.skipif(not shutil.which('cc'), reason='no C compiler: install build-essential')
def test_they_build_without_a_warning():
    said = subprocess.run(
        ['cc', *WITH_PYTHON, '-Wall', '-Wextra', '-Wconversion', '-fsyntax-only', *SOURCES],
        capture_output=True, text=True, check=True)
    assert said.stderr == ''


@pytest.mark.skipif(not shutil.which('gcc'), reason='no GCC, whose sanitizers it takes')
@pytest.mark.parametrize('options', [(), (WITHOUT_AVX2,)], ids=['as they are', 'without AVX2'])
def test_they_touch_no_byte_beside_their_arrays(tmp_path, options):
    module = build(
        tmp_path / '_compiled.so', '-O1', '-fsanitize=address,undefined',
        '-fno-sanitize-recover=all', *options)
    libraries = [
        subprocess.run(['gcc', f'-print-file-name={name}'], capture_output=True, text=True,
                       check=True).stdout.strip()
        for name in ('libasan.so', 'libubsan.so')]
    # Python's own allocator would hide where an array ends, and keeps things until its own end.
    environment = {'LD_PRELOAD': ':'.join(libraries), 'PYTHONMALLOC': 'malloc',
                   'ASAN_OPTIONS': 'detect_leaks=0'}
    ran = subprocess.run(
        [sys.executable, ROOT / 'test/support/exercise_kernels.py', module],
        env=os.environ | environment, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout == '400 rounds\n'


@pytest.mark.skipif(not shutil.which('gcc'), reason='no GCC to build them anew')
@pytest.mark.parametrize(
    'options', [(WITHOUT_AVX2,), (WITHOUT_AVX2, *WITHOUT_VECTORS)],
    ids=['without AVX2', 'without vectors'])
def test_another_processor_gives_the_same_bits(compiled, tmp_path, options):
    plain = load(build(tmp_path / '_compiled.so', '-O3', *options))
    random = np.random.default_rng(0)
    for _ in range(200):
        picture = random.integers(0, 256, (*random.integers(1, 40, 2), 3), np.uint8)
        planes = np.zeros((2, 3, *random.integers(1, 40, 2)), np.float32)
        scale, offset = random.normal(size=(2, 3))
        for kernel, out in zip((compiled, plain), planes, strict=True):
            kernel.resample(picture, out, tuple(scale), tuple(offset))
        assert np.array_equal(*planes)


def test_without_a_compiler_the_package_builds_all_the_same(tmp_path):
    built = subprocess.run(
        [sys.executable, 'setup.py', 'build_ext', '--build-lib', tmp_path,
         '--build-temp', tmp_path],
        cwd=ROOT, env=os.environ | {'CC': 'false'}, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    assert not list(tmp_path.rglob('*.so'))


@pytest.mark.parametrize(
    'picture',
    [np.zeros((4, 4), np.uint8), np.zeros((4, 4, 4), np.uint8), np.zeros((4, 4, 3), np.int8),
     np.zeros((4, 8, 3), np.uint8)[:, ::2], np.zeros((4, 4, 6), np.uint8)[..., ::2],
     np.zeros((0, 4, 3), np.uint8), np.zeros((4, 0, 3), np.uint8)],
    ids=['grey', 'four channels', 'signed', 'every other pixel', 'every other sample', 'no row',
         'no column'],
)
def test_an_array_that_is_no_picture_is_refused(compiled, picture):
    with pytest.raises(ValueError, match=r'uint8 of shape \(height, width, 3\)'):
        compiled.resample(picture, np.zeros((3, 2, 2), np.float32), *NOTHING)


@pytest.mark.parametrize(
    'planes',
    [np.zeros((2, 2), np.float32), np.zeros((4, 2, 2), np.float32), np.zeros((3, 2, 2)),
     np.zeros((3, 2, 4), np.float32)[..., ::2], np.zeros((3, 0, 2), np.float32),
     np.zeros((3, 2, 0), np.float32)],
    ids=['one plane', 'four planes', 'double', 'every other', 'no row', 'no column'],
)
def test_an_array_that_is_no_planes_is_refused(compiled, planes):
    with pytest.raises(ValueError, match=r'float32 of shape \(3, height, width\)'):
        compiled.resample(np.zeros((4, 4, 3), np.uint8), planes, *NOTHING)


def test_planes_that_cannot_be_written_are_refused(compiled):
    planes = np.zeros((3, 2, 2), np.float32)
    planes.flags.writeable = False
    with pytest.raises(ValueError, match='read-only'):
        compiled.resample(np.zeros((4, 4, 3), np.uint8), planes, *NOTHING)


def test_nothing_around_the_planes_is_written(compiled):
    around = np.full((3, 8, 9), 7, np.float32)
    compiled.resample(np.full((5, 3, 3), 255, np.uint8), around[:, 2:6, 3:8], *NOTHING)
    assert (around[:, 2:6, 3:8] == 255).all()
    around[:, 2:6, 3:8] = 7
    assert (around == 7).all()


def test_a_picture_may_stand_on_its_head(compiled):
    picture = np.random.default_rng(0).integers(0, 256, (6, 5, 3), np.uint8)
    planes = np.zeros((3, 6, 5), np.float32)
    compiled.resample(picture[::-1], planes[:, ::-1], *NOTHING)
    assert np.array_equal(planes, picture.transpose(2, 0, 1))


@pytest.mark.parametrize(
    ('logits', 'k'),
    [(np.zeros(4), 2), (np.zeros((2, 2), np.float32), 2), (np.zeros(0, np.float32), 2),
     (np.zeros(4, np.float32), 0)],
    ids=['double', 'matrix', 'none', 'k'],
)
def test_logits_of_another_kind_are_refused(compiled, logits, k):
    with pytest.raises(ValueError, match='top_k takes float32'):
        compiled.top_k(logits, k, 0.0)


def test_logits_may_lie_apart(compiled):
    logits = np.array([0, 9, 3, 9, 1, 9], np.float32)[::2]
    assert [index for index, _ in compiled.top_k(logits, 2, 0.0)] == [1, 2]
