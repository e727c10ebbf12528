"""The paper's network against direct numpy transcriptions of its equations and by-hand counts."""

from __future__ import annotations

import dataclasses
import math
from fractions import Fraction

import numpy as np
import pytest
import torch
from torch import Tensor

from lincodec.container import LatentInrArch
from lincodec.core.resample import whole
from lincodec.encoder.latent_inr.pull import alignment_loss
from lincodec.encoder.latent_inr.settings import InrSettings
from lincodec.encoder.latent_inr.source import SourceFrames
from lincodec.encoder.latent_inr.tensors import architecture
from lincodec.encoder.presets import PRESETS
from lincodec.errors import ResourceError
from lincodec.model import hashgrid
from lincodec.model.latent_inr.grid import encoder, grid_size, positions
from lincodec.model.latent_inr.network import Inr, encoded_width, layer_sizes, tensor_sizes
from lincodec.model.latent_inr.rgb import ColorMap
from lincodec.model.latent_inr.segment import InrSegment
from lincodec.model.latents import latent_at
from lincodec.registry import Role, Sigma
from lincodec.types import ColorInfo, VideoInfo
from lincodec.video.color import from_rgb, to_rgb

SMALL = InrSettings(
    hidden=12, latent=6, rank=3, hyper_hidden=7, layers=4, modulate="1,2", levels=3, log2_entries=7,
    coarsest=4, frequencies=9,
)  # fmt: skip
INFO = VideoInfo(22, 14, Fraction(25), 3)
SIZE = (INFO.height, INFO.width)


def network(settings: InrSettings = SMALL, seed: int = 1) -> Inr:
    generator = torch.Generator().manual_seed(seed)
    found = Inr.initial(architecture(settings, SIZE), generator, 3.0)
    for (role, _), tensor in found.tensors.items():
        if role in (Role.BASE_BIAS, Role.HYPER_BIAS, Role.PATCH_BIAS):
            tensor.add_(torch.randn(tensor.shape, generator=generator) * 0.3)
        if role == Role.ENCODING and settings.encoding == "hash":
            tensor.copy_(torch.randn(tensor.shape, generator=generator))
    return found


def segment(settings: InrSettings = SMALL, info: VideoInfo = INFO) -> InrSegment:
    latents = torch.randn(settings.latent, 3, generator=torch.Generator().manual_seed(2))
    size = (info.height, info.width)
    return InrSegment(network(settings), latents, ColorMap.of(info), size, "torch")


def arrays(found: Inr) -> dict[tuple[Role, int], np.ndarray]:
    return {key: tensor.double().numpy() for key, tensor in found.tensors.items()}


def modulated_weights(found: Inr, z: np.ndarray) -> list[np.ndarray]:
    """Eq. 2 for one latent, as printed: theta_t^l = sigma(P^l x Q^l) o theta^l."""
    arch, t = found.arch, arrays(found)
    weights, c = [], 0
    for layer in range(arch.layers):
        theta = t[Role.BASE_WEIGHT, layer]
        if arch.modulated & 1 << layer:
            x = z
            for j in range(arch.hyper_layers):
                at = c * arch.hyper_layers + j
                x = t[Role.HYPER_WEIGHT, at] @ x + t[Role.HYPER_BIAS, at]
                if j < arch.hyper_layers - 1:
                    x = np.tanh(x)
            rows, columns = theta.shape
            if arch.rank:
                p = x[: rows * arch.rank].reshape(rows, arch.rank)
                q = x[rows * arch.rank :].reshape(arch.rank, columns)
                product = p @ q
            else:
                product = x.reshape(rows, columns)
            sigma = {
                Sigma.SIGMOID: lambda v: 1 / (1 + np.exp(-v)),
                Sigma.TANH: np.tanh,
                Sigma.LINEAR: lambda v: v,
            }[Sigma(arch.sigma)]
            theta = sigma(product) * theta
            c += 1
        weights.append(theta)
    return weights


def forward(found: Inr, encoded: np.ndarray, weights: list[np.ndarray]) -> np.ndarray:
    """Eq. 1: the MLP with the weights of one frame."""
    t, x = arrays(found), encoded
    for layer, theta in enumerate(weights):
        x = x @ theta.T + t[Role.BASE_BIAS, layer]
        if layer < found.arch.layers - 1 or found.arch.patch > 1:
            x = np.maximum(x, 0)
    return x


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"sigma": "tanh", "modulate": "all"},
        {"sigma": "linear", "rank": 0, "modulate": "0,3"},
        {"hyper_layers": 3, "hyper_hidden": 12},
        {"encoding": "fourier", "modulate": "none"},
    ],
    ids=lambda change: ",".join(f"{k}={v}" for k, v in change.items()) or "defaults",
)
def test_equations_1_and_2(change: dict[str, object]) -> None:
    found = network(dataclasses.replace(SMALL, **change))  # type: ignore[arg-type]
    z = torch.randn(5, SMALL.latent, generator=torch.Generator().manual_seed(3))
    encoded = torch.rand(11, encoded_width(found.arch))
    shown = found.base(encoded, found.weights(z)).expand(5, -1, -1)
    for index in range(5):
        weights = modulated_weights(found, z[index].double().numpy())
        expected = forward(found, encoded.double().numpy(), weights)
        np.testing.assert_allclose(shown[index].numpy(), expected, atol=1e-4, rtol=1e-4)


def test_equation_4() -> None:
    """z = beta z_t + (1 - beta) z_(t-1), beta in 1/alpha ... (alpha - 1)/alpha."""
    latents = torch.randn(6, 4)
    alpha, z = 4, latents.double().numpy()
    for t in range(1, 4):
        for step in range(1, alpha):
            beta = step / alpha
            expected = beta * z[:, t] + (1 - beta) * z[:, t - 1]
            found = latent_at(latents, torch.tensor([t - 1 + beta], dtype=torch.float64))
            np.testing.assert_allclose(found[:, 0].numpy(), expected, atol=1e-6)


def test_equation_6() -> None:
    z, c = torch.randn(5, 512), torch.randn(5, 512)
    a, b = z.double().numpy(), c.double().numpy()
    cosines = [x @ y / (np.linalg.norm(x) * np.linalg.norm(y)) for x, y in zip(a, b, strict=True)]
    expected = 0.01 * np.mean([1 - cosine for cosine in cosines])
    assert float(alignment_loss(z, c)) == pytest.approx(expected, abs=1e-7)
    assert float(alignment_loss(z, z)) == pytest.approx(0, abs=1e-7)
    assert float(alignment_loss(z, -c, 1.0)) == pytest.approx(2 - 100 * expected, abs=1e-5)
    z.requires_grad_(True)
    alignment_loss(z, c).backward()
    assert z.grad is not None
    moved = (z - 50 * z.grad).detach()
    assert float(alignment_loss(moved, c)) < float(alignment_loss(z.detach(), c))


#: By hand from Sec. 4.1: 512 x 128 + 128 for the hidden layer of the hypernetwork, and
#: 128 weights and a bias for each of the 2 x 512 x r numbers of P and Q.
HYPER = {50: 6_670_464, 100: 13_275_264, 200: 26_484_864}
#: 32 x 512, four times 512 x 512, 512 x 3, and the biases.
BASE = 16_384 + 4 * 262_144 + 1_536 + 5 * 512 + 3


@pytest.mark.parametrize(("name", "rank"), [("s", 50), ("m", 100), ("l", 200)])
def test_presets_have_the_papers_parameters(name: str, rank: int) -> None:
    settings = PRESETS[f"paper-{name}"].inr
    assert settings is not None
    arch = architecture(settings, (1080, 1920))
    sizes = tensor_sizes(arch)
    assert sizes[Role.HYPER_WEIGHT, 0] == (128, 512)
    assert sizes[Role.HYPER_WEIGHT, 1] == (2 * 512 * rank, 128)
    hyper = sum(math.prod(s) for (role, _), s in sizes.items() if "HYPER" in role.name)
    base = sum(math.prod(s) for (role, _), s in sizes.items() if "BASE" in role.name)
    assert (hyper, base) == (HYPER[rank], BASE)
    assert layer_sizes(arch) == [(512, 32), *[(512, 512)] * 4, (3, 512)]
    assert (arch.latent_dim, arch.modulated, arch.patch) == (512, 0b10, 1)
    assert settings.bits() == {"hyper": 8, "base": 32, "encoding": 32, "latent": 32}
    assert settings.lr == 5e-4
    entries = sum(level.entries for level in arch.levels)
    assert sizes[Role.ENCODING, 0] == (entries, 2)


def test_the_appendix_by_options() -> None:
    """10 layers, hypernetworks of 3 layers and 512 wide; two patch layers more with patches."""
    given = {"layers": "10", "hyper_layers": "3", "hyper_hidden": "512", "patch": "8"}
    base = PRESETS["paper-s"].inr
    assert base is not None
    settings = base.replaced(given)
    sizes = tensor_sizes(architecture(settings, (720, 1280)))
    assert sizes[Role.BASE_WEIGHT, 9] == (512, 512)
    assert sizes[Role.PATCH_WEIGHT, 0] == (192, 512, 3, 3)
    hyper = sum(math.prod(s) for (role, _), s in sizes.items() if "HYPER" in role.name)
    assert hyper == 2 * (512 * 512 + 512) + 51_200 * 513


def expected_picture(found: InrSegment, size: tuple[int, int], time: int) -> np.ndarray:
    """The picture of one frame by numpy, [3, rows, columns] of the whole grid."""
    net, arch = found.network, found.network.arch
    rows, columns = grid_size(arch, size)
    at = positions(range(rows), whole((rows, columns), (rows, columns)), torch.device("cpu"))
    encoded = encoder(arch, at, "torch")(net.tensors[Role.ENCODING, 0]).double().numpy()
    values = forward(net, encoded, modulated_weights(net, found.latents[:, time].double().numpy()))
    if arch.patch == 1:
        return values.T.reshape(3, rows, columns)
    image = values.reshape(rows, columns, -1)
    margin, p = arch.kernel // 2, arch.patch
    padded = np.pad(image, ((margin, margin), (margin, margin), (0, 0)), mode="edge")
    weight, bias = arrays(net)[Role.PATCH_WEIGHT, 0], arrays(net)[Role.PATCH_BIAS, 0]
    out = np.zeros((3, rows * p, columns * p))
    for j, i in np.ndindex(rows, columns):
        window = padded[j : j + arch.kernel, i : i + arch.kernel].transpose(2, 0, 1)
        block = (weight * window).sum((1, 2, 3)) + bias
        out[:, j * p : (j + 1) * p, i * p : (i + 1) * p] = block.reshape(3, p, p)
    return out


@pytest.mark.parametrize("settings", [SMALL, dataclasses.replace(SMALL, patch=4)])
@pytest.mark.parametrize("tile", [1, 7, 10_000])
def test_pictures_in_tiles(settings: InrSettings, tile: int) -> None:
    found = segment(settings)
    found.tile = tile
    shown = found.rgb(found.latents, whole(SIZE, SIZE))
    for time in range(3):
        expected = expected_picture(found, SIZE, time)[:, : SIZE[0], : SIZE[1]]
        np.testing.assert_allclose(shown[time].numpy(), expected, atol=1e-4)


def test_any_resolution_is_another_grid_of_coordinates() -> None:
    found = segment()
    for size in ((28, 44), (7, 11), (5, 30)):
        shown = found.rgb(found.latents[:, :1], whole(SIZE, size))[0]
        np.testing.assert_allclose(shown.numpy(), expected_picture(found, size, 0), atol=1e-4)


def test_patches_at_other_sizes_show_no_border() -> None:
    """Twice as large, the steps between samples of two patches are about half those at native."""
    found = segment(dataclasses.replace(SMALL, patch=4))
    native = found.rgb(found.latents[:, :1], whole(SIZE, SIZE))[0].clamp(0, 1)
    large = found.rgb(found.latents[:, :1], whole(SIZE, (28, 44)))[0]
    steps = (large[:, :, 1:] - large[:, :, :-1]).abs()
    coarse = (native[:, :, 1:] - native[:, :, :-1]).abs()
    for column in range(4, 20, 4):  # first columns of patches
        at = 2 * column - 1
        limit = 1.8 * coarse[:, :, column - 1].amax() / 2
        assert float(steps[:, :, at].amax()) <= float(limit) + 1e-5
    small = found.rgb(found.latents[:, :1], whole(SIZE, (7, 11)))[0]
    assert float(small.mean()) == pytest.approx(float(native.mean()), abs=0.01)


def test_memory_that_runs_out_makes_smaller_tiles(monkeypatch: pytest.MonkeyPatch) -> None:
    found, real, seen = segment(), Inr.base, []

    def base(self: Inr, encoded: Tensor, weights: list[Tensor]) -> Tensor:
        seen.append(3 * len(encoded))
        if 3 * len(encoded) > 150:
            raise torch.OutOfMemoryError("injected")
        return real(self, encoded, weights)

    expected = found.rgb(found.latents, whole(SIZE, SIZE))
    monkeypatch.setattr(Inr, "base", base)
    torch.testing.assert_close(
        found.rgb(found.latents, whole(SIZE, SIZE)), expected, atol=1e-5, rtol=0
    )
    assert max(seen) > 150 >= seen[-1]
    monkeypatch.setattr("lincodec.model.latent_inr.network.Inr.base", lambda *_: raise_memory())
    with pytest.raises(ResourceError, match="one row of 22 positions"):
        found.rgb(found.latents, whole(SIZE, SIZE))


def raise_memory() -> None:
    raise torch.OutOfMemoryError("injected")


def test_half_precision_stays_within_the_tolerance_of_clause_8_8() -> None:
    """What class ``cuda`` does, on the CPU: float16 factors, binary32 results."""
    found = segment(dataclasses.replace(SMALL, hidden=64))
    exact = found.native(found.latents)
    found._precision = lambda: torch.autocast("cpu", torch.float16)  # type: ignore[method-assign]
    halves = found.native(found.latents)
    for a, b in zip(exact, halves, strict=True):
        assert float((a - b).square().mean().sqrt()) < 0.25
        assert float((a - b).abs().max()) < 4


VIDEOS = [
    INFO,
    dataclasses.replace(INFO, width=23, height=13, chroma_shift=(1, 0)),
    dataclasses.replace(INFO, chroma_shift=(0, 0), color=ColorInfo(1, 1, 1, True), bit_depth=10),
    dataclasses.replace(INFO, chroma_shift=None),
]


@pytest.mark.parametrize("info", VIDEOS)
def test_colours_are_those_of_the_video_layer(info: VideoInfo) -> None:
    rng = np.random.default_rng(1)
    rgb = rng.uniform(-20, 275, (info.height, info.width, 3))
    if info.chroma_shift is None:
        rgb[...] = rgb[..., :1]
    clipped = np.clip(rgb, 0, 255)
    expected = from_rgb(clipped, info)
    tensor = torch.from_numpy(rgb / 255).float().permute(2, 0, 1)[None]
    unit = 2.0 ** (info.bit_depth - 8)
    found = ColorMap.of(info).to_planes(tensor)
    for plane, wanted in zip(found, expected, strict=True):
        codes = (plane[0].numpy() + 128) * unit
        np.testing.assert_allclose(codes, wanted, atol=0.501)
    source = SourceFrames([expected], info, torch.device("cpu"))
    samples = torch.arange(info.width * info.height)
    shown = source.rgb(torch.tensor([0]), samples)[0].reshape(info.height, info.width, 3)
    np.testing.assert_allclose(255 * shown.numpy(), to_rgb(expected, info), atol=1e-2)


def test_fourier_features() -> None:
    arch = architecture(dataclasses.replace(SMALL, encoding="fourier"), SIZE)
    table = network(dataclasses.replace(SMALL, encoding="fourier")).tensors[Role.ENCODING, 0]
    at = torch.rand(20, 2)
    angle = 2 * np.pi * (at.double().numpy() @ table.double().numpy().T)
    expected = np.concatenate([np.cos(angle), np.sin(angle)], 1)
    np.testing.assert_allclose(encoder(arch, at, "torch")(table).numpy(), expected, atol=1e-5)


def test_a_segment_is_the_same_with_every_backend() -> None:
    pictures = []
    for backend in ("torch", "csr"):
        found = segment()
        found.backend = hashgrid.choose(backend, torch.device("cpu"))
        pictures.append(found.rgb(found.latents, whole(SIZE, SIZE)))
    torch.testing.assert_close(*pictures, atol=1e-4, rtol=0)


def test_positions_are_centres() -> None:
    found = positions(range(1, 3), whole((5, 4), (5, 4)), torch.device("cpu"))
    assert found[0].tolist() == pytest.approx([0.125, 0.3])
    assert found[-1].tolist() == pytest.approx([0.875, 0.5])
    arch: LatentInrArch = architecture(dataclasses.replace(SMALL, patch=4), SIZE)
    assert grid_size(arch, SIZE) == (4, 6)
