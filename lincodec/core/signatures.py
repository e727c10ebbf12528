"""The interface of the compiled core as ctypes needs it: what the public headers declare."""

from __future__ import annotations

import ctypes as c
from typing import Any, ClassVar

#: LINC_CORE_ABI of ``version.h``.
ABI = 1


class Parameters(c.Structure):
    """``LincParameters``: what the container knows about a segment."""

    _fields_: ClassVar[list[tuple[str, Any]]] = [
        ("width", c.c_int32),
        ("height", c.c_int32),
        ("chroma", c.c_int32),
        ("depth", c.c_int32),
        ("frames", c.c_int32),
    ]


class FrameInfo(c.Structure):
    """``LincFrameInfo``: what the record of a frame says."""

    _fields_: ClassVar[list[tuple[str, Any]]] = [
        ("display", c.c_int32),
        ("level", c.c_int32),
        ("references", c.c_int32),
        ("reference", c.c_int32 * 2),
        ("context_source", c.c_int32),
        ("needs_motion", c.c_int32),
        ("offset", c.c_int32),
        ("bytes", c.c_int32),
    ]


_SEGMENT = c.c_void_p
_STATUS = c.c_int
_BYTES = c.c_void_p  # the address of an array: bytes, a ctypes array or ``array.ctypes.data``

#: Result and arguments of every function that Python calls.
SIGNATURES: dict[str, tuple[Any, ...]] = {
    "linc_core_version": (c.c_int32,),
    "linc_cpu_level": (c.c_int32,),
    "linc_segment_open": (
        _STATUS, _BYTES, c.c_size_t, c.POINTER(Parameters), c.POINTER(_SEGMENT),
    ),
    "linc_segment_close": (None, _SEGMENT),
    "linc_segment_record": (c.c_int32, _SEGMENT, c.c_int32),
    "linc_segment_frame": (_STATUS, _SEGMENT, c.c_int32, c.POINTER(FrameInfo)),
    "linc_segment_parse": (_STATUS, _SEGMENT, c.c_int32),
    "linc_segment_reconstruct": (_STATUS, _SEGMENT, c.c_int32),
    "linc_segment_output": (
        _STATUS, _SEGMENT, c.c_int32, c.c_int32, c.c_void_p, c.c_size_t, c.c_size_t,
    ),
    "linc_segment_release": (None, _SEGMENT, c.c_int32, c.c_uint32),
    "linc_picture_bytes": (c.c_size_t, c.POINTER(Parameters)),
    "linc_parsed_bytes": (c.c_size_t, c.POINTER(Parameters)),
}  # fmt: skip


def register(library: c.CDLL) -> None:
    """Tell ctypes the types of every function that the library has."""
    for name, (result, *arguments) in SIGNATURES.items():
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
