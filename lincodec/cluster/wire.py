"""Plans and tasks as plain JSON, for pipes and files; what is read is built by the types' hints."""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Mapping
from enum import Enum
from fractions import Fraction
from functools import cache
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from lincodec.container import parse_arch
from lincodec.encoder.parts import Plan
from lincodec.errors import CorruptError

Kind = TypeVar("Kind")


def plain(value: Any) -> Any:
    """Dataclasses as objects, fractions as text, tuples as lists; the rest is JSON already."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, Fraction):
        return str(value)
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value


def built(kind: type[Kind], value: Any) -> Kind:
    """The dataclass that ``plain`` made this of.

    Raises:
        CorruptError: it is none.
    """
    try:
        found: Kind = _built(kind, value)
    except (TypeError, ValueError, KeyError, AttributeError, ZeroDivisionError) as error:
        raise CorruptError(f"{kind.__name__}: expected its fields, found {error!r}") from error
    return found


def plan_fields(plan: Plan) -> dict[str, Any]:
    """A plan as JSON."""
    return {**plain(plan), "arch": plan.arch.pack().hex()}


def plan_of(fields: Mapping[str, Any]) -> Plan:
    """The plan again.

    Raises:
        CorruptError: these are no fields of a plan.
    """
    try:
        arch = parse_arch(bytes.fromhex(fields["arch"]))
    except (KeyError, TypeError, ValueError) as error:
        raise CorruptError(f"Plan: expected an architecture, found {error!r}") from error
    return built(Plan, {**fields, "arch": arch})


@cache
def _hints(kind: Any) -> dict[str, Any]:
    return get_type_hints(kind)


def _built(kind: Any, value: Any) -> Any:
    origin, inside = get_origin(kind), get_args(kind)
    if value is None or kind is Any or dataclasses.is_dataclass(value):
        return value
    if origin in (Union, types.UnionType):
        return _built(next(each for each in inside if each is not type(None)), value)
    if origin is tuple:
        if inside[-1] is Ellipsis:
            return tuple(_built(inside[0], item) for item in value)
        return tuple(_built(each, item) for each, item in zip(inside, value, strict=True))
    if origin is not None and issubclass(origin, Mapping):
        return {key: _built(inside[1], item) for key, item in value.items()}
    if isinstance(kind, type) and dataclasses.is_dataclass(kind):
        hints = _hints(kind)
        return kind(**{name: _built(hints[name], item) for name, item in value.items()})
    if isinstance(kind, type) and issubclass(kind, Fraction | Enum):
        return kind(value)
    return value
