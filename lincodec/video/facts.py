"""What FFmpeg knows of a container and PyAV has no fields for, read from its description."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import av.logging
from av.container import InputContainer
from av.frame import Frame
from av.sidedata.sidedata import SideData
from av.sidedata.sidedata import Type as SideDataType

_STREAM = re.compile(r"\s+Stream #\d+:(\d+)")
_CROP = re.compile(r"\s+Frame Cropping: (\d+)/(\d+)/(\d+)/(\d+)")
_ENCRYPTED = re.compile(r"\s+Encryption (?:initialization data|info)")
_TURNED = re.compile(r"\s+Display Matrix: rotation of (-?\d+(?:\.\d+)?) degrees")
_GRID = re.compile(r"\s+Stream group #\S+ Tile Grid: .*?, ([1-9]\d{0,5})x([1-9]\d{0,5})(?=[ ,]).*")
#: The level at which FFmpeg logs is one for the whole process.
_LOGGING = threading.Lock()
#: Seconds that threads are given to end what they log.
_DRAIN = 0.005


@dataclass(frozen=True)
class Crop:
    """Samples at each side of a decoded picture that are not to be shown."""

    left: int
    right: int
    top: int
    bottom: int


@dataclass(frozen=True)
class Facts:
    """What a container says beside its streams' parameters."""

    crops: Mapping[int, Crop]
    """By index of the stream."""
    encrypted: bool
    """Whether it has what a decryption needs."""
    grid: tuple[int, int] | None
    """(width, height) of the picture that still streams are tiles of,"""
    grid_rotation: float = 0.0
    """and degrees counter-clockwise by which it is to be turned."""


def facts_of(container: InputContainer) -> Facts:
    """Read the description that FFmpeg prints of ``container``."""
    crops, encrypted, grid, rotation, stream = {}, False, None, 0.0, -1
    for line in _described(container).splitlines():
        if found := _GRID.match(line):
            grid = grid or (int(found[1]), int(found[2]))
        elif found := _STREAM.match(line):
            stream = int(found[1])
        elif grid and stream < 0 and (found := _TURNED.match(line)):
            rotation = float(found[1])
        elif found := _CROP.fullmatch(line):
            crops[stream] = Crop(*map(int, found.groups()))
        elif _ENCRYPTED.match(line):
            encrypted = True
    return Facts(crops, encrypted, grid, rotation)


def side_data(frame: Frame) -> Mapping[SideDataType, SideData]:
    """What a frame carries beside its samples, by kind."""
    found: Any = frame.side_data  # typed as a mapping by name; it iterates over what it holds
    return {data.type: data for data in found}


def _nameless(value: object) -> Any:
    """A kind that only has a number."""
    kind: Any = object.__new__(SideDataType)
    kind._name_, kind._value_ = f"NUMBER_{value}", value
    return kind


# PyAV's enumeration has fewer kinds than FFmpeg: one that it has no name for hides all of a frame.
SideDataType._missing_ = _nameless  # type: ignore[method-assign]


def _described(container: InputContainer) -> str:
    with _LOGGING:
        before = av.logging.get_level()
        av.logging.set_level(av.logging.INFO)
        try:
            describe: Callable[[], str] = getattr(container, "dumps_format")  # noqa: B009 (no stub)
            return describe()
        finally:
            av.logging.set_level(before)
            # A decoder's thread that began to log waits for this interpreter, and whoever frees the
            # decoder while holding it would wait for that thread.
            time.sleep(_DRAIN)
