"""ONNX models small enough to be written byte by byte, by the field numbers of onnx.proto."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

Dims = Sequence[int | str]

FLOAT, FLOAT16, INT64 = 1, 10, 7
_KINDS = {FLOAT: np.float32, FLOAT16: np.float16, INT64: np.int64}


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes([*out, value])


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _bytes(field: int, value: bytes | str) -> bytes:
    data = value.encode() if isinstance(value, str) else value
    return _varint(field << 3 | 2) + _varint(len(data)) + data


def tensor(name: str, values: np.ndarray, kind: int = FLOAT) -> bytes:
    """A TensorProto."""
    dims = b"".join(_number(1, size) for size in values.shape)
    data = np.ascontiguousarray(values, _KINDS[kind]).tobytes()
    return dims + _number(2, kind) + _bytes(8, name) + _bytes(9, data)


def place(name: str, dims: Dims, kind: int = FLOAT) -> bytes:
    """A ValueInfoProto; a dimension with a name is any."""
    sizes = (_number(1, d) if isinstance(d, int) else _bytes(2, d) for d in dims)
    shape = b"".join(_bytes(1, size) for size in sizes)
    return _bytes(1, name) + _bytes(2, _bytes(1, _number(1, kind) + _bytes(2, shape)))


def node(kind: str, inputs: Sequence[str], output: str, **attributes: int | list[int]) -> bytes:
    """A NodeProto with whole numbers as attributes."""
    out = b"".join(_bytes(1, name) for name in inputs) + _bytes(2, output) + _bytes(4, kind)
    for name, value in attributes.items():
        one = isinstance(value, int)
        values = [value] if isinstance(value, int) else value
        numbers = b"".join(_number(3 if one else 8, number) for number in values)
        out += _bytes(5, _bytes(1, name) + numbers + _number(20, 2 if one else 7))
    return out


def model(
    nodes: Sequence[bytes],
    inputs: Sequence[bytes],
    outputs: Sequence[bytes],
    weights: Sequence[bytes] = (),
) -> bytes:
    """A ModelProto."""
    graph = b"".join(_bytes(1, each) for each in nodes) + _bytes(2, "tiny")
    graph += b"".join(_bytes(5, each) for each in weights)
    graph += b"".join(_bytes(11, each) for each in inputs)
    graph += b"".join(_bytes(12, each) for each in outputs)
    return _number(1, 8) + _bytes(7, graph) + _bytes(8, _bytes(1, "") + _number(2, 13))


def enlarging(
    path: Path,
    scale: int,
    *,
    channels: int = 3,
    dims: Dims = (1, 3, "h", "w"),
    blur: float = 0,
    gain: float = 1,
    kind: int = FLOAT,
) -> Path:
    """A model that repeats samples ``scale`` times, with its neighbours mixed in by ``blur``.

    One convolution, 3x3, and a rearrangement of its channels, as real models end.
    """
    weights = np.zeros((channels, scale, scale, channels, 3, 3))
    mix = np.full((3, 3), blur / 9)
    mix[1, 1] += 1 - blur
    for channel in range(channels):
        weights[channel, :, :, channel] = gain * mix
    shape = (channels * scale * scale, channels, 3, 3)
    nodes = [
        node("Conv", ["x", "w"], "many", pads=[1, 1, 1, 1]),
        # depth, column, row: the channel is the last of the three
        node("DepthToSpace", ["many"], "y", blocksize=scale),
    ]
    order = weights.transpose(1, 2, 0, 3, 4, 5).reshape(shape)
    written = model(
        nodes, [place("x", dims, kind)], [place("y", (1, channels, "a", "b"), kind)],
        [tensor("w", order, kind)],
    )  # fmt: skip
    path.write_bytes(written)
    return path
