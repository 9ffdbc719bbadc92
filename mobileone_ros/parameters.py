"""Declare the classifier's parameters on a node, and read them as one immutable Settings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TYPE_CHECKING

from mobileone_ros.settings import PARAMETERS, ParameterSpec, Settings, SettingsError
from rcl_interfaces.msg import (
    FloatingPointRange,
    IntegerRange,
    Parameter as ParameterMessage,
    ParameterDescriptor,
)
from rclpy.exceptions import InvalidParameterTypeException, InvalidParameterValueException
from rclpy.parameter import Parameter

if TYPE_CHECKING:
    from rclpy.node import Node

_NAMES = frozenset(spec.name for spec in PARAMETERS)
_REAL_NUMBERS = frozenset(spec.name for spec in PARAMETERS if isinstance(spec.default, float))


def declare_parameters(node: Node) -> Settings:
    """
    Declare every parameter of the table and return the values, overrides included.

    Raises SettingsError where an override cannot be used.
    """
    for spec in PARAMETERS:
        try:
            _declare(node, spec)
        except (InvalidParameterTypeException, InvalidParameterValueException) as error:
            raise SettingsError(str(error)) from error
    return Settings.from_values(current_values(node))


def _declare(node: Node, spec: ParameterSpec) -> None:
    descriptor = describe(spec)
    if not spec.is_list:
        node.declare_parameter(spec.name, spec.default, descriptor)
        return
    # An empty list in a file comes as a parameter that is not set.
    default = list(spec.default)
    node.declare_parameter(spec.name, default, ParameterDescriptor(dynamic_typing=True))
    if node.get_parameter(spec.name).value is None:
        node.set_parameters([Parameter(spec.name, value=default)])
    node.set_descriptor(spec.name, descriptor)


def current_values(node: Node) -> dict[str, Any]:
    """Return the declared parameters' values by name."""
    return {spec.name: node.get_parameter(spec.name).value for spec in PARAMETERS}


def changed_settings(node: Node, changes: Iterable[Parameter[Any]]) -> Settings | None:
    """
    Return what the settings would be with `changes`, None where none of them is ours.

    Raises SettingsError where the changes cannot be used together with all other values.
    """
    ours: Mapping[str, Any] = {item.name: item.value for item in changes if item.name in _NAMES}
    return Settings.from_values({**current_values(node), **ours}) if ours else None


def read_change(message: ParameterMessage) -> Parameter[Any]:
    """Return a change as it was sent, but a whole number as a real one where that is the type."""
    change = Parameter.from_parameter_msg(message)
    if change.name in _REAL_NUMBERS and change.type_ == Parameter.Type.INTEGER:
        return Parameter(change.name, value=float(change.value))
    return change


def describe(spec: ParameterSpec) -> ParameterDescriptor:
    """Return what `ros2 param describe` and rqt_reconfigure are told of a parameter."""
    descriptor = ParameterDescriptor(
        name=spec.name,
        description=spec.description,
        read_only=spec.fixed,
        # rclpy takes an empty list for bytes and a list of whole numbers for integers, and would
        # refuse both where the declared type is another.
        dynamic_typing=spec.is_list,
    )
    if spec.choices:
        descriptor.additional_constraints = f'One of: {", ".join(spec.choices)}.'
    if spec.bounds:
        low, high = spec.bounds
        if isinstance(spec.default, int):
            descriptor.integer_range = [
                IntegerRange(from_value=int(low), to_value=int(high), step=1)
            ]
        elif isinstance(spec.default, float):
            descriptor.floating_point_range = [
                FloatingPointRange(from_value=float(low), to_value=float(high))
            ]
        else:
            descriptor.additional_constraints = f'Each {low:g} to {high:g}.'
    return descriptor
