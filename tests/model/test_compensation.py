"""Prediction along blocks: the order of frames, windows, displacement, and random access."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from torch import Tensor

from lincodec.model.compensation import Blocks, Link, cell_size, levels, predicted
from lincodec.model.geometry import Geometry
from lincodec.model.predicted import PredictedSegment
from lincodec.model.segment import SegmentModel


@pytest.mark.parametrize("n", [2, 3, 4, 17, 24, 25, 41, 96, 132])
def test_every_frame_is_predicted_once_from_known_ones(n: int) -> None:
    known = {0}
    for level in levels(n):
        for link in level:
            assert {link.first, link.second} <= known
            assert link.frame not in known
        known |= {link.frame for link in level}
    assert known == set(range(n))


def test_anchors_lie_sixteen_frames_apart() -> None:
    steps = levels(33)
    assert steps[:2] == [[Link(16, 0, 0)], [Link(32, 16, 16)]]
    assert steps[2] == [Link(8, 0, 16), Link(24, 16, 32)]
    assert len(steps) == 2 + 4


def test_side_of_blocks_is_the_least_that_gives_the_grid() -> None:
    assert cell_size((144, 176), (9, 11)) == 16
    assert cell_size((20, 30), (1, 1)) == 32
    assert cell_size((144, 176), (9, 10)) is None


SIZES = [(50, 70), (25, 35), (25, 35)]


@pytest.mark.parametrize("cell", [8, 16, 32, 64])
def test_without_displacement_it_is_the_mean(cell: int) -> None:
    torch.manual_seed(3)
    for size, blocks in zip(SIZES, Blocks.of(SIZES, cell, 2), strict=True):
        planes = torch.randn(3, *size)
        moves = torch.zeros(2, 5, *blocks.grid, dtype=torch.long)
        found = predicted(blocks, planes, [Link(1, 0, 2), Link(2, 1, 1)], moves)
        assert torch.allclose(found[0], (planes[0] + planes[2]) / 2, atol=1e-5)
        assert torch.allclose(found[1], planes[1], atol=1e-5)


def test_each_block_comes_from_the_frames_that_it_chooses() -> None:
    torch.manual_seed(8)
    [blocks] = Blocks.of([(16, 48)], 16, 2)
    planes = torch.randn(3, 16, 48)
    moves = torch.zeros(1, 5, *blocks.grid, dtype=torch.long)
    moves[0, 4, 0] = torch.tensor([-1, 0, 1])
    moves[0, 2:4, 0, 0] = moves[0, :2, 0, 2] = 7  # into frames that are not used
    [found] = predicted(blocks, planes, [Link(1, 0, 2)], moves)
    mean = (planes[0] + planes[2]) / 2
    for part, expected in ((slice(0, 14), planes[0]), (slice(18, 30), mean)):
        assert torch.allclose(found[:, part], expected[:, part], atol=1e-5)
    assert torch.allclose(found[:, 34:], planes[2, :, 34:], atol=1e-5)
    assert torch.allclose(found[:, 15], (0.625 * planes[0] + 0.375 * mean)[:, 15], atol=1e-5)


def test_a_block_of_one_frame_is_interpolated_once(monkeypatch: pytest.MonkeyPatch) -> None:
    [blocks] = Blocks.of([(16, 32)], 16, 2)
    moves = torch.zeros(1, 5, *blocks.grid, dtype=torch.long)
    moves[0, 4, 0] = torch.tensor([-1, 0])
    counts, cut = [], Blocks.cut

    def counted(self: Blocks, planes: Tensor, which: Tensor, *rest: Any, **more: Any) -> Tensor:
        counts.append(which.numel())
        return cut(self, planes, which, *rest, **more)

    monkeypatch.setattr(Blocks, "cut", counted)
    predicted(blocks, torch.zeros(2, 16, 32), [Link(1, 0, 1)], moves)
    assert counts == [2, 1]


def test_whole_displacements_shift_and_edges_repeat() -> None:
    torch.manual_seed(4)
    [blocks] = Blocks.of([(40, 48)], 16, 4)
    planes = torch.randn(1, 40, 48)
    moves = torch.zeros(1, 5, *blocks.grid, dtype=torch.long)
    moves[:, 0:4:2], moves[:, 1:4:2] = 4 * 5, -4 * 100
    [found] = predicted(blocks, planes, [Link(1, 0, 0)], moves)
    assert torch.allclose(found[:, :43], planes[0, :1, 5:].expand(40, 43), atol=1e-5)
    assert torch.allclose(found[:, 43:], planes[0, 0, -1].expand(40, 5), atol=1e-5)


def by_hand(plane: Tensor, y: float, x: float) -> float:
    """The value of clause 8.11 at a place between samples."""

    def weights(p: float, size: int) -> list[tuple[int, float]]:
        def kernel(d: float) -> float:
            return math.prod(
                1.0 if v == 0 else math.sin(math.pi * v) / (math.pi * v) for v in (d, d / 3)
            )

        base = math.floor(p)
        taps = [(k, kernel(p - k)) for k in range(base - 2, base + 4)]
        total = sum(w for _, w in taps)
        return [(min(max(k, 0), size - 1), w / total) for k, w in taps]

    return sum(
        v * u * float(plane[i, j])
        for i, v in weights(y, plane.shape[0])
        for j, u in weights(x, plane.shape[1])
    )


def test_fractions_and_chroma_follow_the_specification() -> None:
    torch.manual_seed(5)
    both = Blocks.of([(32, 32), (16, 16)], 32, 2)  # one block, so no windows
    moves = torch.tensor([3, -5, -1, 2, 0]).view(1, 5, 1, 1)
    for scale, blocks in zip((1, 2), both, strict=True):
        planes = torch.randn(2, 32 // scale, 32 // scale)
        [found] = predicted(blocks, planes, [Link(2, 0, 1)], moves)
        for y, x in ((0, 0), (7, 9), (15, 4)):
            a = by_hand(planes[0], y - 5 / 2 / scale, x + 3 / 2 / scale)
            b = by_hand(planes[1], y + 2 / 2 / scale, x - 1 / 2 / scale)
            assert float(found[y, x]) == pytest.approx((a + b) / 2, abs=1e-5)


def test_windows_of_neighbours_mix_across_a_border() -> None:
    [blocks] = Blocks.of([(16, 32)], 16, 1)
    moves = torch.zeros(1, 5, 1, 2, dtype=torch.long)
    moves[:, :4, :, 1] = 400  # the right block shows the right edge
    planes = torch.zeros(1, 16, 32)
    planes[..., -1] = 1.0
    [found] = predicted(blocks, planes, [Link(1, 0, 0)], moves)
    assert found[4, 10:20].tolist() == pytest.approx(
        [0, 0, 0, 0, 0.125, 0.375, 0.625, 0.875, 1, 1], abs=1e-6
    )


def segment(n: int = 21) -> PredictedSegment:
    """Random weights and displacements; each frame has a component of its own."""
    torch.manual_seed(6)
    geometry = Geometry.of(SIZES, 16, 2)
    weights = [
        torch.randn(n, rows.blocks, columns.blocks, rows.block, columns.block)
        for rows, columns in geometry.channels
    ]
    blocks = Blocks.of(SIZES, 16, 4)
    moves = torch.randint(-30, 30, (n - 1, 5, *blocks[0].grid))
    moves[:, 4] = moves[:, 4] % 3 - 1
    return PredictedSegment(SegmentModel(geometry, torch.eye(n), weights), blocks, moves)


def test_any_frame_alone_is_as_in_order() -> None:
    with torch.inference_mode():
        whole = segment().pictures(torch.arange(21, dtype=torch.float64))
        model = segment()
        for at in (20, 3, 17, 0, 9, 16):
            for found, planes in zip(
                model.pictures(torch.tensor([at], dtype=torch.float64)), whole, strict=True
            ):
                assert torch.allclose(found[0], planes[at], atol=1e-4)


def test_frames_behind_the_last_anchor_are_forgotten() -> None:
    model = segment(65)
    for at in range(65):
        model.pictures(torch.tensor([at], dtype=torch.float64))
        assert len(model._kept) <= 17


def test_between_frames_is_a_mix_of_both() -> None:
    model = segment(5)
    a, b, between = (
        model.pictures(torch.tensor([t], dtype=torch.float64))[0][0] for t in (2, 3, 2.25)
    )
    assert torch.allclose(between, 0.75 * a + 0.25 * b, atol=1e-5)
