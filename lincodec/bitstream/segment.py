"""Quantised segments to sections and back: the one place that knows tensors and bytes.

Everything here is integers, exact on every machine, and free of torch (spec clause 7).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from lincodec.bitstream import quantisers
from lincodec.bitstream.pictures import Pictures, pictures_of
from lincodec.container import Arch, LincArch, SegmentData, SegmentHeader, TensorEntry
from lincodec.container.segment import NETWORK_ROLES
from lincodec.entropy import field as fields
from lincodec.entropy import lattice, minmax, spectral
from lincodec.entropy.coefficients import Channel, Coefficients, Placed, cropped
from lincodec.errors import CorruptError, UnsupportedError
from lincodec.registry import Mode, Role
from lincodec.types import plane_shifts

Floats = NDArray[np.float32]
Key = tuple[Role, int]


@dataclass(frozen=True)
class Lattice:
    """Integers on a lattice: row r of the [R, N] view has step ``step * 2**exponents[r]``."""

    q: NDArray[np.int64]
    """int64, the tensor's own shape."""
    step: float
    exponents: NDArray[np.int8]
    """int8 [R]; R is the first size, or 1 for a vector."""

    @property
    def values(self) -> Floats:
        """The float32 tensor."""
        flat = self.q.reshape(self.exponents.size, -1)
        return quantisers.lattice_dequantise(flat, self.step, self.exponents).reshape(self.q.shape)


@dataclass(frozen=True)
class MinMax:
    """b-bit codes over a range (paper Eq. 3)."""

    q: NDArray[np.int64]
    bits: int
    low: np.float32
    scale: np.float32

    @property
    def values(self) -> Floats:
        """The float32 tensor."""
        return quantisers.minmax_dequantise(self.q, self.low, self.scale)


@dataclass(frozen=True)
class Raw:
    """A float32 tensor stored as it is."""

    values: Floats


@dataclass(frozen=True)
class Constant:
    """A tensor of one value."""

    shape: tuple[int, ...]
    value: float

    @property
    def values(self) -> Floats:
        """The float32 tensor."""
        return np.full(self.shape, self.value, np.float32)


@dataclass(frozen=True)
class Spectral:
    """Quantised spectral weights of all channels."""

    channels: tuple[Coefficients, ...]
    step: float
    """Luma step in 8-bit code units."""
    ratio: float
    """Chroma step over luma step."""
    centroids: NDArray[np.int8]
    """int8 [channels, 3]: reconstruction shift of |q| = 1, 2 and more, in 1/128 steps."""

    def channel_step(self, channel: int) -> float:
        """Step of one channel, float32-exact."""
        ratio = np.float32(self.ratio if channel else 1)
        with np.errstate(over="ignore"):
            return float(np.float32(self.step) * ratio)

    @property
    def values(self) -> list[Floats]:
        """float32 weights per channel, without the highest frequencies that no block uses."""
        return [placed.dense() for placed in self.placed()]

    def placed(self) -> list[Placed]:
        """The same, without those that are zero."""
        out = []
        for c, q in enumerate(self.channels):
            shape, where = cropped(q)
            step, centroids = self.channel_step(c), self.centroids[c]
            out.append(
                Placed(shape, where, quantisers.spectral_dequantise(q.values, step, centroids))
            )
        return out


@dataclass(frozen=True)
class Field:
    """Integers that vary little in space and time."""

    q: NDArray[np.int64]
    """int64 [n, components, rows, columns]."""
    step: float

    @property
    def values(self) -> Floats:
        """The float32 tensor."""
        return quantisers.field_dequantise(self.q, self.step)


Plain = Lattice | MinMax | Raw | Constant | Field
Tensor = Plain | Spectral | Pictures


@dataclass(frozen=True)
class SegmentCode:
    """All tensors of one segment, quantised, keyed by (role, layer)."""

    first_frame: int
    n_frames: int
    continues: bool
    tensors: Mapping[Key, Tensor] = field(default_factory=dict)

    def values(self, role: Role, layer: int = 0) -> Floats:
        """The float32 values of one tensor.

        Raises:
            CorruptError: the segment has no such tensor.
        """
        tensor = self.tensors.get((role, layer))
        if tensor is None or isinstance(tensor, Spectral | Pictures):
            raise CorruptError(
                f"segment at frame {self.first_frame}: no {role.name.lower()} {layer}"
            )
        return tensor.values

    @property
    def spectral(self) -> Spectral:
        """The spectral tensor."""
        tensor = self.tensors.get((Role.SPECTRAL, 0))
        if not isinstance(tensor, Spectral):
            raise CorruptError(f"segment at frame {self.first_frame}: no spectral tensor")
        return tensor

    @property
    def has_network(self) -> bool:
        """Whether there are tensors of the network."""
        return any(role in NETWORK_ROLES for role, _ in self.tensors)

    @property
    def pictures(self) -> Pictures | None:
        """The coded frames of a segment that is partitioned, None of another."""
        tensor = self.tensors.get((Role.PICTURES, 0))
        return tensor if isinstance(tensor, Pictures) else None


def _shape(tensor: Tensor) -> tuple[int, ...]:
    """The dims stored for a tensor."""
    if isinstance(tensor, Spectral):
        samples = sum(math.prod(q.shape[3:]) for q in tensor.channels)
        return (*tensor.channels[0].shape[:3], samples)
    if isinstance(tensor, Constant | Pictures):
        return tensor.shape
    return tensor.values.shape if isinstance(tensor, Raw) else tensor.q.shape


def _pack(key: Key, tensor: Tensor) -> tuple[TensorEntry, bytes]:
    """The table row and payload of one tensor."""
    role, layer = key
    dims = _shape(tensor)
    if isinstance(tensor, Raw):
        payload = np.ascontiguousarray(tensor.values, "<f4").tobytes()
        return TensorEntry(role, layer, Mode.RAW, dims, len(payload), bits=32), payload
    if isinstance(tensor, Constant):
        return TensorEntry(role, layer, Mode.CONST, dims, 0, a=tensor.value), b""
    if isinstance(tensor, MinMax):
        payload = minmax.encode(tensor.q, tensor.bits)
        entry = TensorEntry(
            role, layer, Mode.MINMAX, dims, len(payload),
            bits=tensor.bits, a=float(tensor.low), b=float(tensor.scale),
        )  # fmt: skip
        return entry, payload
    if isinstance(tensor, Lattice):
        flat = tensor.q.reshape(tensor.exponents.size, -1)
        payload = lattice.pack(tensor.exponents, flat)
        return TensorEntry(role, layer, Mode.LATTICE, dims, len(payload), a=tensor.step), payload
    if isinstance(tensor, Field):
        payload = fields.encode(tensor.q)
        return TensorEntry(role, layer, Mode.FIELD, dims, len(payload), a=tensor.step), payload
    if isinstance(tensor, Pictures):
        payload = tensor.digest + tensor.stream
        return TensorEntry(role, layer, Mode.PARTITIONED, dims, len(payload)), payload
    payload = tensor.centroids.astype(np.int8).tobytes() + spectral.encode(list(tensor.channels))
    entry = TensorEntry(
        role, layer, Mode.SPECTRAL, dims, len(payload), a=tensor.step, b=tensor.ratio
    )
    return entry, payload


def pack_segment(code: SegmentCode) -> tuple[SegmentHeader, bytes, bytes]:
    """A segment to its header, WGTS payload and LATS payload."""
    packed = [_pack(key, code.tensors[key]) for key in sorted(code.tensors)]
    header = SegmentHeader(
        code.first_frame, code.n_frames, tuple(entry for entry, _ in packed), code.continues
    )
    weights = b"".join(p for entry, p in packed if entry.role != Role.LATENT)
    latents = b"".join(p for entry, p in packed if entry.role == Role.LATENT)
    return header, weights, latents


def code_bits(code: SegmentCode) -> int:
    """Bits of a segment's table and payloads."""
    header, weights, latents = pack_segment(code)
    return 8 * (len(header.pack()) + len(weights) + len(latents))


def channel_shapes(arch: LincArch, sizes: Sequence[tuple[int, int]], planes: int) -> list[Channel]:
    """Geometry of the spectral channels of ``planes`` eigen-frames (spec: spectral tensors).

    Args:
        arch: gives the block size.
        sizes: (height, width) of each plane, luma first.
    """
    height, width = sizes[0]
    side = 1 << arch.block
    block_rows, block_columns = -(-height // side), -(-width // side)
    return [
        Channel(planes, block_rows, block_columns, side >> sy, side >> sx)
        for sy, sx in plane_shifts(sizes)
    ]


def _unpack_plain(entry: TensorEntry, payload: bytes) -> Plain | None:
    """One tensor of a mode that needs no picture; None for the others."""
    dims, count = entry.dims, entry.elements
    if entry.mode == Mode.RAW:
        values = np.frombuffer(payload, "<f4").reshape(dims)
        if not np.isfinite(values).all():
            raise CorruptError(f"{entry.role.name.lower()} {entry.layer}: not finite")
        return Raw(values.astype(np.float32))
    if entry.mode == Mode.CONST:
        return Constant(dims, entry.a)
    if entry.mode == Mode.MINMAX:
        q = minmax.decode(payload, entry.bits, count).reshape(dims)
        return MinMax(q, entry.bits, np.float32(entry.a), np.float32(entry.b))
    if entry.mode == Mode.LATTICE:
        n_rows = dims[0] if len(dims) > 1 else 1
        exponents, q = lattice.unpack(payload, n_rows, count // n_rows, "lattice tensor")
        return Lattice(q.reshape(dims), entry.a, exponents)
    if entry.mode == Mode.FIELD:
        if len(dims) != 4:
            raise CorruptError(f"field tensor: dims {dims}; expected four")
        return Field(fields.decode(payload, dims), entry.a)
    return None


def _unpack(
    entry: TensorEntry, payload: bytes, arch: Arch, sizes: Sequence[tuple[int, int]]
) -> Tensor:
    """One tensor from its table row and payload."""
    plain = _unpack_plain(entry, payload)
    if plain is not None:
        return plain
    dims, name = entry.dims, entry.mode.name.lower()
    if not isinstance(arch, LincArch):
        raise UnsupportedError(f"{name} tensor outside architecture linc")
    if entry.mode == Mode.PARTITIONED:
        return pictures_of(entry, payload, sizes[0])
    if len(dims) != 4:
        raise CorruptError(f"spectral tensor: dims {dims}; expected four")
    shapes = channel_shapes(arch, sizes, dims[0])
    expected = (
        *dims[:1],
        shapes[0].rows,
        shapes[0].columns,
        sum(s.height * s.width for s in shapes),
    )
    if dims != expected:
        raise CorruptError(f"spectral tensor: dims {dims}; expected {expected} for this picture")
    split = 3 * len(shapes)
    if len(payload) < split:
        raise CorruptError(f"spectral tensor: {len(payload)} bytes")
    centroids = np.frombuffer(payload[:split], np.int8).reshape(-1, 3)
    channels = spectral.decode(payload[split:], shapes)
    return Spectral(tuple(channels), entry.a, entry.b, centroids)


def _check_finite(tensor: Tensor) -> None:
    """Check that every value is a finite number.

    Raises:
        CorruptError: one is not.
    """
    if isinstance(tensor, Lattice | MinMax):
        _ = tensor.values
    elif isinstance(tensor, Spectral):
        for channel, q in enumerate(tensor.channels):
            ends = np.array([q.values.min(initial=-1), q.values.max(initial=1), -1, 1], np.int32)
            quantisers.spectral_dequantise(
                ends, tensor.channel_step(channel), tensor.centroids[channel]
            )


def unpack_segment(data: SegmentData, arch: Arch, sizes: Sequence[tuple[int, int]]) -> SegmentCode:
    """The inverse of ``pack_segment``.

    Args:
        data: sections with checked CRCs.
        arch: the file's architecture.
        sizes: (height, width) of each plane, luma first.

    Raises:
        CorruptError: a payload is malformed.
        UnsupportedError: a mode this architecture does not have.
    """
    header = data.header
    tensors: dict[Key, Tensor] = {}
    for entry, payload in zip(header.tensors, data.payloads, strict=True):
        tensor = _unpack(entry, payload, arch, sizes)
        _check_finite(tensor)
        tensors[entry.role, entry.layer] = tensor
    return SegmentCode(header.first_frame, header.n_frames, header.continues, tensors)


def latent_entries(header: SegmentHeader) -> int:
    """Numbers of one latent of a segment (spec clause 8.2).

    Raises:
        CorruptError: the segment has no latents.
    """
    return _latent_entry(header).dims[0]


def unpack_latents(header: SegmentHeader, lats: bytes) -> Plain:
    """The latent tensor of a segment from its LATS payload alone.

    Raises:
        CorruptError: there is none, or its payload is malformed.
    """
    entry = _latent_entry(header)
    tensor = _unpack_plain(entry, lats[: entry.payload_length])
    if tensor is None:
        raise CorruptError(f"segment at frame {header.first_frame}: latents of a spectral mode")
    return tensor


def _latent_entry(header: SegmentHeader) -> TensorEntry:
    for entry in header.tensors:
        if (entry.role, entry.layer) == (Role.LATENT, 0) and len(entry.dims) == 2:
            return entry
    raise CorruptError(f"segment at frame {header.first_frame}: no latents")


def digest_bytes(code: SegmentCode) -> bytes:
    """What a segment adds to the file digest: every tensor in table order (spec: dGST).

    Integers as i32 little endian, raw and constant tensors as f32 little endian; spectral
    channels as the flat indices of their non-zero weights, then those weights, all i32; coded
    frames as the digest that stands before them.
    """
    parts = []
    for key in sorted(code.tensors):
        tensor = code.tensors[key]
        if isinstance(tensor, Spectral):
            for q in tensor.channels:
                parts += [q.where.astype("<i4").tobytes(), q.values.astype("<i4").tobytes()]
        elif isinstance(tensor, Pictures):
            parts.append(tensor.digest)
        elif isinstance(tensor, Raw | Constant):
            parts.append(tensor.values.astype("<f4").tobytes())
        else:
            parts.append(tensor.q.astype("<i4").tobytes())
    return b"".join(parts)


def segment_digest_bytes(data: SegmentData, arch: Arch, sizes: Sequence[tuple[int, int]]) -> bytes:
    """Entropy-decode a segment and return its contribution to the file digest."""
    return digest_bytes(unpack_segment(data, arch, sizes))
