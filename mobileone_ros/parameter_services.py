"""
Answer parameter requests that take long without blocking the executor meanwhile.

A change of model must be loaded before `ros2 param set` can be told truthfully whether it worked,
and that takes up to seconds. rclpy's own services would block their executor for so long, and
with it the images, timers and neighbours that it serves.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from contextlib import AbstractContextManager, suppress
import threading
from typing import Any, TYPE_CHECKING, TypeAlias

from mobileone_ros.parameters import read_change
from rcl_interfaces.msg import SetParametersResult
from rcl_interfaces.srv import SetParameters, SetParametersAtomically
from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.impl.implementation_singleton import rclpy_implementation
from rclpy.parameter import Parameter
from rclpy.qos import qos_profile_parameters
from rclpy.task import Future

if TYPE_CHECKING:
    from rclpy.node import Node

Changes: TypeAlias = 'Sequence[Parameter[Any]]'
Preparation: TypeAlias = 'Callable[[], AbstractContextManager[None]]'
"""Does the slow part on another thread, and returns the context to set the parameters in."""


class PatientParameterServices:
    """
    Take the place of a node's `set_parameters` and `set_parameters_atomically`.

    `prepare` is given the changes and returns what has to be done on another thread before they
    are set, or None; it raises ValueError with the reason for changes that cannot be set.
    Meanwhile the executor serves everything else, unless rclpy has one that cannot await.
    """

    def __init__(self, node: Node, prepare: Callable[[Changes], Preparation | None]) -> None:
        self._node = node
        self._prepare = prepare
        self._can_await = executors_await_services()
        # The awaiting request would keep the node's default group, and so all callbacks, busy.
        self._group = ReentrantCallbackGroup()
        self._replace('set_parameters', SetParameters, self._set_each)
        self._replace('set_parameters_atomically', SetParametersAtomically, self._set_together)

    def _replace(self, name: str, service_type: type[Any], callback: Callable[..., Any]) -> None:
        full_name = self._node.resolve_service_name(f'~/{name}')
        for service in list(self._node.services):
            if self._node.resolve_service_name(service.srv_name) == full_name:
                self._node.destroy_service(service)
        self._node.create_service(
            service_type, f'~/{name}', callback if self._can_await else _at_once(callback),
            qos_profile=qos_profile_parameters, callback_group=self._group,
        )

    async def _set_each(
        self, request: SetParameters.Request, response: SetParameters.Response
    ) -> SetParameters.Response:
        for message in request.parameters:
            response.results.append(await self._set([read_change(message)]))
        return response

    async def _set_together(
        self,
        request: SetParametersAtomically.Request,
        response: SetParametersAtomically.Response,
    ) -> SetParametersAtomically.Response:
        changes = [read_change(message) for message in request.parameters]
        response.result = await self._set(changes)
        return response

    async def _set(self, changes: list[Parameter[Any]]) -> SetParametersResult:
        unknown = [change.name for change in changes if not self._node.has_parameter(change.name)]
        if unknown:
            return _refusal(f'there is no parameter {", ".join(unknown)}')
        try:
            preparation = self._prepare(changes)
        except ValueError as error:
            return _refusal(str(error))
        if preparation is None:
            return self._apply(changes)
        try:
            context = await self._on_thread(preparation) if self._can_await else preparation()
        except Exception as error:  # nobody else would catch it, and it would end the process
            return _refusal(f'the change could not be prepared: {error}')
        with context:
            return self._apply(changes)

    def _apply(self, changes: list[Parameter[Any]]) -> SetParametersResult:
        names = [change.name for change in changes]
        former = [self._node.get_parameter_or(name, Parameter(name)) for name in names]
        try:
            return self._node.set_parameters_atomically(changes)
        except Exception as error:  # of a callback that is not ours; it would end the process
            # rclpy's own callback for use_sim_time has switched the clock over before it fails,
            # as where a security policy forbids its subscription.
            with suppress(Exception):
                self._node.set_parameters_atomically(former)
            return _refusal(f'the change failed: {error}')

    def _on_thread(self, work: Callable[[], Any]) -> Future[Any]:
        future: Future[Any] = Future()
        executor = self._node.executor

        def run() -> None:
            try:
                future.set_result(work())
            except Exception as error:  # raised again where the future is awaited
                future.set_exception(error)
            # Executors look at unfinished callbacks whenever they wake, and not before.
            if executor is not None:
                executor.wake()

        threading.Thread(target=run, name='prepare_parameters', daemon=True).start()
        return future


def executors_await_services() -> bool:
    """
    Return whether every executor of this rclpy takes a coroutine for a service's callback.

    Jazzy's EventsExecutor sends the coroutine itself as the response, and ends with TypeError.
    """
    executor = getattr(rclpy_implementation, 'EventsExecutor', None)
    return executor is None or hasattr(executor, 'create_future')


def _at_once(callback: Callable[..., Coroutine[Any, Any, Any]]) -> Callable[..., Any]:
    """Return a plain callback for a coroutine function that has nothing to wait for."""

    def run(request: Any, response: Any) -> Any:
        coroutine = callback(request, response)
        try:
            coroutine.send(None)
        except StopIteration as end:
            return end.value
        raise RuntimeError('a parameter service waits, which this rclpy cannot')

    return run


def _refusal(reason: str) -> SetParametersResult:
    return SetParametersResult(successful=False, reason=reason)
