"""Partitioned segments: what is written decodes to what the encoder saw, and targets are met."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from lincodec.bitstream.pictures import PictureDigest
from lincodec.container import chroma_of
from lincodec.core.partitioned import PartitionedDecoder
from lincodec.encoder.budget import Budget
from lincodec.encoder.linc.partitioned_fit import EFFORTS, PartitionedFit, step_index
from lincodec.encoder.segments import Range
from lincodec.registry import Role
from lincodec.types import Planes, VideoInfo

Shift = tuple[int, int] | None


def moving(info: VideoInfo, count: int) -> list[Planes]:
    """Noise of low frequency that slides two samples a frame, and a still corner."""
    rng = np.random.default_rng(7)
    top = (1 << info.bit_depth) - 1
    planes = []
    for height, width in info.plane_sizes:
        coarse = rng.random((height // 8 + 2, width // 8 + 2))
        planes.append(np.kron(coarse, np.ones((8, 8)))[:height, :width] * top)
    kind = np.uint8 if info.bit_depth == 8 else np.uint16
    frames = []
    for at in range(count):
        moved = [np.roll(plane, 2 * at, 1) for plane in planes]
        for plane in moved:
            plane[: len(plane) // 3, : plane.shape[1] // 3] = top // 3
        frames.append(tuple(np.rint(plane).astype(kind) for plane in moved))
    return frames


def info_of(width: int, height: int, depth: int, shift: Shift) -> VideoInfo:
    return VideoInfo(width, height, Fraction(25), bit_depth=depth, chroma_shift=shift)


@pytest.mark.parametrize(
    ("size", "depth", "shift", "count"),
    [
        ((64, 48), 8, (1, 1), 5),
        ((50, 38), 8, (1, 1), 3),
        ((33, 17), 10, (1, 0), 3),
        ((41, 23), 12, (0, 0), 2),
        ((40, 24), 8, None, 3),
        ((1, 1), 8, (1, 1), 2),
        ((3, 70), 10, (1, 1), 1),
    ],
)
def test_what_is_written_decodes_to_what_was_coded(
    size: tuple[int, int], depth: int, shift: Shift, count: int
) -> None:
    info = info_of(*size, depth, shift)
    frames = moving(info, count)
    fit = PartitionedFit(frames, info, "medium", 2)
    code = fit.run(Range(5, count, True), 16.0, Budget())
    assert (code.first_frame, code.n_frames, code.continues) == (5, count, True)
    assert code.values(Role.LATENT).shape[1] == count
    pictures, digest = code.pictures, PictureDigest()
    assert pictures is not None
    with PartitionedDecoder(pictures.stream, *size, chroma_of(shift), depth, count) as decoder:
        decoded = list(decoder.frames(range(count)))
    for planes, source in zip(decoded, frames, strict=True):
        digest.add(planes)
        assert [p.shape for p in planes] == [p.shape for p in source]
    assert digest.value == pictures.digest
    assert fit.trial(16.0).psnr > 28


@pytest.mark.parametrize("effort", list(EFFORTS))
def test_threads_do_not_change_bytes(effort: str) -> None:
    info = info_of(72, 56, 8, (1, 1))
    frames = moving(info, 9)
    streams = {
        PartitionedFit(frames, info, effort, threads)
        .run(Range(0, 9, False), 24.0, Budget())
        .pictures
        for threads in (1, 2, 4)
    }
    assert len(streams) == 1


def test_a_coarser_step_takes_fewer_bits_and_bits_that_are_wanted_are_met() -> None:
    info = info_of(96, 80, 8, (1, 1))
    frames = moving(info, 9)
    fit = PartitionedFit(frames, info, "fast", 1)
    fine, coarse = fit.trial(12.0), fit.trial(48.0)
    assert fine.bits > 1.3 * coarse.bits
    assert fine.psnr > coarse.psnr + 3
    wanted = (fine.bits + coarse.bits) / 2
    pictures = fit.run(Range(0, 9, False), 24.0, Budget(), wanted).pictures
    assert pictures is not None
    assert abs(8 * len(pictures.stream) / wanted - 1) < 0.15


def test_steps_have_sixteen_indices_an_octave() -> None:
    assert [step_index(step) for step in (1.0, 2.0, 4.0)] == [64, 80, 96]
    assert step_index(1e-9) == 0
    assert step_index(1e9) == 175
