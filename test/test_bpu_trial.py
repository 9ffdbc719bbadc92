"""A BPU model that crashes or never ends costs a child process and a sentence, like any other."""

from __future__ import annotations

import os
from pathlib import Path

from mobileone_ros.backends.base import ModelRejected
from mobileone_ros.backends.libdnn import open_libdnn
from mobileone_ros.loading import LoadError, ModelRequest, open_backend
from mobileone_ros.model_trial import TrialLimits, try_out
from mobileone_ros.models.record import sha256_of, write_record
from mobileone_ros.runners import HOBOT_DNN, LIBDNN, ModelFile, Runner
import pytest
from support.processes import children
from support.standins import LibDnnStandIn, StandInModel, STANDINS

pytest_plugins = ['support.standin_fixtures']


class Silent:
    """A log that nobody reads."""

    def info(self, message: str, /) -> None:
        """Take a message."""

    def warning(self, message: str, /) -> None:
        """Take a message."""


@pytest.fixture(params=[LIBDNN, HOBOT_DNN], ids=lambda runner: runner.name)
def runner(
    request: pytest.FixtureRequest, libdnn: LibDnnStandIn, monkeypatch: pytest.MonkeyPatch
) -> Runner:
    """Return a way to the BPU; the vendor's binding is found by child processes only."""
    monkeypatch.setenv('PYTHONPATH', str(STANDINS))
    chosen: Runner = request.param
    return chosen


def model(folder: Path, *lines: str) -> Path:
    """Write a model that does what further lines say."""
    return StandInModel(extra=lines).write(folder / 'model.bin')


def test_a_sound_model_passes_beside_a_process_that_runs_one(
    runner: Runner, tmp_path: Path
) -> None:
    running = open_libdnn(StandInModel().write(tmp_path / 'running.bin'))
    slot = running.open_slot()
    try_out(runner, ModelFile.read(model(tmp_path, 'name AnotherModel')))
    assert slot.infer().shape == (1000,)
    slot.close()
    running.close()


@pytest.mark.parametrize(
    ('how', 'ending'), [('aborts', 'SIGABRT'), ('crashes', 'SIGSEGV')]
)
def test_a_model_that_ends_the_process_is_refused(
    how: str, ending: str, runner: Runner, libdnn: LibDnnStandIn, tmp_path: Path
) -> None:
    path = model(tmp_path, f'load {how}')
    with pytest.raises(ModelRejected) as caught:
        try_out(runner, ModelFile.read(path))
    assert str(caught.value) == (
        f'{path} ends the process that loads it ({ending}); '
        'it was tried in a process of its own and is refused'
    )
    assert libdnn.holdings == {'models': 0, 'blocks': 0, 'tasks': 0}


def test_a_model_that_never_ends_is_refused(runner: Runner, tmp_path: Path) -> None:
    path = model(tmp_path, 'load hangs')
    with pytest.raises(ModelRejected, match='not loaded and run once within 1 s'):
        try_out(runner, ModelFile.read(path), TrialLimits(seconds=1))
    assert not children(os.getpid())


def test_a_model_for_another_board_is_refused_in_the_loaders_words(
    runner: Runner, tmp_path: Path
) -> None:
    path = StandInModel(march='bernoulli2').write(tmp_path / 'x3.bin')
    with pytest.raises(ModelRejected, match='it is compiled for an RDK X3'):
        try_out(runner, ModelFile.read(path))


def test_a_model_that_nobody_vouches_for_is_tried_before_it_is_loaded(
    libdnn: LibDnnStandIn, tmp_path: Path
) -> None:
    request = ModelRequest(model_path=str(model(tmp_path, 'load aborts')), backend='libdnn')
    with pytest.raises(LoadError, match=r'model\.bin ends the process .*SIGABRT'):
        open_backend(request, Silent())
    assert libdnn.count('hbDNNInitializeFromDDR') == 0


def test_a_model_other_than_the_downloaded_one_is_refused_untried(
    libdnn: LibDnnStandIn, tmp_path: Path
) -> None:
    path = model(tmp_path)
    write_record(path, 'https://example.org/model.bin', sha256_of(path))
    model(tmp_path, 'load aborts')
    with pytest.raises(LoadError, match=r'model\.bin is not what was downloaded'):
        open_backend(ModelRequest(model_path=str(path), backend='libdnn'), Silent())
    assert libdnn.count('hbDNNInitializeFromDDR') == 0


def test_a_file_exchanged_in_its_trial_is_not_what_is_loaded(
    libdnn: LibDnnStandIn, tmp_path: Path
) -> None:
    untried = StandInModel(num_classes=7, colours={}).write(tmp_path / 'untried.bin')
    path = model(tmp_path, f'load moves {untried} {tmp_path / "model.bin"}')

    backend = open_backend(ModelRequest(model_path=str(path), backend='libdnn'), Silent())

    assert not untried.exists()
    assert backend.spec.num_classes == 1000
    backend.close()


def test_where_the_library_reads_the_file_one_exchanged_meanwhile_is_refused(
    path_only_libdnn_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv('MOBILEONE_ROS_LIBDNN', str(path_only_libdnn_path))
    other = StandInModel(num_classes=7, colours={}).write(tmp_path / 'other.bin')
    path = model(tmp_path, f'load moves {other} {tmp_path / "model.bin"}')

    with pytest.raises(ModelRejected, match=r'model\.bin was exchanged while it was loaded'):
        open_libdnn(path)

    assert LibDnnStandIn(path_only_libdnn_path).holdings['models'] == 0


def test_a_library_that_reads_the_file_itself_will_do(
    path_only_libdnn_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv('MOBILEONE_ROS_LIBDNN', str(path_only_libdnn_path))
    backend = open_backend(
        ModelRequest(model_path=str(model(tmp_path)), backend='libdnn'), Silent()
    )
    assert backend.spec.num_classes == 1000
    backend.close()
