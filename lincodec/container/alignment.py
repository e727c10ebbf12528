"""aLGN: an embedding model to whose space the latents are aligned (spec clause 6.13)."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

from lincodec.container.arch import Arch, LatentInrArch
from lincodec.container.cursor import (
    Cursor,
    is_negative_zero,
    pack_text,
    pack_varint,
    require,
    require_finite,
    single,
)
from lincodec.errors import UnsupportedError

REVISION_LENGTH = 32
MAX_DIMENSION = 0xFFFF
MAX_RANK = 64

#: dimension, kind, zero, scale, weight, cosine  # spec 6.13
_FIXED = struct.Struct("<HBBfff")
_FIRST = struct.Struct("<H")


class _Kind(IntEnum):
    """How an embedding follows from a latent."""

    HEAD = 0
    LATENT = 1


@dataclass(frozen=True)
class HeadData:
    """The affine head of one segment, not entropy-decoded."""

    rank: int
    """Components beside the mean, 0..64."""
    basis: bytes
    """Lattice payload of dims (rank + 1, dimension)."""
    mix: bytes
    """Lattice payload of dims (rank, latent entries); empty for rank 0."""


@dataclass(frozen=True)
class AlignmentData:
    """The decoded aLGN section."""

    model: str
    """Name of the embedding model."""
    revision: bytes
    """SHA-256 that identifies its weights, 32 bytes."""
    preprocessing: str
    """What was done to a frame before the model saw it."""
    dimension: int
    """Numbers of an embedding."""
    scale: float
    """Mean norm of the model's embeddings before they are normalised; 0: unknown."""
    weight: float
    """Lambda of the fit (paper Eq. 6); 0: the latents were not pulled towards the model."""
    cosine: float
    """Mean over frames of the cosine to the model on the source frames; 0: not measured."""
    first: int | None = None
    """Latent entry where the embedding begins, of latents that are aligned themselves;
    None: there is a head for every segment."""
    heads: tuple[HeadData, ...] = ()
    """One for each segment, in order; empty with ``first``."""

    def pack(self) -> bytes:
        """The aLGN payload.

        Raises:
            CorruptError: a field is out of range.
        """
        self._check()
        kind = _Kind.HEAD if self.first is None else _Kind.LATENT
        numbers = (self.scale, self.weight, self.cosine)
        out = [pack_text(self.model), self.revision, pack_text(self.preprocessing)]
        out.append(_FIXED.pack(self.dimension, kind, 0, *numbers))
        if self.first is not None:
            out.append(_FIRST.pack(self.first))
        for head in self.heads:
            sizes = (head.rank, len(head.basis), len(head.mix))
            out += [*(pack_varint(size) for size in sizes), head.basis, head.mix]
        return b"".join(out)

    @staticmethod
    def parse(payload: bytes, n_segments: int, arch: Arch) -> AlignmentData:
        """Decode and check an aLGN payload.

        Args:
            payload: of aLGN.
            n_segments: segments of the file.
            arch: its architecture.

        Raises:
            CorruptError: a field breaks a rule.
            UnsupportedError: an unknown kind, or a reserved field is set.
        """
        cursor = Cursor(payload, "aLGN")
        model, revision, preprocessing = cursor.text(), cursor.take(REVISION_LENGTH), cursor.text()
        dimension, kind, zero, scale, weight, cosine = cursor.unpack(_FIXED)
        if kind not in set(_Kind) or zero:
            raise UnsupportedError(f"aLGN: kind {kind} or a reserved field is unknown; update linc")
        first: int | None = None
        heads: tuple[HeadData, ...] = ()
        if kind == _Kind.LATENT:
            first = int(cursor.unpack(_FIRST)[0])
            _check_latent(first + dimension, arch)
        else:
            heads = tuple(_parse_head(cursor) for _ in range(n_segments))
        cursor.finish()
        found = AlignmentData(
            model, revision, preprocessing, dimension, scale, weight, cosine, first, heads
        )
        found._check()
        return found

    def _check(self) -> None:
        require(bool(self.model), "aLGN: the model has no name")
        length = len(self.revision)
        require(length == REVISION_LENGTH, f"aLGN: revision of {length} bytes, expected 32")
        require(
            1 <= self.dimension <= MAX_DIMENSION, f"aLGN: dimension {self.dimension}, expected 1 up"
        )
        for name in ("scale", "weight", "cosine"):
            value = getattr(self, name)
            require_finite(value, f"aLGN: {name}")
            require(value == single(value), f"aLGN: {name} is not binary32")
            low = -1 if name == "cosine" else 0
            good = value >= low and not is_negative_zero(value)
            require(good, f"aLGN: {name} is {value}, expected at least {low}")
        require(self.cosine <= 1, f"aLGN: cosine is {self.cosine}, expected at most 1")
        require(self.first is None or not self.heads, "aLGN: heads beside aligned latents")
        for index, head in enumerate(self.heads):
            where = f"aLGN: head {index}"
            require(0 <= head.rank <= MAX_RANK, f"{where}: rank {head.rank}, expected 0 to 64")
            require(bool(head.mix) == (head.rank > 0), f"{where}: {len(head.mix)} bytes of mix")


def _parse_head(cursor: Cursor) -> HeadData:
    rank, n_basis, n_mix = cursor.varint(), cursor.varint(), cursor.varint()
    return HeadData(rank, cursor.take(n_basis), cursor.take(n_mix))


def _check_latent(end: int, arch: Arch) -> None:
    """Check that aligned latents reach as far as the embedding does."""
    require(isinstance(arch, LatentInrArch), "aLGN: latents of this architecture have no space")
    assert isinstance(arch, LatentInrArch)
    require(end <= arch.latent_dim, f"aLGN: ends at entry {end} of {arch.latent_dim} of a latent")


def check_distinct(found: Sequence[AlignmentData]) -> None:
    """Check that no model stands twice (spec clause 6.13)."""
    keys = [(data.model, data.revision) for data in found]
    require(len(set(keys)) == len(keys), "aLGN: a model stands twice")
