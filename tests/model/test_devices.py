"""Rendering and fitting keep to one device, shown on ``meta``, which every machine has."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_flatten

from lincodec.bitstream.segment import unpack_segment
from lincodec.container import LincFile
from lincodec.core.resample import whole
from lincodec.decoder.load import segment_model
from lincodec.encoder.latent_inr.fit import InrFit
from lincodec.encoder.latent_inr.pull import alignment_loss
from lincodec.encoder.latent_inr.settings import InrSettings
from lincodec.encoder.latent_inr.tensors import architecture
from lincodec.errors import ResourceError
from lincodec.model.devices import device_name, device_of
from lincodec.model.latent_inr.network import Inr
from lincodec.model.latent_inr.segment import InrSegment
from lincodec.model.network import Network
from lincodec.model.segment import SegmentModel
from lincodec.options import Span
from lincodec.video.reader import FrameReader

VECTORS = Path(__file__).resolve().parents[2] / "format_spec" / "vectors" / "good"
META = torch.device("meta")


class OneDevice(TorchDispatchMode):
    """Refuses operations on tensors of two devices; ``meta`` itself lets most of them pass."""

    COPIES = ("aten._to_copy", "aten.copy_", "aten._local_scalar_dense")

    def __torch_dispatch__(
        self, operation: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        tensors = [a for a in tree_flatten((args, kwargs or {}))[0] if isinstance(a, Tensor)]
        devices = {tensor.device.type for tensor in tensors if tensor.dim()}
        if not str(operation).startswith(self.COPIES):
            assert len(devices) <= 1, f"{operation} on {devices}"
        return operation(*args, **(kwargs or {}))


def test_the_check_sees_what_it_is_for() -> None:
    with OneDevice(), pytest.raises(AssertionError, match=r"aten\.mm"):
        torch.ones(2, 2, device=META) @ torch.ones(2, 2)


def moved(model: SegmentModel | InrSegment) -> SegmentModel | InrSegment:
    """The same model with all its tensors on another device, as ``segment_model`` makes it."""
    other = copy.copy(model)
    other.latents = model.latents.to(META)
    if isinstance(other, InrSegment):
        there = {key: tensor.to(META) for key, tensor in other.network.tensors.items()}
        other.network, other._kept, other.backend = Inr(other.network.arch, there), {}, "torch"
        return other
    other.weights = [weight.to(META) for weight in other.weights]
    if other.network is not None:
        there = {key: tensor.to(META) for key, tensor in other.network.tensors.items()}
        other.network = Network(other.network.shape, there)
    return other


@pytest.mark.parametrize(
    "name", ["two-frames", "network-4", "odd-size", "inr-hash", "inr-fourier", "inr-patch"]
)
def test_rendering_stays_on_its_device(name: str) -> None:
    with (VECTORS / f"good-{name}.linc").open("rb") as stream:
        linc = LincFile(stream)
        code = unpack_segment(linc.read_segment(0), linc.arch, linc.info.plane_sizes)
    model = segment_model(code, linc.arch, linc.info)
    assert isinstance(model, SegmentModel | InrSegment)
    there = moved(model)
    larger = dataclasses.replace(linc.info, width=50, height=30).plane_sizes
    for sizes in (linc.info.plane_sizes, larger):
        shapes = []
        for one in (model, there):
            z = one.latent_at(torch.tensor([0.0, 0.5], dtype=torch.float64))
            with OneDevice():
                areas = [whole(*pair) for pair in zip(linc.info.plane_sizes, sizes, strict=True)]
                planes = one.at_areas(z, areas)
            assert {plane.device for plane in planes} == {one.latents.device}
            shapes.append([tuple(plane.shape) for plane in planes])
        assert shapes[0] == shapes[1] == [(2, *size) for size in sizes]


@pytest.mark.parametrize(
    "change", [{}, {"patch": "8"}, {"encoding": "fourier"}, {"positions": "64"}], ids=str
)
def test_fitting_stays_on_its_device(change: dict[str, str], clip: Callable[[str], Path]) -> None:
    """Frames, positions, targets and the loss with Eq. 6's term; gradients reach every tensor."""
    with FrameReader(str(clip("carphone")), span=Span(frames=3)) as reader:
        frames, info = [frame.planes for frame in reader], reader.info
    given = {"hidden": "16", "latent": "8", "rank": "2", "hyper_hidden": "4", "levels": "2"}
    settings = InrSettings().replaced({**given, **change})
    arch = architecture(settings, (info.height, info.width))
    features = torch.randn(3, 8, device=META)

    def pulling(z: Tensor, chosen: Tensor) -> Tensor:
        return alignment_loss(z, features[chosen])

    fit = InrFit(frames, info, arch, settings, device=META, backend="torch", latent_loss=pulling)
    with OneDevice():
        loss, error = fit._loss(torch.tensor([2, 0]).to(META))
        loss.backward()  # type: ignore[no-untyped-call]
    assert loss.device == error.device == META
    assert fit.latents.grad is not None
    learnt = [t for t in fit.network.tensors.values() if t.requires_grad]
    assert learnt
    assert all(tensor.grad is not None for tensor in learnt)


def test_devices_by_name() -> None:
    assert device_of("cpu") == torch.device("cpu")
    assert device_of("auto").type == ("cuda" if torch.cuda.is_available() else "cpu")
    assert device_name(torch.device("cpu")) == "cpu torch"
    with pytest.raises(ResourceError, match=r"--device cuda:63: this machine has \d+ CUDA devices"):
        device_of("cuda:63")


@pytest.mark.gpu
@pytest.mark.parametrize("name", ["network-4", "inr-hash", "inr-patch"])
def test_a_cuda_device_shows_the_same(name: str) -> None:
    from lincodec.decoder.load import Rendering

    with (VECTORS / f"good-{name}.linc").open("rb") as stream:
        linc = LincFile(stream)
        code = unpack_segment(linc.read_segment(0), linc.arch, linc.info.plane_sizes)
    shown = []
    for device in ("cpu", "cuda"):
        model = segment_model(code, linc.arch, linc.info, Rendering.of(device))
        shown.append([plane.cpu() for plane in model.native(model.latents)])
    for a, b in zip(*shown, strict=True):
        assert float((a - b).square().mean().sqrt()) < 0.25
        assert float((a - b).abs().max()) < 4
