"""One segment as a function of time and size."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from lincodec.core.resample import whole
from lincodec.model.basis import synthesise
from lincodec.model.geometry import Geometry
from lincodec.model.network import Network, NetworkShape
from lincodec.model.resample import resample
from lincodec.model.segment import SegmentModel

SIZES = ((29, 38), (15, 19), (15, 19))


def model_of(*, network: bool, frames: int = 5, components: int = 4) -> SegmentModel:
    generator = torch.Generator().manual_seed(0)

    def random(*shape: int) -> Tensor:
        return torch.randn(shape, generator=generator)

    geometry = Geometry.of(SIZES, 8, 2)
    weights = []
    for rows, columns in geometry.channels:
        w = random(components, rows.blocks, columns.blocks, rows.block, columns.block) * 20
        w[..., rows.block - 1 :, :] = 0
        w[..., :, columns.block - 2 :] = 0
        weights.append(w)
    shape = NetworkShape(2, 6, 2, 3, 4, ((0, 0), (1, 1), (1, 1)))
    net = Network(shape, {k: 0.3 * random(*s) for k, s in shape.tensor_sizes.items()})
    return SegmentModel(geometry, random(components, frames), weights, net if network else None)


@pytest.mark.parametrize("network", [False, True])
def test_native_size_takes_the_fast_path(network: bool) -> None:
    model = model_of(network=network)
    for ours, theirs in zip(
        model.at_areas(model.latents, [whole(s, s) for s in SIZES]),
        model.native(model.latents),
        strict=True,
    ):
        assert torch.equal(ours, theirs)


def test_without_network_frames_are_weighted_sums() -> None:
    model = model_of(network=False)
    z = model.latents
    for channel, planes in enumerate(model.native(z)):
        axes = model.geometry.channels[channel]
        parts = synthesise(model.weights[channel], *axes)
        expected = torch.einsum("dn,dhw->nhw", z, parts)
        torch.testing.assert_close(planes, expected, atol=1e-2, rtol=1e-4)


def test_other_sizes_are_resampled() -> None:
    model = model_of(network=True)
    z = model.latents[:, 1:2]
    sizes = [(40, 61), (20, 31), (20, 31)]
    areas = [whole(own, size) for own, size in zip(SIZES, sizes, strict=True)]
    for found, native, area in zip(model.at_areas(z, areas), model.native(z), areas, strict=True):
        assert torch.equal(found, resample(native, area))


def test_weights_of_zero_give_an_empty_picture() -> None:
    empty = SegmentModel(
        Geometry.of(((9, 9),), 8, 2), torch.ones(1, 2), [torch.zeros(1, 2, 2, 8, 8)]
    )
    [planes] = empty.native(empty.latents)
    assert planes.shape == (2, 9, 9)
    assert not planes.any()


def interpolated(z: np.ndarray, t: float) -> np.ndarray:
    """Equation 4 of the paper for one time, the end latents held."""
    t = min(max(t, 0.0), z.shape[1] - 1.0)
    n = int(np.floor(t))
    if n == z.shape[1] - 1:
        return z[:, n]
    s = t - n
    return (1 - s) * z[:, n] + s * z[:, n + 1]


def test_latents_between_frames() -> None:
    model = model_of(network=False, frames=5)
    times = [0.0, 0.25, 0.5, 1.0, 1.75, 3.999, 4.0, 4.6, 17.0, -0.5, 1 / 3]
    found = model.latent_at(torch.tensor(times, dtype=torch.float64)).numpy()
    z = model.latents.double().numpy()
    expected = np.stack([interpolated(z, t) for t in times], axis=1)
    np.testing.assert_allclose(found, expected, atol=1e-6)
    exact = model.latent_at(torch.arange(5, dtype=torch.float64))
    assert torch.equal(exact, model.latents)


def test_latents_of_a_single_frame() -> None:
    model = model_of(network=False, frames=1)
    found = model.latent_at(torch.tensor([0.0, 0.5, 3.0], dtype=torch.float64))
    assert torch.equal(found, model.latents.expand(-1, 3))
