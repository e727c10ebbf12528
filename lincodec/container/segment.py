"""SEGM: frame range and tensor table of one segment (spec clause 6.4)."""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass
from itertools import pairwise

from lincodec import registry
from lincodec.container.cursor import Cursor, is_negative_zero, require, require_finite, single
from lincodec.errors import LimitError, UnsupportedError
from lincodec.limits import Limits
from lincodec.registry import Mode, Role, SegmentFlag

#: first_frame, n_frames, flags, zero, zero, n_tensors, zero  # spec 6.4
SEGMENT_FIXED = struct.Struct("<IIBBHHH")
#: role, layer, mode, bits, ndim, zero, zero
_ENTRY = struct.Struct("<BBBBBBH")
#: payload_length, a, b
_ENTRY_TAIL = struct.Struct("<Iff")
_DIM = struct.Struct("<I")

#: Bytes of the longest row of a tensor table.
LARGEST_ENTRY = _ENTRY.size + registry.MAX_NDIM * _DIM.size + _ENTRY_TAIL.size

#: A coded tensor takes at most this many payload bytes per element, and this many more.  # spec 7
MAX_BYTES_PER_SYMBOL = 4
MAX_TABLE_BYTES = 1 << 20
#: Payload bytes of an element of mode partitioned, a unit of a frame, at most.
MAX_BYTES_PER_UNIT = 1 << 16
#: Blocks of 8 x 8 samples of such a unit: about as much work as an element of another mode each.
_CELLS = 64
#: Payload bytes of mode partitioned at least: its digest.
_DIGEST = 16

_CODED = frozenset({Mode.MINMAX, Mode.LATTICE, Mode.SPECTRAL, Mode.FIELD, Mode.PARTITIONED})
#: Roles of the network (spec 8.5).
NETWORK_ROLES = frozenset(
    {
        Role.NET_WEIGHT, Role.NET_BIAS, Role.HYPER_WEIGHT, Role.HYPER_BIAS,
        Role.HEAD_WEIGHT, Role.HEAD_BIAS,
    }
)  # fmt: skip
#: Roles of a segment beside pictures.
_BESIDE_PICTURES = frozenset({Role.LATENT, Role.MOTION, Role.PICTURES}) | NETWORK_ROLES
#: Roles of earlier drafts.
_FORMER_ROLES = {25: "prediction"}


@dataclass(frozen=True)
class TensorEntry:
    """One row of a tensor table: what the tensor is and how it is stored."""

    role: Role
    layer: int
    """Tells tensors of one role apart, 0..255."""
    mode: Mode
    dims: tuple[int, ...]
    """One to four sizes, slowest first (row major)."""
    payload_length: int
    """Bytes in WGTS or, for latents, LATS."""
    bits: int = 0
    """32 for raw, 1..16 for minmax, else 0."""
    a: float = 0.0
    """Value, minimum or step, by mode (binary32)."""
    b: float = 0.0
    """Scale or chroma step ratio, by mode (binary32)."""

    @property
    def elements(self) -> int:
        """Number of elements."""
        return math.prod(self.dims)

    @property
    def is_coded(self) -> bool:
        """Whether the payload is entropy coded."""
        return self.mode in _CODED

    def pack(self) -> bytes:
        """The table row.

        Raises:
            CorruptError: a field is out of range.
        """
        self._check(f"SEGM: tensor {self.role.name.lower()} {self.layer}")
        fixed = _ENTRY.pack(self.role, self.layer, self.mode, self.bits, len(self.dims), 0, 0)
        dims = b"".join(_DIM.pack(dim) for dim in self.dims)
        return fixed + dims + _ENTRY_TAIL.pack(self.payload_length, self.a, self.b)

    @staticmethod
    def parse(cursor: Cursor, index: int) -> TensorEntry:
        """Decode and check one row."""
        where = f"SEGM: tensor {index}"
        role, layer, mode, bits, ndim, zero, zero2 = cursor.unpack(_ENTRY)
        if zero or zero2:
            raise UnsupportedError(f"{where}: a reserved field is set; update linc")
        if role in _FORMER_ROLES:
            raise UnsupportedError(
                f"{where}: role {role} ({_FORMER_ROLES[role]}) is of an earlier draft; "
                "encode the video anew"
            )
        if role not in set(Role):
            raise UnsupportedError(f"{where}: role {role} is unknown; update linc")
        if mode not in set(Mode):
            raise UnsupportedError(f"{where}: mode {mode} is unknown; update linc")
        top = registry.MAX_NDIM
        require(1 <= ndim <= top, f"{where}: {ndim} dimensions, expected 1 to {top}")
        dims = tuple(int(cursor.unpack(_DIM)[0]) for _ in range(ndim))
        length, a, b = cursor.unpack(_ENTRY_TAIL)
        entry = TensorEntry(Role(role), layer, Mode(mode), dims, length, bits, a, b)
        entry._check(where)
        return entry

    def _check(self, where: str) -> None:
        top = registry.MAX_DIM
        require(1 <= len(self.dims) <= registry.MAX_NDIM, f"{where}: {len(self.dims)} dimensions")
        for dim in self.dims:
            require(1 <= dim <= top, f"{where}: size {dim}, expected 1 to {top}")
        for name, value in (("a", self.a), ("b", self.b)):
            require_finite(value, f"{where}: {name}")
            require(value == single(value), f"{where}: {name} is not binary32")
            any_zero = name == "a" and self.mode == Mode.CONST
            require(any_zero or not is_negative_zero(value), f"{where}: {name} is -0")
        self._check_mode(where)

    def _check_mode(self, where: str) -> None:
        mode, name = self.mode, self.mode.name.lower()
        low, high = {Mode.RAW: (32, 32), Mode.MINMAX: (1, registry.MAX_BITS)}.get(mode, (0, 0))
        require(low <= self.bits <= high, f"{where}: mode {name} with {self.bits} bits")
        uses_a = mode not in (Mode.RAW, Mode.PARTITIONED)
        uses_b = mode in (Mode.MINMAX, Mode.SPECTRAL)
        require(uses_a or self.a == 0, f"{where}: mode {name} with a = {self.a}, expected 0")
        require(uses_b or self.b == 0, f"{where}: mode {name} with b = {self.b}, expected 0")
        if mode in (Mode.LATTICE, Mode.SPECTRAL, Mode.FIELD):
            require(self.a > 0, f"{where}: mode {name} with step {self.a}")
        if uses_b:
            require(self.b > 0, f"{where}: mode {name} with b = {self.b}, expected above 0")
        per_element = MAX_BYTES_PER_UNIT if mode == Mode.PARTITIONED else MAX_BYTES_PER_SYMBOL
        longest = per_element * self.elements + MAX_TABLE_BYTES
        require(
            self.payload_length <= longest,
            f"{where}: {self.payload_length} payload bytes for {self.elements} elements",
        )
        pictures = (self.role == Role.PICTURES, mode == Mode.PARTITIONED)
        require(pictures[0] == pictures[1], f"{where}: {self.role.name.lower()} of mode {name}")
        if mode == Mode.PARTITIONED:
            require(len(self.dims) == 3, f"{where}: {len(self.dims)} dimensions, expected 3")
            require(self.payload_length > _DIGEST, f"{where}: {self.payload_length} payload bytes")
        exact = {Mode.RAW: 4 * self.elements, Mode.CONST: 0}.get(mode)
        require(
            exact is None or self.payload_length == exact,
            f"{where}: mode {name} with {self.payload_length} payload bytes, expected {exact}",
        )


@dataclass(frozen=True)
class SegmentHeader:
    """The decoded SEGM section."""

    first_frame: int
    """Index in the video of the segment's first frame."""
    n_frames: int
    tensors: tuple[TensorEntry, ...]
    """Ascending by (role, layer), each pair once."""
    continues: bool = False
    """No scene cut between the previous segment and this one."""

    @property
    def pictures(self) -> TensorEntry | None:
        """The row of the coded frames of a partitioned segment, None of another."""
        return next((t for t in self.tensors if t.role == Role.PICTURES), None)

    @property
    def has_network(self) -> bool:
        """Whether there are tensors of the network."""
        return any(t.role in NETWORK_ROLES for t in self.tensors)

    @property
    def is_enhanced(self) -> bool:
        """Whether there are pictures and a network that is shown on top of them."""
        return self.pictures is not None and self.has_network

    @property
    def weights_length(self) -> int:
        """Bytes of WGTS."""
        return sum(t.payload_length for t in self.tensors if t.role != Role.LATENT)

    @property
    def latents_length(self) -> int:
        """Bytes of LATS."""
        return sum(t.payload_length for t in self.tensors if t.role == Role.LATENT)

    @property
    def packed_length(self) -> int:
        """Bytes of SEGM."""
        rows = (_ENTRY.size + len(t.dims) * _DIM.size + _ENTRY_TAIL.size for t in self.tensors)
        return SEGMENT_FIXED.size + sum(rows)

    @property
    def params(self) -> int:
        """Tensor elements, to be bounded by HEAD ``max_params``."""
        return sum(tensor.elements for tensor in self.tensors)

    @property
    def expanse(self) -> int:
        """Tensor elements, units of pictures 64 times, to be bounded by the file's length."""
        cells = 0 if self.pictures is None else (_CELLS - 1) * self.pictures.elements
        return self.params + cells

    @property
    def symbols(self) -> int:
        """Entropy-coded tensor elements, to be bounded by HEAD ``max_symbols``."""
        return sum(tensor.elements for tensor in self.tensors if tensor.is_coded)

    def split(self, wgts: bytes, lats: bytes) -> tuple[bytes, ...]:
        """The payload of each tensor, in table order.

        Args:
            wgts: WGTS payload, ``weights_length`` bytes.
            lats: LATS payload, ``latents_length`` bytes.

        Raises:
            CorruptError: the payloads do not tile the sections exactly.
        """
        _check_tiling("WGTS", len(wgts), self.weights_length)
        _check_tiling("LATS", len(lats), self.latents_length)
        parts, at = [], {False: 0, True: 0}
        for tensor in self.tensors:
            latent = tensor.role == Role.LATENT
            start = at[latent]
            at[latent] = start + tensor.payload_length
            parts.append((lats if latent else wgts)[start : at[latent]])
        return tuple(parts)

    def pack(self) -> bytes:
        """The SEGM payload.

        Raises:
            CorruptError: a field is out of range.
        """
        self._check()
        flags = SegmentFlag.CONTINUES if self.continues else SegmentFlag(0)
        counts = (self.first_frame, self.n_frames, flags, 0, 0, len(self.tensors), 0)
        return SEGMENT_FIXED.pack(*counts) + b"".join(tensor.pack() for tensor in self.tensors)

    @staticmethod
    def parse(payload: bytes, limits: Limits) -> SegmentHeader:
        """Decode and check a SEGM payload.

        Raises:
            CorruptError: a field breaks a rule.
            UnsupportedError: an unknown role, mode or flag.
            LimitError: the table declares more than ``limits`` allow.
        """
        cursor = Cursor(payload, "SEGM")
        first, n_frames, continues, n_tensors = parse_segment_fixed(cursor.take(SEGMENT_FIXED.size))
        limits.check("tensors", n_tensors, "SEGM")
        tensors = tuple(TensorEntry.parse(cursor, index) for index in range(n_tensors))
        cursor.finish()
        header = SegmentHeader(first, n_frames, tensors, continues)
        header._check()
        limits.check("params", header.params, "SEGM")
        limits.check("symbols", header.symbols, "SEGM")
        return header

    def _check(self) -> None:
        require(self.n_frames >= 1, "SEGM: the segment has no frames")
        require(self.first_frame + self.n_frames < registry.UNKNOWN_COUNT, "SEGM: frame range")
        cut_first = self.first_frame > 0 or not self.continues
        require(cut_first, "SEGM: the first segment cannot continue another")
        require(0 < len(self.tensors) <= 0xFFFF, f"SEGM: {len(self.tensors)} tensors")
        keys = [(tensor.role, tensor.layer) for tensor in self.tensors]
        ascending = all(a < b for a, b in pairwise(keys))
        require(ascending, "SEGM: tensors are not in ascending order of role and layer")
        if self.pictures is not None:
            self._check_pictures(self.pictures)

    def _check_pictures(self, pictures: TensorEntry) -> None:
        others = {tensor.role for tensor in self.tensors} - _BESIDE_PICTURES
        names = ", ".join(sorted(role.name.lower() for role in others))
        require(not others, f"SEGM: {names} beside pictures, which are the whole picture")
        layers = [tensor.layer for tensor in self.tensors if tensor.role == Role.PICTURES]
        require(layers == [0], f"SEGM: pictures {layers[-1]}, expected 0 alone")
        found, top = pictures.dims[0], registry.MAX_PICTURES
        require(found == self.n_frames, f"SEGM: pictures of {found} frames, not {self.n_frames}")
        if found > top:
            raise LimitError(f"SEGM: pictures of {found} frames; the format allows {top}")


def parse_segment_fixed(data: bytes) -> tuple[int, int, bool, int]:
    """First frame, frame count, ``continues`` and tensor count from the fixed part of SEGM.

    Raises:
        UnsupportedError: an unknown flag or a reserved field is set.
    """
    first, n_frames, flags, *reserved, n_tensors, last = SEGMENT_FIXED.unpack(data)
    if flags & ~int(SegmentFlag.CONTINUES) or any(reserved) or last:
        raise UnsupportedError("SEGM: an unknown flag or reserved field is set; update linc")
    return first, n_frames, bool(flags & SegmentFlag.CONTINUES), n_tensors


def _check_tiling(name: str, found: int, expected: int) -> None:
    require(
        found == expected,
        f"{name}: {found} bytes, but the tensor table of SEGM declares {expected}",
    )
