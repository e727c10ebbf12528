"""From latents to embeddings: the head that aLGN stores for every segment (spec clause 8.9).

No pixel is computed and no weight is read: the latents of a segment and its head are enough.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from lincodec.bitstream import quantisers, segment
from lincodec.bitstream.segment import Lattice
from lincodec.container import AlignmentData, HeadData, LincFile
from lincodec.entropy import lattice
from lincodec.errors import CorruptError

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Head:
    """Affine map from the K latent entries of a segment to an embedding of d numbers."""

    basis: Lattice
    """[r + 1, d]: the mean embedding, then r components."""
    mix: Lattice | None
    """[r, K]: how far each component goes for a latent; None for r = 0."""

    @property
    def rank(self) -> int:
        """Components beside the mean."""
        return len(self.basis.q) - 1

    @cached_property
    def data(self) -> HeadData:
        """As stored."""
        mix = b"" if self.mix is None else _packed(self.mix)
        return HeadData(self.rank, _packed(self.basis), mix)

    @property
    def size(self) -> int:
        """Bytes of both payloads."""
        return len(self.data.basis) + len(self.data.mix)

    @staticmethod
    def unpack(data: HeadData, dimension: int, entries: int) -> Head:
        """The inverse of ``data``.

        Args:
            data: of one segment.
            dimension: numbers of an embedding.
            entries: numbers K of a latent.

        Raises:
            CorruptError: a payload is malformed.
        """
        basis = _unpacked(data.basis, data.rank + 1, dimension)
        return Head(basis, _unpacked(data.mix, data.rank, entries) if data.rank else None)

    def embed(self, latents: Floats, centre: Floats) -> Floats:
        """Embeddings float32 [n, d] of latents [n, K]; ``centre`` [K] is their mean over frames."""
        basis = self.basis.values
        if self.mix is None:
            return np.repeat(basis[:1], len(latents), axis=0)
        scores = (latents - centre) @ self.mix.values.T
        embedded: Floats = (basis[0] + scores @ basis[1:]).astype(np.float32)
        return embedded


def _packed(tensor: Lattice) -> bytes:
    """A lattice payload with step 1."""
    return lattice.pack(tensor.exponents, tensor.q)


def _unpacked(payload: bytes, count: int, width: int) -> Lattice:
    exponents, q = lattice.unpack(payload, count, width, "aLGN")
    tensor = Lattice(q, 1.0, exponents)
    quantisers.lattice_dequantise(tensor.q, tensor.step, tensor.exponents)  # refuses what overflows
    return tensor


class Aligned:
    """The latents of an open file, seen in the space of one embedding model."""

    def __init__(self, linc: LincFile, data: AlignmentData) -> None:
        self.linc, self.data = linc, data

    def segment(self, index: int, times: Sequence[float] | None = None) -> Floats:
        """Embeddings of one segment, float32 [n, d], not normalised.

        Args:
            index: of the segment.
            times: in frames from the segment's first, 0 to its frame count less 1;
                between frames the latents are interpolated (paper Eq. 4). None: every frame.

        Raises:
            CorruptError: the latents or the head are malformed.
        """
        latents = segment_latents(self.linc, index)
        wanted = latents if times is None else interpolated(latents, times)
        if self.data.first is not None:
            return wanted[:, self.data.first : self.data.first + self.data.dimension]
        head = Head.unpack(self.data.heads[index], self.data.dimension, latents.shape[1])
        centre = latents.mean(axis=0, dtype=np.float64).astype(np.float32)
        return head.embed(wanted, centre)

    def frames(self) -> Floats:
        """Embeddings of every frame of the file, float32 [n, d], not normalised."""
        return np.concatenate([self.segment(i) for i in range(len(self.linc.segments))])


def segment_latents(linc: LincFile, index: int) -> Floats:
    """The latents of one segment, float32 [n, K], one row a frame; nothing else is decoded."""
    header, payload = linc.read_latents(index)
    code = segment.unpack_latents(header, payload)
    return latent_rows(code.values, header.n_frames)


def latent_rows(values: Floats, n_frames: int) -> Floats:
    """The latent tensor as one row a frame: architecture linc stores one column a frame.

    Raises:
        CorruptError: neither side has the length of the segment.
    """
    if values.ndim != 2 or n_frames not in values.shape:
        raise CorruptError(f"latents of sizes {values.shape} for {n_frames} frames")
    return values.T


def interpolated(latents: Floats, times: Sequence[float]) -> Floats:
    """Latents [m, K] at ``times``, in frames, by linear interpolation of [n, K]."""
    at = np.clip(np.asarray(times, np.float64), 0, len(latents) - 1)
    before = np.minimum(at.astype(np.int64), max(len(latents) - 2, 0))
    after = np.minimum(before + 1, len(latents) - 1)
    share = (at - before)[:, None].astype(np.float32)
    mixed: Floats = (1 - share) * latents[before] + share * latents[after]
    return mixed


def check_heads(linc: LincFile) -> None:
    """Decode every head of every alignment.

    Raises:
        CorruptError: one is malformed.
    """
    for data in linc.alignments():
        for index, head in enumerate(data.heads):
            header = linc.read_segment_header(index)
            Head.unpack(head, data.dimension, segment.latent_entries(header))


def normalised(vectors: Floats) -> Floats:
    """Rows of unit length; a row of zeros stays."""
    norms = np.linalg.norm(vectors, axis=-1, keepdims=True)
    unit: Floats = (vectors / np.where(norms == 0, 1, norms)).astype(np.float32)
    return unit


def mean_cosine(one: Floats, other: Floats) -> float:
    """Mean over rows of the cosine between two [n, d] arrays."""
    return float((normalised(one) * normalised(other)).sum(-1).mean())
