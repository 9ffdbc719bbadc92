"""The ROS shell of the classifier: a managed node that wires subscriptions to the pipeline."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
import threading
from typing import Any, TYPE_CHECKING

from mobileone_ros.backends.base import BackendError
from mobileone_ros.bond import ManagerBond
from mobileone_ros.configured import Configured
from mobileone_ros.core.classifier import Classifier
from mobileone_ros.core.counters import DropCause
from mobileone_ros.core.frame import Frame
from mobileone_ros.core.pipeline import PipelineBusy
from mobileone_ros.executor import call_soon, forget_destroyed
from mobileone_ros.input_stream import InputStream
from mobileone_ros.lifecycle import logged_transition, refuse_impossible_transitions
from mobileone_ros.loading import LoadError
from mobileone_ros.message_info import WithMessageInfo
from mobileone_ros.message_source import open_intake, TakenByWorkers
from mobileone_ros.messages import named_frame
from mobileone_ros.model_loader import model_request, ModelLoader
from mobileone_ros.parameter_services import Changes, PatientParameterServices, Preparation
from mobileone_ros.parameters import changed_settings, declare_parameters
from mobileone_ros.reporter import DiagnosticsReporter
from mobileone_ros.settings import Settings, SettingsError
from mobileone_ros.shared_models import process_models, SharedModels
from mobileone_ros.transports import transport_of
from mobileone_ros.watch import Watch
from rcl_interfaces.msg import SetParametersResult
from rclpy.clock import Clock, ClockType
from rclpy.lifecycle import LifecycleNode, TransitionCallbackReturn
from rclpy.parameter import Parameter
from std_srvs.srv import SetBool

if TYPE_CHECKING:
    from rclpy.context import Context
    from rclpy.lifecycle import LifecycleState
    from rclpy.subscription import Subscription
    from rclpy.waitable import Waitable

_LOG_PERIOD_S = 5.0
_REPORT_PERIOD_S = 1.0
_WATCH_PERIOD_S = 0.2
_DRAIN_TIMEOUT_S = 5.0
_ONLY_CAMERA = ('',)

_SUCCESS = TransitionCallbackReturn.SUCCESS
_FAILURE = TransitionCallbackReturn.FAILURE


class ClassifierNode(LifecycleNode):
    """
    Classify images from camera topics with one MobileOne.

    configure loads and warms the model, activate subscribes, deactivate finishes what was
    received, cleanup frees everything. With `autostart` the node takes the first two steps by
    itself once it is spun. It lives in any executor, beside other nodes: threads of its own take
    the images and do all work.
    """

    def __init__(
        self,
        node_name: str = 'mobileone_classifier',
        *,
        namespace: str | None = None,
        context: Context | None = None,
        parameter_overrides: Sequence[Parameter[Any]] | None = None,
        cli_args: Sequence[str] | None = None,
        models: SharedModels | None = None,
        **node_arguments: Any,
    ) -> None:
        """
        Declare parameters and offer services.

        Nodes with the same `models` load a file once between them; without it, all nodes of the
        process do. Raises SettingsError where a parameter cannot be used.
        """
        super().__init__(
            node_name,
            namespace=namespace,
            context=context,
            parameter_overrides=None if parameter_overrides is None else [*parameter_overrides],
            cli_args=None if cli_args is None else [*cli_args],
            **node_arguments,
        )
        self._configured: Configured | None = None
        self._watch: Watch | None = None
        self._bond = ManagerBond(self)
        self._streams: dict[str, InputStream] = {}
        # Somebody else's executor may run transitions and parameter services at the same time.
        self._control = threading.RLock()
        self._models = ModelLoader(
            self.get_logger(), process_models() if models is None else models
        )
        try:
            self._settings = declare_parameters(self)
            self._transport = transport_of(self._settings)
        except SettingsError:
            self.destroy_node()
            raise
        self._cameras = self._settings.cameras or _ONLY_CAMERA
        self._intake = open_intake(self._cameras)
        if self._intake is None:
            self.get_logger().info(
                "the executor takes images: the package's part in C, or rcl's library, is missing"
            )
        self._streams = {camera: self._make_stream(camera) for camera in self._cameras}
        self.add_on_set_parameters_callback(self._on_set_parameters)
        self._parameter_services = PatientParameterServices(self, self._prepare)
        self._reporter = DiagnosticsReporter(self, self._streams)
        self.create_timer(
            _REPORT_PERIOD_S, self._report, clock=Clock(clock_type=ClockType.STEADY_TIME)
        )
        self.create_service(SetBool, '~/set_enabled', self._on_set_enabled)
        refuse_impossible_transitions(self)
        if self._settings.autostart:
            call_soon(self, self._start_by_itself)

    @property
    def subscriptions(self) -> Iterator[Subscription[Any]]:
        """Return the subscriptions that executors serve, which those of images are not."""
        return (
            each for each in super().subscriptions if not isinstance(each.callback, TakenByWorkers)
        )

    @property
    def waitables(self) -> Iterator[Waitable[Any]]:
        """Return what else executors wait for, without the events of images' subscriptions."""
        hidden = {
            id(handler) for each in super().subscriptions
            if isinstance(each.callback, (TakenByWorkers, WithMessageInfo))
            for handler in each.event_handlers
        }
        return (each for each in super().waitables if id(each) not in hidden)

    @property
    def settings(self) -> Settings:
        """Return the parameters' values as one snapshot."""
        return self._settings

    @property
    def classifier(self) -> Classifier | None:
        """Return what the next image meets, None while the node is not configured."""
        configured = self._configured
        return None if configured is None else configured.pipeline.classifier

    @logged_transition
    def on_configure(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Load and warm the model, and advertise the results."""
        with self._control:
            try:
                classifier = self._models.load(self._settings)
            except LoadError as error:
                return self._fail(str(error))
            try:
                self._configured = Configured(
                    self, self._cameras, classifier, self._decode, self._on_drop, self._intake
                )
            except RuntimeError:
                classifier.backend.close()
                raise
            self._configured.pipeline.set_enabled(self._settings.enabled)
            self._watch = Watch(_WATCH_PERIOD_S, partial(self._look_after, self._configured))
            return super().on_configure(state)

    @logged_transition
    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Start the workers and subscribe."""
        with self._control:
            assert self._configured is not None
            try:
                self._configured.pipeline.start()
            except BackendError as error:
                return self._fail(f'the model cannot run: {error}')
            self._reporter.last_failure = ''
            result = super().on_activate(state)
            self._configured.tell_metadata(self._settings)
            for stream in self._streams.values():
                stream.subscribe()
            if not self._settings.autostart:
                self._bond.form()
            return result

    @logged_transition
    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Unsubscribe, and finish and publish what was received."""
        with self._control:
            self._bond.end()
            self._unsubscribe()
            if self._configured is not None:
                self._tell_unfinished(self._configured.pipeline.stop(_DRAIN_TIMEOUT_S))
            return super().on_deactivate(state)

    @logged_transition
    def on_cleanup(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Free the model and take the results' topics down."""
        with self._control:
            self._release()
            return super().on_cleanup(state)

    @logged_transition
    def on_shutdown(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Finish what was received and free everything, from any state."""
        with self._control:
            self._release()
            return super().on_shutdown(state)

    @logged_transition
    def on_error(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Free everything, so that the node can be configured anew."""
        with self._control:
            self._release()
            return _SUCCESS

    def cancel_loading(self) -> None:
        """Load no more models, and end the trial of one that is being loaded. Any thread."""
        self._models.cancel()

    def destroy_node(self) -> None:
        """Free everything, threads included, whatever the state."""
        with self._control:
            self._release()
            self._bond.close()
        self._models.close()
        super().destroy_node()
        # rclpy leaves it to the garbage collector, and with it the participant: for good where a
        # thread that hangs refers to this node.
        self._state_machine.destroy_when_not_in_use()

    def _start_by_itself(self) -> None:
        if self.trigger_configure() == _SUCCESS:
            self.trigger_activate()

    def _fail(self, reason: str) -> TransitionCallbackReturn:
        self.get_logger().error(reason)
        self._reporter.last_failure = reason
        return _FAILURE

    def _report(self) -> None:
        for stream in self._streams.values():
            stream.adapt()
        state = self._state_machine.current_state[1]
        self._reporter.report(state, self._settings, self._configured)
        forget_destroyed(self)

    def _look_after(self, configured: Configured) -> None:
        """Replace workers that hang, and tell at once where the model begins to fail."""
        configured.pipeline.replace_hung_workers()
        self._reporter.report_first_failure(self._state_machine.current_state[1], configured)

    def _make_stream(self, camera: str) -> InputStream:
        return InputStream(
            self, self._transport.message_type, self._transport.topic(self, camera),
            self._settings.qos_reliability, partial(self._submit, camera),
            None if self._intake is None else self._intake.sources[camera],
        )

    def _submit(self, camera: str, message: bytes) -> None:
        if self._configured is not None:
            self._configured.pipeline.submit(camera, message)

    def _decode(self, message: bytes) -> Frame:
        return named_frame(self._transport.decode(message), self._settings.frame_id)

    def _on_drop(self, camera: str, cause: DropCause, reason: str) -> None:
        topic = self._streams[camera].topic
        if cause is DropCause.MALFORMED:
            self._reporter.note_malformed(camera, reason)
            self.get_logger().warning(
                f'dropped an image of {topic}: {reason}', throttle_duration_sec=_LOG_PERIOD_S
            )
        elif cause in (DropCause.BACKEND_ERROR, DropCause.PUBLISH_ERROR):
            self.get_logger().error(
                f'dropped an image of {topic}: {reason}', throttle_duration_sec=_LOG_PERIOD_S
            )

    def _prepare(self, changes: Changes) -> Preparation | None:
        """Return what must be loaded before these changes can be set, None for nothing."""
        settings = changed_settings(self, changes)
        if settings is None or self._configured is None:
            return None
        if model_request(settings) == model_request(self._settings):
            return None
        return partial(self._models.prepare, settings)

    def _on_set_parameters(self, changes: Changes) -> SetParametersResult:
        with self._control:
            try:
                settings = changed_settings(self, changes)
                if settings is not None:
                    self._go_over(settings)
            except (SettingsError, LoadError, BackendError, PipelineBusy) as error:
                return SetParametersResult(successful=False, reason=str(error))
            return SetParametersResult(successful=True)

    def _go_over(self, settings: Settings) -> None:
        """Go over to other settings as a whole, or raise and keep the present ones."""
        if self._configured is not None:
            self._configured.go_over(self._settings, settings, self._models)
        self._settings = settings

    def _on_set_enabled(
        self, request: SetBool.Request, response: SetBool.Response
    ) -> SetBool.Response:
        result = self.set_parameters([Parameter('enabled', value=request.data)])[0]
        response.success = result.successful
        response.message = result.reason or ('enabled' if request.data else 'disabled')
        return response

    def _unsubscribe(self) -> None:
        for stream in self._streams.values():
            stream.unsubscribe()

    def _release(self) -> None:
        self._bond.end()
        self._unsubscribe()
        if self._watch is not None:
            self._watch.close()
            self._watch = None
        configured, self._configured = self._configured, None
        if configured is not None:
            self._tell_unfinished(configured.close(_DRAIN_TIMEOUT_S))

    def _tell_unfinished(self, drained: bool) -> None:
        if not drained:
            self.get_logger().warning('images that were not finished in time are dropped')


def main(argv: Sequence[str] | None = None) -> int:
    """Run the classifier until Ctrl-C or SIGTERM; return the exit code."""
    from mobileone_ros import command_line

    return command_line.main(argv)
