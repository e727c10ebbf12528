"""Colour arithmetic against the published equations."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from lincodec.types import ColorInfo, VideoInfo
from lincodec.video.color import assumed_matrix, change_chroma, change_depth, from_rgb, to_rgb


def _info(
    width: int = 16,
    height: int = 8,
    depth: int = 8,
    shift: tuple[int, int] | None = (0, 0),
    color: ColorInfo = ColorInfo(),  # noqa: B008 (frozen)
) -> VideoInfo:
    return VideoInfo(width, height, Fraction(25), bit_depth=depth, chroma_shift=shift, color=color)


@pytest.mark.parametrize(
    ("size", "matrix", "expected"),
    [
        ((640, 360), 2, (0.299, 0.114)),
        ((1280, 534), 2, (0.2126, 0.0722)),
        ((960, 720), 2, (0.2126, 0.0722)),
        ((640, 360), 1, (0.2126, 0.0722)),
        ((1920, 1080), 6, (0.299, 0.114)),
        ((1920, 1080), 9, (0.2627, 0.0593)),
        ((1920, 1080), 8, (0.2126, 0.0722)),  # YCgCo has no (kr, kb): as untagged
    ],
)
def test_assumed_matrix(size: tuple[int, int], matrix: int, expected: tuple[float, float]) -> None:
    assert assumed_matrix(_info(*size, color=ColorInfo(matrix=matrix))) == expected


@pytest.mark.parametrize(
    ("yuv", "full", "rgb"),
    [
        ((16, 128, 128), False, (0, 0, 0)),
        ((235, 128, 128), False, (255, 255, 255)),
        ((0, 128, 128), True, (0, 0, 0)),
        ((255, 128, 128), True, (255, 255, 255)),
        ((81, 90, 240), False, (254.5, 0, 0)),  # BT.601 red
        ((126, 128, 128), False, (128.08, 128.08, 128.08)),
    ],
)
def test_known_colours(
    yuv: tuple[int, int, int], full: bool, rgb: tuple[float, float, float]
) -> None:
    info = _info(color=ColorInfo(matrix=6, full_range=full))
    planes = tuple(np.full((8, 16), value, dtype=np.uint8) for value in yuv)
    found = to_rgb(planes, info)
    assert found.shape == (8, 16, 3)
    np.testing.assert_allclose(found[3, 5], rgb, atol=0.8)


@pytest.mark.parametrize("depth", [8, 10, 12, 16])
@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("matrix", [1, 6, 9])
def test_rgb_round_trip(depth: int, full: bool, matrix: int) -> None:
    info = _info(32, 24, depth, color=ColorInfo(matrix=matrix, full_range=full))
    rgb = np.random.default_rng(0).integers(0, 256, (24, 32, 3)).astype(np.float32)
    error = np.abs(to_rgb(from_rgb(rgb, info), info) - rgb)
    assert float(error.max()) < 2.0 * 2.0 ** (8 - depth) + 1e-3


@pytest.mark.parametrize("shift", [(1, 1), (1, 0), (0, 1)])
@pytest.mark.parametrize("size", [(16, 8), (17, 9)])
def test_chroma_is_repeated(shift: tuple[int, int], size: tuple[int, int]) -> None:
    """to_rgb of subsampled planes equals to_rgb of the same planes repeated to full size."""
    info = _info(*size, shift=shift)
    rng = np.random.default_rng(1)
    planes = tuple(rng.integers(60, 180, s).astype(np.uint8) for s in info.plane_sizes)
    full = change_chroma(planes, shift, (0, 0), 8)
    assert full[1][0, 1] == planes[1][0, 1 >> shift[0]]
    expected = to_rgb(full, _info(*size, shift=(0, 0)))
    np.testing.assert_allclose(to_rgb(planes, info), expected, atol=1e-4)


def test_chroma_average_rounds_to_even_and_keeps_odd_edges() -> None:
    chroma = np.array([[1, 2, 9], [1, 2, 9], [4, 4, 5]], dtype=np.uint8)
    luma = np.zeros((3, 3), dtype=np.uint8)
    small = change_chroma((luma, chroma, chroma), (0, 0), (1, 1), 8)[1]
    np.testing.assert_array_equal(small, [[2, 9], [4, 5]])  # 1.5 -> 2, edges repeated


def test_grey_and_back() -> None:
    luma = np.arange(12, dtype=np.uint8).reshape(3, 4)
    planes = change_chroma((luma,), None, (1, 1), 8)
    assert [plane.shape for plane in planes] == [(3, 4), (2, 2), (2, 2)]
    assert set(planes[1].ravel()) == {128}
    assert len(change_chroma(planes, (1, 1), None, 8)) == 1


def test_depth_limited_range_is_a_shift() -> None:
    plane = np.array([[0, 16, 235, 255]], dtype=np.uint8)
    up = change_depth((plane,), 8, 10, full_range=False)[0]
    np.testing.assert_array_equal(up, [[0, 64, 940, 1020]])
    assert up.dtype == np.uint16
    down = change_depth((up + np.uint16(2),), 10, 8, full_range=False)[0]
    np.testing.assert_array_equal(down, [[1, 17, 236, 255]])  # half up, then clipped
    assert down.dtype == np.uint8


def test_depth_full_range_keeps_ends_and_centre() -> None:
    luma = np.array([[0, 255]], dtype=np.uint8)
    chroma = np.array([[128, 255]], dtype=np.uint8)
    y, u, _ = change_depth((luma, chroma, chroma), 8, 10, full_range=True)
    np.testing.assert_array_equal(y, [[0, 1023]])
    np.testing.assert_array_equal(u, [[512, 1021]])
