"""The interface of the compiled core as ctypes needs it: what the public headers declare."""

from __future__ import annotations

import ctypes as c
from typing import Any, ClassVar

#: LINC_CORE_ABI of ``linc_core.h``.
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
        ("tools", c.c_int32),
        ("step", c.c_int32 * 3),
    ]


class Effort(c.Structure):
    """``LincEffort``: how hard to search."""

    _fields_: ClassVar[list[tuple[str, Any]]] = [
        ("merge_trials", c.c_int32),
        ("intra_trials", c.c_int32),
        ("intra_inter_trials", c.c_int32),
        ("both_rounds", c.c_int32),
        ("parts", c.c_int32),
        ("transform_split", c.c_int32),
        ("rdo", c.c_int32),
        ("vectors", c.c_int32),
        ("early", c.c_int32),
        ("plain", c.c_int32),
    ]


class Task(c.Structure):
    """``LincTask``: how to code one frame."""

    _fields_: ClassVar[list[tuple[str, Any]]] = [
        ("display", c.c_int32),
        ("level", c.c_int32),
        ("references", c.c_int32),
        ("reference", c.c_int32 * 2),
        ("context_source", c.c_int32),
        ("step", c.c_int32 * 3),
        ("tools", c.c_int32),
        ("temporal", c.c_int32),
        ("merge_size", c.c_int32),
        ("count_limit", c.c_int32),
        ("deblock_threshold", c.c_int32),
        ("referenced", c.c_int32),
        ("weighing", c.c_int32),
        ("denoise_reach", c.c_int32),
        ("denoise_strength", c.c_double),
        ("lambda", c.c_double),
        ("chroma_weight", c.c_double * 2),
        ("effort", Effort),
    ]


class MixShape(c.Structure):
    """``LincMixShape``: components, planes and blocks of a spectral tensor."""

    _fields_: ClassVar[list[tuple[str, Any]]] = [
        ("components", c.c_int32),
        ("planes", c.c_int32),
        ("rows", c.c_int32),
        ("columns", c.c_int32),
        ("height", c.c_int32 * 3),
        ("width", c.c_int32 * 3),
    ]


class SpectralPlane(c.Structure):
    """``LincSpectralPlane``: samples and blocks of a plane."""

    _fields_: ClassVar[list[tuple[str, Any]]] = [
        ("height", c.c_int32),
        ("width", c.c_int32),
        ("rows", c.c_int32),
        ("columns", c.c_int32),
        ("block_height", c.c_int32),
        ("block_width", c.c_int32),
        ("overlap_down", c.c_int32),
        ("overlap_across", c.c_int32),
        ("components", c.c_int32),
        ("mean", c.c_int32),
    ]


class SpectralWeights(c.Structure):
    """``LincSpectralWeights``: addresses of its weights and functions."""

    _fields_: ClassVar[list[tuple[str, Any]]] = [
        ("starts", c.c_void_p),
        ("where", c.c_void_p),
        ("values", c.c_void_p),
        ("down", c.c_void_p),
        ("across", c.c_void_p),
        ("fold_down", c.c_void_p),
        ("fold_across", c.c_void_p),
        ("count", c.c_int64),
    ]


class Axis(c.Structure):
    """``LincAxis``: which native samples an output sample is a sum of."""

    _fields_: ClassVar[list[tuple[str, Any]]] = [
        ("size", c.c_int32),
        ("count", c.c_int32),
        ("taps", c.c_int32),
        ("mean", c.c_int32),
        ("first", c.c_void_p),
        ("weights", c.c_void_p),
    ]


class FlowGrid(c.Structure):
    """``LincFlowGrid``: cells over a picture."""

    _fields_: ClassVar[list[tuple[str, Any]]] = [
        ("rows", c.c_int32),
        ("columns", c.c_int32),
        ("side", c.c_int32),
    ]


class FlowField(c.Structure):
    """``LincFlowField``: what is known about the cells of a picture."""

    _fields_: ClassVar[list[tuple[str, Any]]] = [
        ("vectors", c.c_void_p),
        ("left", c.c_void_p),
        ("seen", c.c_void_p),
    ]


class Between(c.Structure):
    """``LincBetween``: two pictures, and one between them."""

    _fields_: ClassVar[list[tuple[str, Any]]] = [
        ("height", c.c_int32),
        ("width", c.c_int32),
        ("planes", c.c_int32),
        ("shift_x", c.c_int32),
        ("shift_y", c.c_int32),
        ("depth", c.c_int32),
        ("share", c.c_int32),
        ("first", c.c_void_p * 3),
        ("second", c.c_void_p * 3),
        ("out", c.c_void_p * 3),
        ("ahead", FlowField),
        ("back", FlowField),
        ("vectors", c.c_void_p),
    ]


#: In the order of ``linc_structure_bytes``.
STRUCTURES: tuple[type[c.Structure], ...] = (
    Parameters, FrameInfo, Effort, Task, MixShape, SpectralPlane, SpectralWeights,
    Axis, FlowGrid, FlowField, Between,
)  # fmt: skip

_SEGMENT = c.c_void_p
_ENCODER = c.c_void_p
_MIX = c.c_void_p
_STATUS = c.c_int
_BYTES = c.c_void_p  # the address of an array: bytes, a ctypes array or ``array.ctypes.data``

#: Result and arguments of every function that Python calls.
SIGNATURES: dict[str, tuple[Any, ...]] = {
    "linc_core_version": (c.c_int32,),
    "linc_cpu_level": (c.c_int32,),
    "linc_structure_bytes": (c.c_int32, c.c_int32),
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
    "linc_encoder_open": (_STATUS, c.POINTER(Parameters), c.POINTER(_ENCODER)),
    "linc_encoder_close": (None, _ENCODER),
    "linc_encoder_source": (
        _STATUS, _ENCODER, c.c_int32, c.POINTER(c.c_void_p), c.POINTER(c.c_size_t),
    ),
    "linc_encoder_glance": (_STATUS, _ENCODER, c.c_int32, c.c_void_p, c.c_size_t),
    "linc_encoder_measure": (_STATUS, _ENCODER, c.POINTER(Task)),
    "linc_encoder_weigh": (_STATUS, _ENCODER, c.POINTER(Task), c.c_int32, c.c_double),
    "linc_encoder_frame": (_STATUS, _ENCODER, c.POINTER(Task)),
    "linc_encoder_frame_bytes": (c.c_size_t, _ENCODER, c.c_int32),
    "linc_encoder_output": (
        _STATUS, _ENCODER, c.c_int32, c.c_int32, c.c_void_p, c.c_size_t, c.c_size_t,
    ),
    "linc_encoder_release": (None, _ENCODER, c.c_int32),
    "linc_encoder_finish": (
        _STATUS, _ENCODER, c.POINTER(c.c_int32), c.c_int32, c.c_void_p, c.c_size_t,
        c.POINTER(c.c_size_t),
    ),
    "linc_spectral_floats": (c.c_int64, c.POINTER(SpectralPlane)),
    "linc_spectral_render": (
        _STATUS, c.POINTER(SpectralPlane), c.POINTER(SpectralWeights), c.c_void_p, c.c_int32,
        c.c_void_p, c.c_size_t, c.c_size_t, c.c_void_p,
    ),
    "linc_resample_floats": (c.c_int64, c.POINTER(Axis), c.POINTER(Axis)),
    "linc_resample": (
        _STATUS, c.POINTER(Axis), c.POINTER(Axis), c.c_void_p, c.c_size_t, c.c_size_t, c.c_int32,
        c.c_void_p, c.c_size_t, c.c_size_t, c.c_int32, c.c_int32, c.c_int32, c.c_void_p,
    ),
    "linc_segment_resample": (
        _STATUS, _SEGMENT, c.c_int32, c.c_int32, c.POINTER(Axis), c.POINTER(Axis), c.c_void_p,
        c.c_size_t, c.c_size_t, c.c_void_p,
    ),
    "linc_flow_grid": (_STATUS, c.c_int32, c.c_int32, c.POINTER(FlowGrid)),
    "linc_flow_planes_bytes": (c.c_int64, c.c_int32, c.c_int32),
    "linc_flow_search_bytes": (c.c_int64, c.c_int32, c.c_int32),
    "linc_flow_planes": (_STATUS, c.c_void_p, c.c_int32, c.c_int32, c.c_int32, c.c_void_p),
    "linc_flow_search": (
        _STATUS, c.c_void_p, c.c_void_p, c.c_int32, c.c_int32, c.c_void_p, c.c_void_p, c.c_void_p,
    ),
    "linc_flow_seen": (_STATUS, c.c_void_p, c.c_void_p, c.c_int32, c.c_int32, c.c_void_p),
    "linc_between_bytes": (c.c_int64, c.POINTER(Between)),
    "linc_flow_between": (_STATUS, c.POINTER(Between), c.c_void_p, c.c_void_p),
    "linc_between": (_STATUS, c.POINTER(Between), c.c_int32, c.c_int32, c.c_void_p),
    "linc_rgb_difference": (
        _STATUS, c.POINTER(c.c_int32), c.POINTER(c.c_float), c.POINTER(c.c_void_p),
        c.POINTER(c.c_size_t), c.POINTER(c.c_void_p), c.POINTER(c.c_size_t),
        c.POINTER(c.c_double),
    ),
    "linc_screen_cells": (
        _STATUS, c.c_void_p, c.c_size_t, c.POINTER(c.c_int32), c.c_int32, c.POINTER(c.c_int32),
    ),
    "linc_squared_difference": (
        _STATUS, c.POINTER(c.c_int32), c.c_int32, c.c_void_p, c.c_size_t, c.c_void_p, c.c_size_t,
        c.POINTER(c.c_uint64),
    ),
    "linc_mix_open": (_STATUS, c.POINTER(MixShape), _BYTES, c.c_size_t, c.POINTER(_MIX)),
    "linc_mix_close": (None, _MIX),
    "linc_mix_read": (_STATUS, _MIX, c.c_void_p),
    "linc_mix_take": (_STATUS, _MIX, c.c_int32, c.c_void_p, c.c_void_p, c.c_int64),
    "linc_mix_ended": (_STATUS, _MIX),
    "linc_mix_write": (
        _STATUS, _MIX, c.POINTER(c.c_void_p), c.POINTER(c.c_void_p), c.c_void_p,
    ),
    "linc_mix_choose": (
        _STATUS, _MIX, c.POINTER(c.c_void_p), c.c_float, c.POINTER(c.c_void_p),
    ),
    "linc_mix_rewind": (None, _MIX),
    "linc_mix_finish": (_STATUS, _MIX, c.c_void_p, c.c_size_t, c.POINTER(c.c_size_t)),
}  # fmt: skip


def register(library: c.CDLL) -> None:
    """Tell ctypes the types of every function that the library has."""
    for name, (result, *arguments) in SIGNATURES.items():
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
