"""The closed form: an orthonormal basis over time, eigen-frames, geometry."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from lincodec.encoder.linc import klt
from lincodec.encoder.linc.klt import CHROMA_RATIO
from lincodec.model.basis import Axis, synthesise
from lincodec.model.geometry import Geometry
from lincodec.model.output import quantise, to_frames
from lincodec.options import Span
from lincodec.types import Planes
from lincodec.video.reader import FrameReader


@pytest.fixture(scope="module")
def frames(clip: Callable[[str], Path]) -> list[Planes]:
    with FrameReader(str(clip("carphone")), span=Span(frames=10)) as reader:
        return [frame.planes for frame in reader]


@pytest.fixture(scope="module")
def channels(frames: list[Planes]) -> list[Tensor]:
    return klt.to_tensors(frames, 8)


def test_tensors_are_centred_codes(frames: list[Planes], channels: list[Tensor]) -> None:
    for index, channel in enumerate(channels):
        expected = np.stack([f[index] for f in frames]).astype(np.float32) - 128
        np.testing.assert_array_equal(channel.numpy(), expected)


@pytest.mark.parametrize("depth", [8, 9, 10, 12, 16])
def test_codes_of_every_depth_come_back(depth: int) -> None:
    rng = np.random.default_rng(depth)
    kind = np.uint8 if depth == 8 else np.uint16
    planes = tuple(rng.integers(0, 1 << depth, s).astype(kind) for s in [(6, 8), (3, 4), (3, 4)])
    planes[0][0, :2] = 0, (1 << depth) - 1
    tensors = klt.to_tensors([planes], depth)
    assert float(tensors[0].min()) == -128
    assert float(tensors[0].max()) == pytest.approx(128 - 2.0 ** (8 - depth))
    [back] = to_frames(quantise(tensors, depth))
    for ours, theirs in zip(back, planes, strict=True):
        assert ours.dtype == theirs.dtype
        np.testing.assert_array_equal(ours, theirs)


def test_codes_round_half_up_and_clamp() -> None:
    values = torch.tensor([[[-200.0, -128.0, -127.51, -127.5, 0.49, 0.5, 126.6, 500.0]]])
    assert quantise([values], 8)[0].flatten().tolist() == [0, 0, 0, 1, 128, 129, 255, 255]
    assert quantise([values], 10)[0].flatten().tolist() == [0, 0, 2, 2, 514, 514, 1018, 1023]


def test_gram_is_the_weighted_inner_product(channels: list[Tensor]) -> None:
    found = klt.gram(channels, CHROMA_RATIO)
    flat = [c.double().reshape(10, -1) for c in channels]
    weights = [1, CHROMA_RATIO**-2, CHROMA_RATIO**-2]
    expected = sum(w * (f @ f.T) for w, f in zip(weights, flat, strict=True))
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=0.0)


def test_temporal_basis_is_orthonormal_and_ordered(channels: list[Tensor]) -> None:
    products = klt.gram(channels, CHROMA_RATIO)
    latents, norms = klt.temporal_basis(products)
    identity = torch.eye(10, dtype=torch.float64)
    torch.testing.assert_close(latents.T @ latents, identity, atol=1e-9, rtol=0)
    assert bool((norms[:-1] >= norms[1:]).all())
    assert bool((latents.sum(0) >= 0).all())
    rebuilt = latents @ torch.diag(norms.square()) @ latents.T
    torch.testing.assert_close(rebuilt, products, rtol=1e-6, atol=1.0)
    assert float(norms[0]) > 5 * float(norms[1])


def test_frames_that_are_all_the_same() -> None:
    still = torch.full((4, 8, 8), 3.0)
    latents, norms = klt.temporal_basis(klt.gram([still], 1.0))
    assert float(norms[0]) == pytest.approx(2 * 8 * 3.0)
    assert float(norms[1:].abs().max()) < 1e-3
    torch.testing.assert_close(latents[:, 0], torch.full((4,), 0.5, dtype=torch.float64))


@pytest.mark.parametrize("noise", [0.0, 0.01])
def test_eigen_frames_rebuild_the_source(channels: list[Tensor], noise: float) -> None:
    latents, _ = klt.temporal_basis(klt.gram(channels, CHROMA_RATIO))
    generator = torch.Generator().manual_seed(1)
    latents = latents + noise * torch.randn(10, 10, generator=generator, dtype=torch.float64)
    for channel, frames in zip(channels, klt.eigen_frames(channels, latents), strict=True):
        assert frames.shape == channel.shape
        back = (latents.float() @ frames.reshape(10, -1)).view_as(channel)
        assert float((back - channel).abs().max()) < 0.05


def test_eigen_frames_of_few_latents_are_least_squares(channels: list[Tensor]) -> None:
    latents, norms = klt.temporal_basis(klt.gram(channels[:1], 1.0))
    [frames] = klt.eigen_frames(channels[:1], latents[:, :3])
    back = (latents[:, :3].float() @ frames.reshape(3, -1)).view_as(channels[0])
    left = float((back - channels[0]).double().square().sum())
    assert left == pytest.approx(float(norms[3:].square().sum()), rel=1e-3)


def test_spectral_weights_rebuild_the_source(channels: list[Tensor]) -> None:
    latents, _ = klt.temporal_basis(klt.gram(channels, CHROMA_RATIO))
    geometry = Geometry.of([c.shape[1:] for c in channels], 16, 2)
    weights = klt.spectral_weights(channels, latents, geometry)
    for channel, weight, axes in zip(channels, weights, geometry.channels, strict=True):
        mixed = (latents.float() @ weight.reshape(10, -1)).view(10, *weight.shape[1:])
        assert float((synthesise(mixed, *axes) - channel).abs().max()) < 0.05


def test_latents_are_fitted_to_what_is_shown(channels: list[Tensor]) -> None:
    generator = torch.Generator().manual_seed(3)
    latents = torch.randn(10, 4, generator=generator, dtype=torch.float64)
    frames = klt.eigen_frames(channels, latents)
    shown = [
        (latents.float() @ f.flatten(1)).view_as(c) for f, c in zip(frames, channels, strict=True)
    ]
    found = klt.fitted_latents(shown, frames, CHROMA_RATIO)
    torch.testing.assert_close(found, latents.T, atol=1e-2, rtol=1e-2)
    frames[0][3], frames[1][3], frames[2][3] = 0, 0, 0
    assert bool(torch.isfinite(klt.fitted_latents(shown, frames, CHROMA_RATIO)).all())


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        ([(144, 176), (72, 88), (72, 88)], [(16, 2), (8, 1)]),
        ([(144, 176), (144, 88), (144, 88)], [(16, 2), (16, 2)]),
        ([(9, 9), (9, 9), (9, 9)], [(16, 2), (16, 2)]),
        ([(33, 35), (17, 18), (17, 18)], [(16, 2), (8, 1)]),
    ],
)
def test_geometry_of_chroma(sizes: list[tuple[int, int]], expected: list[tuple[int, int]]) -> None:
    geometry = Geometry.of(sizes, 16, 2)
    for (rows, columns), (height, width) in zip(geometry.channels, sizes, strict=True):
        assert (rows.size, columns.size) == (height, width)
    luma, chroma, _ = geometry.channels
    assert luma == (Axis(sizes[0][0], *expected[0]), Axis(sizes[0][1], *expected[0]))
    assert chroma[0] == Axis(sizes[1][0], *expected[1])
    assert {rows.blocks for rows, _ in geometry.channels} == {luma[0].blocks}
    assert {columns.blocks for _, columns in geometry.channels} == {luma[1].blocks}


def test_exponents_of_latents_follow_their_norms() -> None:
    norms = torch.tensor([1e9, 4096.0, 64.0, 1.0, 0.0], dtype=torch.float64)
    exponents = klt.latent_exponents(norms, 64 / 1.2)
    assert exponents.tolist() == [-18, -6, -2, -2, -2]


def test_dead_zone() -> None:
    x = torch.tensor([0.0, 0.66, 0.67, -0.67, 1.6, 1.7, -9.9])
    assert klt.dead_zone(x, 1.0).tolist() == [0, 0, 1, -1, 1, 2, -10]
