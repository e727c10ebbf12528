"""Fitting with prediction: fewer bytes where things move, and files that decode as measured."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import torch

from lincodec.bitstream.segment import Field, pack_segment, unpack_segment
from lincodec.container import LincArch, LincFile, SegmentData
from lincodec.decoder.decode import decode
from lincodec.decoder.load import segment_model
from lincodec.decoder.verify import verify
from lincodec.encoder.budget import Budget
from lincodec.encoder.encode import encode
from lincodec.encoder.engine import SegmentPlan
from lincodec.encoder.linc.block_search import match
from lincodec.encoder.linc.coarse_search import coarse
from lincodec.encoder.linc.mode_decision import Layout, score
from lincodec.encoder.linc.predictive_fit import THEMES, PredictiveFit
from lincodec.encoder.linc.segment_fit import SegmentFit, code_bits
from lincodec.encoder.segments import Range
from lincodec.errors import CorruptError
from lincodec.model.compensation import Blocks, Link
from lincodec.options import DecodeOptions, EncodeOptions, Span, StopRequest
from lincodec.registry import Role
from lincodec.types import Frame, Planes, VideoInfo
from lincodec.video.reader import FrameReader

pytestmark = pytest.mark.usefixtures("one_thread")

SIZE = (96, 128)
COUNT = 20
WHOLE = Range(0, COUNT, False)
ARCH = LincArch(4, 2, COUNT + THEMES)
STEP = 30.0
SEARCH = (2, 1_000_000)
SIDE = 16


def info_of(height: int, width: int) -> VideoInfo:
    return VideoInfo(width=width, height=height, fps=Fraction(25))


def textured(moves: list[tuple[int, int]]) -> list[Planes]:
    """Frames of a fine texture that stands (dx, dy) further to the right and down."""
    rng, (height, width) = np.random.default_rng(7), SIZE
    whole = np.full((height + 160, width + 160), 128.0)
    for size in (64, 16, 4):
        coarse = rng.normal(0, 20, (-(-whole.shape[0] // size), -(-whole.shape[1] // size)))
        fine = np.kron(coarse, np.ones((size, size)))
        whole += fine[: whole.shape[0], : whole.shape[1]]
    whole = np.clip(whole, 0, 255).astype(np.uint8)
    chroma = np.full((height // 2, width // 2), 128, np.uint8)
    return [
        (whole[80 - dy : 80 - dy + height, 80 - dx : 80 - dx + width], chroma, chroma)
        for dx, dy in moves
    ]


@pytest.fixture(scope="module")
def pan() -> tuple[list[Planes], VideoInfo]:
    return textured([(2 * i, -i) for i in range(COUNT)]), info_of(*SIZE)


@pytest.fixture(scope="module")
def fit(pan: tuple[list[Planes], VideoInfo]) -> PredictiveFit:
    return PredictiveFit(*pan, ARCH, SEARCH, SIDE)


def test_a_decoder_gets_what_the_fit_measured(
    fit: PredictiveFit, pan: tuple[list[Planes], VideoInfo]
) -> None:
    coded = fit.quantise(STEP)
    header, weights, latents = pack_segment(fit.code(WHOLE, coded))
    read = unpack_segment(SegmentData(0, header, weights, latents), ARCH, pan[1].plane_sizes)
    shown = segment_model(read, ARCH, pan[1]).pictures(torch.arange(COUNT, dtype=torch.float64))
    for found, planes in zip(shown, coded.planes, strict=True):
        assert float((found - planes).abs().max()) < 1e-2


def test_a_pan_takes_far_fewer_bits_than_without(
    fit: PredictiveFit, pan: tuple[list[Planes], VideoInfo]
) -> None:
    plain = SegmentFit(*pan, ARCH).trial(STEP)
    found = fit.trial(STEP)
    assert score(found.bits, found.psnr) < score(plain.bits, plain.psnr) - 0.5


def test_latents_tell_the_frames_apart(fit: PredictiveFit) -> None:
    values = fit.quantise(STEP).latents.values
    columns = values[-THEMES:].T
    assert len(np.unique(columns, axis=0)) == COUNT


def test_layout_predicts_what_moves_and_nothing_else(
    pan: tuple[list[Planes], VideoInfo],
) -> None:
    frames, info = pan
    still = [frames[0]] * COUNT
    for planes, expected in ((frames, True), (still, False)):
        layout = Layout(info, STEP, SEARCH)
        given = [Frame(p, Fraction(i)) for i, p in enumerate(planes)]
        plans = layout.cut(WHOLE, given, ARCH)
        assert all((plan.side or 0) > 0 for plan in plans) is expected
        if expected:
            assert plans == [SegmentPlan(WHOLE, layout.side(given, ARCH))]
        else:
            assert {plan.side for plan in plans} == {0}
            assert layout.side(given, ARCH) == 0
    assert Layout(info, STEP).side(given, ARCH) == 0


def test_matching_finds_a_jump_that_the_first_guess_misses() -> None:
    frames = textured([(0, 0), (4, 0), (8, 0)])
    luma = torch.stack([torch.from_numpy(f[0].astype(np.float32)) - 128 for f in frames])
    [blocks] = Blocks.of([SIZE], 16, 2)
    nothing = torch.zeros(1, 5, *blocks.grid, dtype=torch.long)
    torch.manual_seed(1)
    noisy = luma + 12 * torch.randn(luma.shape)  # the mean of both has less of it
    found = match(luma[1:2], noisy, [Link(1, 0, 2)], nothing, blocks, 4.0, 0.1, 5)
    inner = found[0, :, 1:-1, 1:-1].double().flatten(1).median(1).values
    assert inner.tolist() == [-8, 0, 8, 0, 0]


def test_what_is_uncovered_comes_from_the_frame_that_shows_it() -> None:
    [(luma, *_)] = textured([(0, 0)])
    shown = torch.from_numpy(luma.astype(np.float32)) - 128
    first, second = shown.clone(), shown.clone()
    first[:, 64:], second[:, :32] = 0, 0  # the right half before, the left quarter after
    planes = torch.stack([first, shown, second])
    [blocks] = Blocks.of([SIZE], 16, 2)
    nothing = torch.zeros(1, 5, *blocks.grid, dtype=torch.long)
    found = match(shown[None], planes, [Link(1, 0, 2)], nothing, blocks, 8.0, 0.1, 2)[0]
    assert (found[4, :, 4:] == 1).all()
    assert (found[4, :, :2] == -1).all()
    assert (found[:4].permute(1, 2, 0)[:, 4:, 2:] == 0).all()
    # an anchor has but one frame: its second side alone is never chosen
    anchor = match(shown[None], planes, [Link(1, 2, 2)], nothing, blocks, 8.0, 0.1, 2)[0]
    assert (anchor[4] < 1).all()


def test_coarse_displacements_reach_a_block_in_each_direction() -> None:
    frames = textured([(0, 0), (12, -16), (-8, 4)])
    luma = torch.stack([torch.from_numpy(f[0].astype(np.float32)) for f in frames])
    for cell in (16, 32):
        [blocks] = Blocks.of([SIZE], cell, 2)
        first, second = coarse(luma[:1], luma, [Link(0, 1, 2)], blocks)
        inner = slice(1, -1), slice(1, -1)
        assert first[0][inner].flatten(0, 1).median(0).values.tolist() == [24, -32]
        assert second[0][inner].flatten(0, 1).median(0).values.tolist() == [-16, 8]


def test_real_clip_from_file_to_file(clip: Callable[[str], Path], tmp_path: Path) -> None:
    source, name, played = str(clip("bikes")), str(tmp_path / "a.linc"), str(tmp_path / "a.y4m")
    span = Span(1.2, None, 28)
    options = EncodeOptions(preset="instant", quality=29, prediction=True, span=span)
    report = encode(source, name, options)
    with open(name, "rb") as stream:
        linc = LincFile(stream)
        roles = {entry.role for entry in linc.read_segment(0).header.tensors}
    assert Role.PREDICTION in roles
    assert verify(name, render=True).rendered == 28
    assert decode(name, played, DecodeOptions(fps_scale=2)).frames == 56
    assert report.psnr > 37


def test_size_target_is_met_with_prediction(clip: Callable[[str], Path], tmp_path: Path) -> None:
    name = str(tmp_path / "a.linc")
    options = EncodeOptions(
        preset="instant", size=16_000, prediction=True, audio=False, span=Span(None, None, 24)
    )
    encode(str(clip("carphone")), name, options)
    assert abs(Path(name).stat().st_size / 16_000 - 1) < 0.03


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: Field(t.q[:-1], t.step), "frames; expected"),
        (lambda t: Field(t.q[:, :2], t.step), "5 components"),
        (lambda t: Field(t.q[:, :4], t.step), "5 components"),
        (lambda t: Field(t.q, 0.3), "step"),
        (lambda t: Field(t.q[:, :, :-1], t.step), "no block side|which no"),
    ],
)
def test_prediction_that_does_not_fit_is_refused(
    fit: PredictiveFit, pan: tuple[list[Planes], VideoInfo],
    change: Callable[[Field], Field], message: str,
) -> None:  # fmt: skip
    code = fit.code(WHOLE, fit.quantise(STEP))
    tensor = code.tensors[Role.PREDICTION, 0]
    assert isinstance(tensor, Field)
    tensors = {**code.tensors, (Role.PREDICTION, 0): change(tensor)}
    with pytest.raises(CorruptError, match=message):
        segment_model(replace(code, tensors=tensors), ARCH, pan[1])


def test_run_reports_and_ends(fit: PredictiveFit) -> None:
    seen: list[float] = []
    code = fit.run(WHOLE, STEP, Budget(report=lambda share, _: seen.append(share)))
    assert seen == sorted(seen)
    assert seen[-1] == 1.0
    assert code_bits(code) > 0


def test_a_stop_ends_the_search(pan: tuple[list[Planes], VideoInfo]) -> None:
    stop = StopRequest()
    stop.set()
    fresh = PredictiveFit(*pan, ARCH, SEARCH, SIDE)
    hurried = fresh.run(WHOLE, STEP, Budget(stop=stop))
    assert code_bits(hurried) != code_bits(fresh.run(WHOLE, 2 * STEP, Budget()))
    shown = segment_model(hurried, ARCH, pan[1]).pictures(torch.zeros(1, dtype=torch.float64))
    assert torch.isfinite(shown[0]).all()


def test_frames_are_read_back(clip: Callable[[str], Path]) -> None:
    with FrameReader(str(clip("carphone")), span=Span(frames=2)) as reader:
        frames = [frame.planes for frame in reader]
        arch = LincArch(4, 2, 2 + THEMES)
        two = PredictiveFit(frames, reader.info, arch, SEARCH, SIDE)
    assert two.trial(STEP).psnr > 25
