"""Stillness is told from movement whatever the noise, the light and the depth."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from lincodec.encoder.linc.stillness import moving_share, still_runs
from lincodec.options import Span
from lincodec.video.reader import FrameReader


@pytest.fixture(scope="module")
def lumas(clip: Callable[[str], Path]) -> list[np.ndarray]:
    """Luma of frames in which a camera moves."""
    with FrameReader(str(clip("carphone")), span=Span(frames=12)) as reader:
        return [frame.planes[0] for frame in reader]


@pytest.mark.parametrize("deviation", [0, 1, 2, 4])
def test_noise_and_light_do_not_move(lumas: list[np.ndarray], deviation: int) -> None:
    rng = np.random.default_rng(deviation)
    shown = [lumas[0] * 0.8 + 3 * at + rng.normal(0, deviation, lumas[0].shape) for at in range(30)]
    still = [np.clip(np.rint(luma), 0, 255).astype(np.uint8) for luma in shown]
    assert still_runs(still, 8, 24) == [range(30)]
    deep = [luma.astype(np.uint16) << 4 for luma in still]
    assert still_runs(deep, 12, 24) == [range(30)]


def test_a_moving_camera_is_seen(lumas: list[np.ndarray]) -> None:
    pairs = itertools.pairwise(lumas)
    assert min(moving_share(before, after, 8) for before, after in pairs) > 0.06
    assert still_runs(lumas, 8, 2) == []


def test_runs_begin_and_end_where_it_moves(lumas: list[np.ndarray]) -> None:
    held = [*lumas[:4], *[lumas[4]] * 9, *lumas[5:8], *[lumas[8]] * 3]
    assert still_runs(held, 8, 3) == [range(4, 13), range(16, 19)]
    assert still_runs(held, 8, 4) == [range(4, 13)]
    assert still_runs(held[4:13], 8, 9) == [range(9)]


def test_pictures_smaller_than_a_cell() -> None:
    one, other = np.zeros((3, 20), np.uint8), np.ones((3, 20), np.uint8)
    assert still_runs([one, one, one, other], 8, 3) == [range(3)]
