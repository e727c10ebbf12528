"""Weights made tile by tile are those of the whole picture, and rounding keeps what is not zero."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import torch

from lincodec.bitstream.segment import Lattice
from lincodec.encoder.linc import klt, tiles
from lincodec.encoder.linc.quantise import Rounded, rounded, thinned, trimmed
from lincodec.model.basis import Axis
from lincodec.model.devices import PORTIONS

_CASES = [
    # height, width, block, overlap, depth, samples of a tile
    (72, 88, 16, 2, 8, 1),
    (73, 89, 8, 1, 8, 1 << 13),
    (65, 100, 32, 4, 10, 1 << 14),
    (30, 20, 32, 2, 8, 1 << 18),
    (60, 24, 8, 0, 8, 1 << 12),
    (50, 70, 16, 8, 8, 1 << 18),
]


@pytest.mark.parametrize(("height", "width", "block", "overlap", "depth", "samples"), _CASES)
def test_tiles_are_parts_of_the_whole(
    height: int, width: int, block: int, overlap: int, depth: int, samples: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setitem(PORTIONS, "cpu", replace(PORTIONS["cpu"], tiled=samples))
    generator = np.random.default_rng(height)
    kind = np.uint8 if depth == 8 else np.uint16
    frames = [(generator.integers(0, 1 << depth, (height, width), kind),) for _ in range(5)]
    axes = Axis(height, block, overlap), Axis(width, block, overlap)
    latents = torch.from_numpy(np.linalg.qr(generator.normal(size=(5, 3)))[0])
    codes = klt.stacked(frames)[0]
    whole = klt.spectral_weights(klt.to_tensors(frames, depth), latents, klt.Geometry((axes,)))[0]
    found = torch.full_like(whole, torch.nan)
    for y, x, weights in tiles.weight_tiles(codes, depth, klt.unmixing(latents), axes):
        found[:, y.first : y.last, x.first : x.last] = weights
    torch.testing.assert_close(found, whole, rtol=1e-5, atol=1e-3)


def test_rounding_is_a_dead_zone_around_zero_but_for_the_mean() -> None:
    generator = np.random.default_rng(3)
    frames = [(generator.integers(0, 256, (40, 56), np.uint8),) for _ in range(4)]
    axes = Axis(40, 8, 1), Axis(56, 8, 1)
    codes, latents = klt.stacked(frames)[0], torch.eye(4, dtype=torch.float64)
    found = rounded(codes, 8, klt.unmixing(latents), axes, 20.0)
    whole = klt.spectral_weights(
        klt.to_tensors(frames, 8), latents, klt.Geometry((axes,))
    )[0].numpy() / np.float32(20)  # fmt: skip
    expected = np.trunc(whole + np.copysign(0.3, whole)).astype(np.int32)
    expected[0, :, :, 0, 0] = np.rint(whole[0, :, :, 0, 0])
    close = np.abs(np.abs(whole % 1) - 0.7) < 1e-4  # where rounding may go either way
    assert (found.q.dense() == expected)[~close].all()
    assert all(a < b for a, b in pairwise(found.q.where.tolist()))
    np.testing.assert_allclose(found.scaled, whole.ravel()[found.q.where], rtol=1e-4)


def test_components_without_weights_are_dropped() -> None:
    q = np.zeros((4, 1, 2, 2, 2), np.int32)
    q[0, 0, 0, 0, 0], q[2, 0, 1, 1, 0] = 5, -1
    channel = Rounded.of(q, q * np.float32(1.1))
    latents = Lattice(np.arange(12).reshape(4, 3), 1.0, np.zeros(4, np.int8))
    coded = trimmed(latents, [channel], 8.0)
    assert coded.latents.q.tolist() == [[0, 1, 2], [6, 7, 8]]
    assert (coded.spectral.channels[0].dense() == q[[0, 2]]).all()
    assert coded.spectral.centroids.tolist() == [[13, 0, 64]]


def test_lone_integers_far_out_are_dropped() -> None:
    q = np.zeros((2, 1, 3, 32, 32), np.int32)
    q[0, 0, :, 0, 0] = 90, 80, 0
    q[0, 0, 0, 20, 12] = 1  # alone among hundreds of places
    q[0, 0, 1, 0, 1] = 1  # alone, but near
    q[1, 0, 0, 20, 12] = 4  # alone, and large
    q[1, 0, 1, 0, 0], q[1, 0, 1, 9, 9] = 2, 1
    q[1, 0, 2, 24:, 10:] = 1  # far out, and many
    channel = Rounded.of(q, q * np.float32(1.05))
    kept = thinned(channel)
    expected = q.copy()
    expected[0, 0, 0, 20, 12] = expected[1, 0, 1, 9, 9] = 0
    assert (kept.q.dense() == expected).all()
    np.testing.assert_array_equal(kept.scaled, (q * np.float32(1.05)).ravel()[kept.q.where])
