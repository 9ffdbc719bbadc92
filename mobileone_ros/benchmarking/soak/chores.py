"""What happens to a node in its life, and what leaks where it is not undone."""

from __future__ import annotations

from collections.abc import Callable
import itertools
from pathlib import Path
from time import time_ns

from mobileone_ros.benchmark_observer import BenchmarkObserver
from mobileone_ros.benchmarking.camera_process import start_camera
from mobileone_ros.benchmarking.soak.ledger import Ledger
from mobileone_ros.benchmarking.soak.plan import IMAGES, NODE, SoakPlan
from mobileone_ros.processes import Child
from mobileone_ros.soak_operator import Operator, visit

_PATIENCE_S = 120.0
_ABSENT = Path('/nowhere/at_all.onnx')


class Chores:
    """
    Disturb one classifier, and see each time that it classifies again.

    Everything raises ChildFailed where the classifier does not do what it should.
    """

    def __init__(
        self, plan: SoakPlan, classifier: Child, observer: BenchmarkObserver, ledger: Ledger
    ) -> None:
        self._plan = plan
        self._classifier = classifier
        self._observer = observer
        self._ledger = ledger
        self._operator = Operator(observer, NODE, self._wait)
        self._models = itertools.cycle(reversed(plan.models))
        self._camera = self._start_camera()

    def begin(self) -> None:
        """Wait until the classifier answers and classifies."""
        self._operator.greet()
        self.await_result()

    def do_all(self) -> None:
        """Do every chore once."""
        chores: tuple[Callable[[], None], ...] = (
            self.swap_models, self.change_parameters, self.receive_a_visitor,
            self.restart, self.reload, self.restart_the_camera,
        )
        for chore in chores:
            chore()
            self.await_result()

    def await_result(self) -> None:
        """Wait for the result of an image from now on."""
        now = time_ns()
        self._wait(
            lambda: any(stamp > now for stamp, _ in self._observer.arrivals), 'a result'
        )

    def swap_models(self) -> None:
        """Swap the model for the other one, and try one that is not there."""
        self._must_set('model_path', str(next(self._models)))
        if not self._operator.set_parameter('model_path', str(_ABSENT)):
            raise self._classifier.failure(f'it took {_ABSENT} for a model')

    def change_parameters(self) -> None:
        """Change what changes while running, there and back, and have one value refused."""
        for name, value in (
            ('resize_mode', 'letterbox'), ('top_k', 1), ('score_threshold', 0.5),
            ('score_threshold', 0.0), ('top_k', 5), ('resize_mode', 'stretch'),
        ):
            self._must_set(name, value)
        if not self._operator.set_parameter('resize_mode', 'crooked'):
            raise self._classifier.failure("it took 'crooked' for a resize mode")
        for enabled in (False, True):
            if not self._operator.set_enabled(enabled):
                raise self._classifier.failure(f'set_enabled to {enabled} failed')

    def receive_a_visitor(self) -> None:
        """Have a participant come, watch an annotated picture and go."""
        visit(f'{NODE}/image_annotated', self._wait)

    def restart(self) -> None:
        """Deactivate and activate."""
        self._change_state('deactivate')
        self._change_state('activate')

    def reload(self) -> None:
        """Deactivate and free everything, then configure and activate."""
        self.close_the_books()
        for label in ('cleanup', 'configure', 'activate'):
            self._change_state(label)

    def restart_the_camera(self) -> None:
        """End the camera's process and start another."""
        self._camera.stop()
        self._camera = self._start_camera()

    def close_the_books(self) -> None:
        """Deactivate, and add up what came of all that was received since `configure`."""
        self._change_state('deactivate')
        finished = time_ns()
        self._wait(lambda: self._observer.counted_ns > finished, 'diagnostics')
        counts = self._observer.counts
        self._ledger.close(counts)

    def close(self) -> None:
        """End the camera."""
        self._camera.stop()

    def _start_camera(self) -> Child:
        plan = self._plan
        return start_camera(plan.case, IMAGES, plan.folder, plan.environment)

    def _must_set(self, name: str, value: object) -> None:
        reason = self._operator.set_parameter(name, value)
        if reason:
            raise self._classifier.failure(f'{name} could not be set to {value}: {reason}')

    def _change_state(self, label: str) -> None:
        if not self._operator.change_state(label):
            raise self._classifier.failure(f'{label} failed')

    def _wait(self, holds: Callable[[], bool], what: str) -> None:
        def holds_with_a_camera() -> bool:
            self._camera.check()
            return holds()

        self._classifier.wait_for(holds_with_a_camera, what, _PATIENCE_S)
