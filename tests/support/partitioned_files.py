"""Files of partitioned segments of random decisions, alone or beside spectral ones."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np

from lincodec import registry
from lincodec.bitstream.pictures import PictureDigest, Pictures, units
from lincodec.bitstream.segment import (
    Field,
    Key,
    Lattice,
    SegmentCode,
    Spectral,
    Tensor,
    digest_bytes,
    pack_segment,
)
from lincodec.container import Head, LincArch, LincWriter, chroma_of
from lincodec.entropy.coefficients import Coefficients
from lincodec.registry import Role
from lincodec.types import Planes, VideoInfo
from support.random_segments import random_segment

ARCH = LincArch(4, 2, 8)


def video(
    width: int = 72, height: int = 40, shift: tuple[int, int] | None = (1, 1), depth: int = 8
) -> VideoInfo:
    """What a container says of a small video."""
    return VideoInfo(width, height, Fraction(25), bit_depth=depth, chroma_shift=shift)


def latents(frames: int, rows: int = 3) -> Lattice:
    """Some latents, every frame with its own."""
    q = np.arange(rows * frames, dtype=np.int64).reshape(rows, frames) % 17 - 8
    return Lattice(q, 1.0, np.full(rows, -3, np.int8))


def pictures_code(
    seed: int, first: int, frames: int, info: VideoInfo, *, continues: bool = False, motion: int = 0
) -> tuple[SegmentCode, list[Planes]]:
    """A partitioned segment, and its frames; ``motion``: everything goes so far to the right."""
    chroma = chroma_of(info.chroma_shift)
    made = random_segment(seed, info.width, info.height, chroma, info.bit_depth, frames)
    digest = PictureDigest()
    with made.decoder() as decoder:
        shown = list(decoder.frames())
    for planes in shown:
        digest.add(planes)
    shape = (frames, *units((info.height, info.width)))
    tensors: dict[Key, Tensor] = {
        (Role.LATENT, 0): latents(frames),
        (Role.PICTURES, 0): Pictures(shape, digest.value, made.payload),
    }
    if motion:
        field = np.zeros((frames, 2, 2, 3), np.int64)
        field[:, 0] = motion
        tensors[Role.MOTION, 0] = Field(field, 1.0)
    return SegmentCode(first, frames, continues, tensors), shown


def spectral_code(
    seed: int, first: int, frames: int, info: VideoInfo, *, continues: bool = False
) -> SegmentCode:
    """A spectral segment of two components."""
    rng = np.random.default_rng(seed)
    side, channels = 1 << ARCH.block, []
    rows, columns = -(-info.height // side), -(-info.width // side)
    for height, width in info.plane_sizes:
        v, u = side >> (height != info.height), side >> (width != info.width)
        q = np.zeros((2, rows, columns, v, u), np.int32)
        q[:, :, :, :2, :2] = rng.integers(-9, 10, (2, rows, columns, min(v, 2), min(u, 2)))
        channels.append(Coefficients.of(q))
    spectral = Spectral(tuple(channels), 16.0, 1.0, np.zeros((len(channels), 3), np.int8))
    tensors: dict[Key, Tensor] = {
        (Role.SPECTRAL, 0): spectral,
        (Role.LATENT, 0): latents(frames, 2),
    }
    return SegmentCode(first, frames, continues, tensors)


def write(path: Path, info: VideoInfo, codes: Sequence[SegmentCode]) -> Path:
    """A whole .linc file."""
    packed = [pack_segment(code) for code in codes]
    digest = hashlib.sha256(b"".join(map(digest_bytes, codes)))
    head = Head.from_video(
        info,
        n_frames=sum(code.n_frames for code in codes),
        n_segments=len(codes),
        max_params=max(header.params for header, *_ in packed),
        max_symbols=max(header.symbols for header, *_ in packed),
    )
    with path.open("wb") as out:
        writer = LincWriter(out)
        writer.add(registry.HEAD, head.pack())
        writer.add(registry.ARCH, ARCH.pack())
        for header, weights, lats in packed:
            writer.add_segment(header, weights, lats)
        writer.add(registry.DGST, digest.digest())
        writer.finish()
    return path
