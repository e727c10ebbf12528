"""Spectral weights to the payload of a spectral tensor and back (spec clause 7.5)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from lincodec.core import mixing
from lincodec.entropy.coefficients import Channel, Coefficients


def _shape(shapes: Sequence[Channel]) -> mixing.Shape:
    first = shapes[0]
    blocks = tuple((shape.height, shape.width) for shape in shapes)
    return mixing.Shape(first.planes, first.rows, first.columns, blocks)


def encode(channels: Sequence[Coefficients]) -> bytes:
    """The bytes of channels of the same K, rows and columns."""
    return mixing.encode(_shape([Channel(*c.shape) for c in channels]), _components(channels))


def _components(channels: Sequence[Coefficients]) -> Iterator[list[mixing.Sparse]]:
    """Component after component of all channels."""
    sizes = [channel.blocks // channel.shape[0] * channel.area for channel in channels]
    for k in range(channels[0].shape[0]):
        component = []
        for channel, size in zip(channels, sizes, strict=True):
            start, stop = np.searchsorted(channel.where, (k * size, (k + 1) * size))
            where = (channel.where[start:stop] - k * size).astype(np.int32)
            component.append((where, channel.values[start:stop]))
        yield component


def decode(payload: bytes, shapes: Sequence[Channel]) -> list[Coefficients]:
    """The inverse of ``encode`` for channels of known geometry.

    Raises:
        CorruptError: the payload does not decode to exactly these channels.
    """
    components = list(mixing.decode(_shape(shapes), payload))
    out = []
    for index, shape in enumerate(shapes):
        size = shape.rows * shape.columns * shape.area
        found = [component[index] for component in components]
        where = [places.astype(np.int64) + k * size for k, (places, _) in enumerate(found)]
        dims = (shape.planes, shape.rows, shape.columns, shape.height, shape.width)
        values = np.concatenate([numbers for _, numbers in found])
        out.append(Coefficients(dims, np.concatenate(where), values))
    return out
