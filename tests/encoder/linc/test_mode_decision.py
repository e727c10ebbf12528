"""Blocks, overlap and segment lengths are those that code best in trials."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from lincodec.container import LincArch
from lincodec.encoder.engine import SegmentPlan
from lincodec.encoder.linc import mode_decision
from lincodec.encoder.linc.mode_decision import Layout, score, usual_block
from lincodec.encoder.segments import Range
from lincodec.options import Span
from lincodec.types import Frame, Planes
from lincodec.video.reader import FrameReader

FRAMES = 8


@pytest.fixture(scope="module")
def carphone(clip: Callable[[str], Path]) -> tuple[Layout, list[Frame]]:
    with FrameReader(str(clip("carphone")), span=Span(frames=FRAMES)) as reader:
        frames = list(reader)
        return Layout(reader.info, 80.0), frames


@pytest.mark.parametrize(
    ("best", "trials"),
    [((3, 1), 7), ((4, 2), 5), ((5, 8), 7), ((4, 8), 7)],
)
def test_windows_are_searched_from_the_middle(
    carphone: tuple[Layout, list[Frame]], monkeypatch: pytest.MonkeyPatch,
    best: tuple[int, int], trials: int,
) -> None:  # fmt: skip
    """A bowl of scores around the best has its bottom found, and nothing is tried twice."""
    layout, frames = carphone
    asked: list[tuple[int, int]] = []

    def bowl(_: list[Planes], arch: LincArch) -> float:
        asked.append((arch.block, arch.overlap))
        return abs(arch.block - best[0]) + abs(arch.overlap - best[1])

    monkeypatch.setattr(layout, "_score", bowl)
    assert layout.windows(frames) == best
    assert len(asked) == len(set(asked)) <= trials
    assert all(2 * overlap <= 1 << block for block, overlap in asked)


def test_the_choice_beats_others_on_a_real_clip(carphone: tuple[Layout, list[Frame]]) -> None:
    layout, frames = carphone
    window = layout._windows(frames)
    chosen = layout.windows(frames)
    scores = {w: layout._score(window, LincArch(*w, FRAMES)) for w in (chosen, (5, 2), (3, 4))}
    assert min(scores, key=lambda w: scores[w]) == chosen


@pytest.mark.parametrize(
    ("area", "step", "side"),
    [
        (176 * 144, 40.0, 8),
        (176 * 144, 80.0, 16),
        (640 * 360, 25.0, 16),
        (640 * 360, 101.0, 32),
        (1280 * 720, 25.0, 16),
        (1280 * 720, 80.0, 32),
        (7680 * 4320, 1000.0, 32),
        (16, 1.0, 8),
    ],
)
def test_without_trials_blocks_grow_with_picture_and_step(
    area: int, step: float, side: int
) -> None:
    assert 1 << usual_block(area, step) == side


def test_without_trials_nothing_is_coded(
    carphone: tuple[Layout, list[Frame]], monkeypatch: pytest.MonkeyPatch
) -> None:
    tried, frames = carphone
    layout = Layout(tried.info, 80.0, trials=False)
    monkeypatch.setattr(layout, "_trial", None)
    assert layout.windows(frames) == (4, 2)
    whole = Range(3, FRAMES, True)
    assert layout.cut(whole, frames, LincArch(4, 2, FRAMES)) == [
        SegmentPlan(whole, partitioned=False)
    ]
    assert not layout.partitioned(frames, LincArch(4, 2, FRAMES))


def test_cuts_tile_the_part_and_pay(carphone: tuple[Layout, list[Frame]]) -> None:
    """Two shots glued together are parted; the pieces follow one another."""
    layout, frames = carphone
    turned = [Frame(tuple(p[::-1, ::-1].copy() for p in f.planes), f.pts) for f in frames]
    both, arch = [*frames, *turned], LincArch(4, 2, 2 * FRAMES)
    plans = layout.cut(Range(3, 2 * FRAMES, False), both, arch)
    parts = [Range(3, FRAMES, False), Range(3 + FRAMES, FRAMES, True)]
    assert plans == [SegmentPlan(part, partitioned=False) for part in parts]
    assert score(1000, 30) < score(1000, 29) < score(2000, 29)


def test_frames_that_move_are_partitioned_at_once(
    carphone: tuple[Layout, list[Frame]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A picture that slides: blocks find it again, a basis over time does not."""
    monkeypatch.setattr(mode_decision, "PartitionedFit", None)  # nothing is coded
    monkeypatch.setattr(mode_decision, "closed_form", None)
    still, frames = carphone
    moved = [
        Frame(tuple(np.roll(p, (2 * i) >> (c > 0), 1) for c, p in enumerate(frames[0].planes)), i)
        for i in range(9)
    ]
    layout = Layout(still.info, 40.0, "fast")
    whole, arch = Range(0, len(moved), False), LincArch(4, 2, len(moved))
    assert layout.cut(whole, moved, arch) == [SegmentPlan(whole, partitioned=True)]
    assert layout.partitioned(moved, arch)
    assert layout.windows(moved) == (usual_block(176 * 144, 40.0), 2)


def noisy(planes: Planes, count: int, first: int) -> list[Frame]:
    """A picture that stands still, with noise."""
    rng = np.random.default_rng(first)
    return [
        Frame(
            tuple(
                np.clip(np.rint(p + rng.normal(0, 1.2, p.shape)), 0, 255).astype(np.uint8)
                for p in planes
            ),
            first + at,
        )
        for at in range(count)
    ]


def test_a_still_stretch_is_cut_out(clip: Callable[[str], Path]) -> None:
    """24 moving frames, 48 of one picture, 24 moving ones: three segments, each of its kind."""
    with FrameReader(str(clip("carphone")), span=Span(frames=50)) as reader:
        info, moving = reader.info, list(reader)
    frames = [*moving[:24], *noisy(moving[24].planes, 48, 24), *moving[26:]]
    layout, arch = Layout(info, 12.0, "fast"), LincArch(3, 2, 96)
    plans = layout.cut(Range(10, 96, False), frames, arch)
    assert [plan.partitioned for plan in plans] == [True, False, True]
    assert [plan.part.first for plan in plans] == [10, 34, 82]
    assert [plan.part.continues for plan in plans] == [False, True, True]
    assert plans[-1].part.first + plans[-1].part.count == 106
    assert not layout.partitioned(frames[24:72], arch)
    assert layout.partitioned(frames, arch)


def test_what_stands_still_is_not_cut_out_where_that_does_not_pay(
    clip: Callable[[str], Path],
) -> None:
    """Where noise is coded no more, a still stretch takes next to nothing in its place."""
    with FrameReader(str(clip("carphone")), span=Span(frames=16)) as reader:
        info, moving = reader.info, list(reader)
    frames = [*moving[:8], *noisy(moving[8].planes, 24, 8), *moving[8:]]
    whole = Range(0, len(frames), False)
    layout = Layout(info, 100.0, "fast")
    assert layout.cut(whole, frames, LincArch(4, 2, 96)) == [SegmentPlan(whole, partitioned=True)]
