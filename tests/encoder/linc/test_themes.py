"""Latents of partitioned segments: what they tell apart, at how many bytes."""

from __future__ import annotations

import numpy as np

from lincodec.bitstream.embedding import mean_cosine, normalised
from lincodec.encoder.linc.themes import ROWS, appearance, themes
from lincodec.entropy import lattice
from lincodec.semantics.head import WEIGHT, fit_head
from lincodec.semantics.pull import Pull
from lincodec.types import Planes


def moving(count: int = 40) -> list[Planes]:
    """A bright bar that goes back and forth over noise, 4:2:0."""
    rng = np.random.default_rng(0)
    ground, out = rng.integers(0, 60, (48, 64)), []
    for at in range(count):
        luma = ground.copy()
        luma[:, int(28 + 24 * np.sin(at / 5)) :][:, :6] += 150
        out.append((luma.astype(np.uint8), *[np.full((24, 32), 128, np.uint8)] * 2))
    return out


def drawn(count: int = 40, dimension: int = 96) -> np.ndarray:
    """Unit vectors that two things unknown to pictures tell apart."""
    rng = np.random.default_rng(1)
    time = np.stack([np.ones(count), np.cos(np.arange(count)), np.sin(2.2 * np.arange(count))])
    return normalised((time.T @ rng.standard_normal((3, dimension))).astype(np.float32))


def size(rows: np.ndarray) -> int:
    return len(lattice.pack(np.zeros(len(rows), np.int8), rows))


def test_frames_that_look_alike_have_latents_alike() -> None:
    frames = moving()
    z = themes(appearance(frames), 1e6).values.T
    shown = np.stack([planes[0].ravel() for planes in frames]).astype(np.float64)
    pairs = np.triu_indices(len(frames), 1)
    apart = [np.linalg.norm(x[:, None] - x[None], axis=2)[pairs] for x in (z, shown)]
    assert np.corrcoef(apart[0], apart[1])[0, 1] > 0.6


def test_rows_keep_to_their_room() -> None:
    frames = moving()
    sizes = [size(themes(appearance(frames), room).q) for room in (1e6, 90, 50)]
    assert sizes[0] > 90 >= sizes[1] > 50 >= sizes[2]
    assert len(themes(appearance(frames), 0).q) == 1


def test_a_model_is_answered_by_rows_of_its_own() -> None:
    frames, targets = moving(), drawn()
    lattices = [
        themes(appearance(frames), 1e6),
        themes(appearance(frames), 1e6, [Pull(None, targets, WEIGHT)]),
    ]
    cosines, sizes = [], []
    for found in lattices:
        latents = found.values.T
        head = fit_head(latents, targets)
        cosines.append(mean_cosine(head.embed(latents, latents.mean(0)), targets))
        sizes.append(head.size + size(found.q))
    assert cosines[1] > 0.98 > cosines[0] + 0.03
    assert sizes[1] < 600
    two = themes(
        appearance(frames), 1e6, [Pull(None, targets, WEIGHT), Pull(None, targets[::-1], WEIGHT)]
    )
    assert len(lattices[1].q) < len(two.q) <= ROWS


def test_what_stands_still_has_one_row_of_zeros() -> None:
    still = [moving(1)[0]] * 12
    assert themes(appearance(still), 1e6).q.tolist() == [[0] * 12]
    assert themes(appearance(still[:1]), 0, [Pull(None, drawn(1), WEIGHT)]).q.tolist() == [[0], [0]]
