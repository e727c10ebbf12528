"""Temporal bases with few large weights: one for a picture, or two that share its blocks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor

from lincodec.encoder.linc import basis_search
from lincodec.encoder.linc import klt as closed
from lincodec.model.basis import analyse
from lincodec.model.geometry import Geometry
from lincodec.options import Span
from lincodec.video.reader import FrameReader


@pytest.fixture(scope="module")
def channels(clip: Callable[[str], Path]) -> list[Tensor]:
    with FrameReader(str(clip("carphone")), span=Span(frames=10)) as reader:
        return closed.to_tensors([frame.planes for frame in reader], 8)


def sources(seed: int, count: int, columns: int) -> Tensor:
    """Large now and then, seldom two at once."""
    generator = torch.Generator().manual_seed(seed)
    shape = (count, columns)
    there = torch.rand(shape, generator=generator) < 0.1
    return torch.where(there, 9 * torch.randn(shape, generator=generator), 0)


def mixing(seed: int, frames: int, count: int) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.linalg.qr(torch.randn(frames, count, generator=generator))[0]


def test_a_turned_basis_finds_what_moves_alone() -> None:
    """The KLT mixes sources that are seldom there at once; the turned basis parts them."""
    mix = mixing(2, 8, 6)
    weights = mix @ sources(2, 6, 3000)
    klt, _ = closed.temporal_basis((weights @ weights.T).double())
    basis, energy = basis_search.sparse_basis(weights, klt[:, :6])
    identity = torch.eye(6, dtype=torch.float64)
    torch.testing.assert_close(basis.T @ basis, identity, atol=1e-4, rtol=0)
    assert bool((energy[:-1] >= energy[1:]).all())
    assert bool((basis.sum(0) >= 0).all())
    large = [int(((b.T.float() @ weights).abs() > 1).sum()) for b in (klt[:, :6], basis)]
    assert large[1] < 0.5 * large[0]
    assert float((mix.T.double() @ basis).abs().amax(0).min()) > 0.95


def test_a_component_without_weights_stays() -> None:
    basis, energy = basis_search.sparse_basis(torch.zeros(4, 10), torch.eye(4, dtype=torch.float64))
    torch.testing.assert_close(basis, torch.eye(4, dtype=torch.float64))
    assert float(energy.abs().max()) == 0
    none, _ = basis_search.sparse_basis(torch.zeros(3, 0), torch.eye(3, dtype=torch.float64)[:, :1])
    torch.testing.assert_close(none, torch.eye(3, dtype=torch.float64)[:, :1])


def test_blocks_are_sampled_and_their_weights_kept(
    channels: list[Tensor], monkeypatch: pytest.MonkeyPatch
) -> None:
    geometry = Geometry.of([c.shape[1:] for c in channels], 16, 2)
    steps = [10.0, 5.0, 5.0]
    every = [
        analyse(c, *axes).flatten(1, 2).flatten(2) / step
        for c, axes, step in zip(channels, geometry.channels, steps, strict=True)
    ]
    wanted = torch.cat(every, 2)
    found, share = basis_search.sampled_blocks(channels, geometry, steps)
    assert share == 1
    torch.testing.assert_close(found.square().sum(1), wanted.square().sum(1))
    monkeypatch.setattr(basis_search, "_SEEN", 10_000)
    few, share = basis_search.sampled_blocks(channels, geometry, steps)
    assert few.shape[1] == pytest.approx(share * wanted.shape[1])
    assert share == pytest.approx(10_000 / 38_016, abs=0.02)
    columns, each = basis_search.standing_out(wanted)
    assert bool((columns.square().sum(0) > 1).all())
    monkeypatch.setattr(basis_search, "_KEPT", 500)
    less, more = basis_search.standing_out(wanted)
    assert less.shape == (10, 500)
    assert more * 500 == pytest.approx(each * columns.shape[1])


def test_two_bases_part_what_moves_unlike() -> None:
    """Half of the blocks has sources of its own; of one kind of block two bases are refused."""
    level = torch.ones(12, 1) / 12**0.5
    rest = torch.linalg.qr(torch.cat([level, mixing(3, 12, 11)], 1))[0][:, 1:12]
    turn = mixing(4, 11, 11)
    unlike = []
    for seed, basis in ((5, rest), (6, rest @ turn)):
        unlike.append((basis @ sources(seed, 11, 40 * 60)).view(12, 40, 60))
    blocks = torch.cat(unlike, 1) + 50 * level[:, :, None]
    start = torch.cat([level, rest], 1).double()
    found = basis_search.split_basis(blocks, start)
    assert found is not None
    basis, energy = found
    assert basis.shape == (12, 23)
    assert energy.shape == (23,)
    for part in (basis[:, :12], torch.cat([basis[:, :1], basis[:, 12:]], 1)):
        torch.testing.assert_close(part.T @ part, torch.eye(12).double(), atol=1e-3, rtol=0)
    assert basis_search.split_basis(torch.cat([unlike[0]] * 2, 1), start) is None


def test_every_block_gets_the_cheaper_weights() -> None:
    first, second = torch.zeros(3, 1, 2, 2, 2), torch.zeros(3, 1, 2, 2, 2)
    first[1, 0, 0, 0, 0], second[1:, 0, 0] = 5.0, 4.0
    first[1:, 0, 1], second[2, 0, 1, 0, 0] = 3.0, 6.0
    second[0, 0, 1, 1, 1] = 1.5
    [merged] = basis_search.shared_out([first], [second], [1.0])
    assert merged.shape == (5, 1, 2, 2, 2)
    assert merged[1, 0, 0, 0, 0] == 5
    assert merged[4, 0, 1, 0, 0] == 6
    assert merged[0, 0, 1, 1, 1] == 1.5
    assert int((merged != 0).sum()) == 3
