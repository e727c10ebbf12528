"""The head of a segment: what it costs, how near it gets, and that it survives being stored."""

from __future__ import annotations

import numpy as np
import pytest

from lincodec.bitstream.embedding import Head, interpolated, mean_cosine, normalised
from lincodec.bitstream.segment import Lattice
from lincodec.errors import CorruptError
from lincodec.semantics.head import BUDGET, fit_head


def video(
    frames: int = 40, entries: int = 24, dimension: int = 128
) -> tuple[np.ndarray, np.ndarray]:
    """Latents [n, K] that fall off like a spectrum, and unit vectors [n, d] that follow them."""
    rng = np.random.default_rng(3)
    time = np.linspace(0, 3, frames)[:, None]
    latents = np.cos(np.arange(entries) * time + 1) * 0.2 / (1 + np.arange(entries))
    latents = (latents + 0.002 * rng.standard_normal(latents.shape)).astype(np.float32)
    targets = rng.standard_normal(dimension) + 30 * latents[:, :6] @ rng.standard_normal(
        (6, dimension)
    )
    return latents, normalised(targets.astype(np.float32))


def embedded(head: Head, latents: np.ndarray) -> np.ndarray:
    return head.embed(latents, latents.mean(axis=0))


def test_a_head_follows_the_teacher() -> None:
    latents, targets = video()
    head = fit_head(latents, targets)
    mean_alone = np.repeat(targets.mean(axis=0, keepdims=True), len(targets), axis=0)
    assert mean_cosine(mean_alone, targets) < 0.9
    assert mean_cosine(embedded(head, latents), targets) > 0.97
    assert 0 < head.rank <= 8
    assert head.size < 1200


def test_weight_trades_bytes_for_cosine() -> None:
    latents, targets = video()
    heads = [fit_head(latents, targets, weight) for weight in (1e-4, 1e-3, 1e-2, 1.0)]
    sizes = [head.size for head in heads]
    cosines = [mean_cosine(embedded(head, latents), targets) for head in heads]
    assert sizes == sorted(sizes)
    assert cosines == sorted(cosines)
    assert sizes[0] < sizes[-1] <= BUDGET


def test_between_frames_a_head_is_between_its_neighbours() -> None:
    latents, targets = video()
    head = fit_head(latents, targets)
    middles = interpolated(latents, [k + 0.5 for k in range(len(latents) - 1)])
    wanted = normalised(targets[:-1] + targets[1:])
    found = head.embed(middles, latents.mean(axis=0))
    assert mean_cosine(found, wanted) > 0.97


def test_a_head_survives_being_stored() -> None:
    latents, targets = video()
    head = fit_head(latents, targets)
    again = Head.unpack(head.data, targets.shape[1], latents.shape[1])
    np.testing.assert_array_equal(embedded(again, latents), embedded(head, latents))


@pytest.mark.parametrize("frames", [1, 2])
def test_the_shortest_segments(frames: int) -> None:
    latents, targets = video(frames)
    head = fit_head(latents, targets)
    assert mean_cosine(embedded(head, latents), targets) > 0.98


def test_latents_that_never_change_leave_the_mean() -> None:
    _, targets = video()
    head = fit_head(np.full((40, 3), 0.5, np.float32), targets)
    assert head.rank == 0


def test_a_damaged_head_is_refused() -> None:
    latents, targets = video()
    data = fit_head(latents, targets).data
    for basis in (data.basis[:3], data.basis[:-1], b""):
        with pytest.raises(CorruptError):
            Head.unpack(type(data)(data.rank, basis, data.mix), targets.shape[1], latents.shape[1])
    loud = Lattice(np.full((1, 4), 2), 1.0, np.array([127], np.int8))
    with pytest.raises(CorruptError, match="overflows"):
        Head.unpack(Head(loud, None).data, 4, 1)
