"""Partitioned segments: what is written decodes to what the encoder saw, and targets are met."""

from __future__ import annotations

import time
from fractions import Fraction

import numpy as np
import pytest

from lincodec.bitstream.pictures import PictureDigest
from lincodec.bitstream.segment import SegmentCode, code_bits
from lincodec.container import chroma_of
from lincodec.core.partitioned import PartitionedDecoder
from lincodec.encoder.aim import Aim, Figure
from lincodec.encoder.budget import Budget
from lincodec.encoder.linc.effort_pace import EffortPace
from lincodec.encoder.linc.partitioned_fit import EFFORTS, PartitionedFit, step_index
from lincodec.encoder.segments import Range
from lincodec.registry import Role
from lincodec.types import Planes, VideoInfo
from lincodec.video.metrics import ms_ssim, psnr, rgb_error

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


def decoded(code: SegmentCode, info: VideoInfo) -> list[Planes]:
    """The pictures of a segment."""
    pictures, chroma = code.pictures, chroma_of(info.chroma_shift)
    assert pictures is not None
    size, count = (info.width, info.height), pictures.shape[0]
    with PartitionedDecoder(pictures.stream, *size, chroma, info.bit_depth, count) as decoder:
        return list(decoder.frames(range(count)))


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
    for planes, source in zip(decoded(code, info), frames, strict=True):
        digest.add(planes)
        assert [p.shape for p in planes] == [p.shape for p in source]
    assert digest.value == pictures.digest
    assert sum(trial.psnr for trial in fit.frame_trials(16.0)) / count > 28


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
    assert fit.bits(12.0, quick=True) > 1.3 * fit.bits(48.0, quick=True)
    for fine, coarse in zip(fit.frame_trials(12.0), fit.frame_trials(48.0), strict=True):
        assert fine.psnr > coarse.psnr + 3


@pytest.mark.parametrize("near", [False, True])
def test_bits_that_are_wanted_are_met(near: bool) -> None:
    info = info_of(96, 80, 8, (1, 1))
    fit = PartitionedFit(moving(info, 9), info, "medium", 1)
    wanted = (fit.bits(12.0, quick=True) + fit.bits(48.0, quick=True)) / 2
    code = fit.run(Range(0, 9, False), 24.0, Budget(), Aim(Figure.BITS, wanted, near=near))
    assert abs(code_bits(code) / wanted - 1) < 0.08
    assert len(fit._made) == 1  # pictures of one encode alone are held


def test_a_quality_that_is_wanted_is_reached() -> None:
    info = info_of(96, 80, 8, (1, 1))
    source = moving(info, 9)
    for figure, value in ((Figure.PSNR, 34.0), (Figure.MS_SSIM, 0.98)):
        fit = PartitionedFit(source, info, "fast", 1)
        code = fit.run(Range(0, 9, False), 16.0, Budget(), Aim(figure, value))
        shown = decoded(code, info)
        if figure is Figure.PSNR:
            errors = [rgb_error(a, b, info) for a, b in zip(source, shown, strict=True)]
            found = sum(map(psnr, errors)) / 9
            assert value - 0.005 <= found < value + 3
        else:
            found = sum(ms_ssim(source[at][0], shown[at][0]) for at in (0, 4, 8)) / 3
            assert value - 5e-5 <= found < value + 0.01


def test_a_pace_lowers_the_effort_of_what_is_late() -> None:
    info = info_of(96, 80, 8, (1, 1))
    source = moving(info, 9)

    def coded(left: float) -> bytes:
        pace = EffortPace({"fast": 1e-6, "medium": 1e6}, 1)
        fit = PartitionedFit(source, info, "medium", 1, pace=pace)
        budget = Budget(deadline=time.monotonic() + left)
        pictures = fit.run(Range(0, 9, False), 24.0, budget).pictures
        assert pictures is not None
        return pictures.stream

    assert coded(1e9) == PartitionedFit(source, info, "medium", 1)._coded(24.0).stream
    assert coded(0.0) == PartitionedFit(source, info, "fast", 1)._coded(24.0).stream


def test_steps_have_sixteen_indices_an_octave() -> None:
    assert [step_index(step) for step in (1.0, 2.0, 4.0)] == [64, 80, 96]
    assert step_index(1e-9) == 0
    assert step_index(1e9) == 175
