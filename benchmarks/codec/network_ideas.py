"""Ideas for the network part, one at a time: dB at equal bytes after equal CPU seconds.

    python -m benchmarks.codec.network_ideas --clip bench/bunny_320x180.mp4 --frames 48 --seconds 40

Every variant starts from the same closed form and the same seed and descends for the same CPU
seconds on one thread. Bytes it takes beyond the default's are charged at the measured slope of
the closed form. Writes network_ideas.json as results come, into benchmarks/results/.
"""

from __future__ import annotations

import argparse
import json
import math
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from benchmarks.common.anchors import load_clip
from benchmarks.common.runs import RESULTS, command, machine
from lincodec.bitstream.segment import Key, pack_segment
from lincodec.container import LincArch
from lincodec.encoder.aim import DB_PER_LOG_BYTES
from lincodec.encoder.linc.network_fit import Descent
from lincodec.encoder.linc.network_tensors import network_tensors, row_exponents, rows_of, snapped
from lincodec.encoder.linc.optimisers import Adam, Muon
from lincodec.encoder.linc.quantise import Coded
from lincodec.encoder.linc.segment_fit import SegmentFit
from lincodec.encoder.presets import step_of
from lincodec.encoder.segments import Range
from lincodec.model.network import Network, NetworkShape, network_shape
from lincodec.model.output import quantise, to_frames
from lincodec.video.color import to_rgb
from lincodec.video.metrics import mse, psnr


@dataclass(frozen=True)
class Variant:
    """The default is every field as it stands."""

    name: str = "default"
    what: str = "Adam for all, 16 channels, 2 layers, stride 2"
    optimiser: str = "adam"
    """adam; muon or soap for the matrices of the convolutions, Adam for the rest."""
    rate: float = 4e-3
    average: float = 0.0
    """Decay of the moving average of the weights that is written; 0: the weights themselves."""
    loss: str = "mse"
    """mse; l1: absolute error for the first half; flat: all samples of all planes alike."""
    coarse: float = 0.0
    """Share of the time on frames of half the size."""
    warm: bool = False
    """Start from a network fitted to the frames before."""
    smooth: int = 0
    """Latents that drive the network on a cubic B-spline with a knot every so many frames."""
    grid: int = 0
    """Channels of a coarse learned (x, y, t) grid added before the first activation."""
    mix: int = 0
    """Stored weight factors a layer, mixed with coefficients from the latent."""
    channels: int = 16
    layers: int = 2
    stride: int = 2
    latents: int = 4
    bits: int = 5
    crop: int = 96
    batch: int = 2


DEFAULT = Variant()
VARIANTS = (
    DEFAULT,
    Variant("muon", "orthogonalised momentum for convolutions", optimiser="muon"),
    Variant("soap", "Adam in the eigenbasis of the gradients' products", optimiser="soap"),
    Variant("rate 2e-3", "learning rate halved", rate=2e-3),
    Variant("rate 8e-3", "learning rate doubled", rate=8e-3),
    Variant("average .99", "moving average of the weights", average=0.99),
    Variant("l1 first", "absolute error for the first half of the time", loss="l1"),
    Variant("flat loss", "planes weighted alike, not as they weigh in RGB", loss="flat"),
    Variant("coarse first", "half the picture size for the first third", coarse=0.33),
    Variant("warm", "from the network of the segment before", warm=True),
    Variant("smooth latents", "B-spline of a knot every 4 frames drives it", smooth=4),
    Variant("no latents", "the same network for every frame", latents=0),
    Variant("12 latents", "12 components drive it", latents=12),
    Variant("grid 4", "coarse (x, y, t) grid of 4 channels", grid=4),
    Variant("mix 2", "two more weight tensors a layer, mixed by the latent", mix=2),
    Variant("8 channels", "half the width", channels=8),
    Variant("24 channels", "half as wide again", channels=24),
    Variant("1 layer", "one convolution", layers=1),
    Variant("3 layers", "three convolutions", layers=3),
    Variant("stride 4", "cells of 4 x 4, 32 channels", stride=4, channels=32),
    Variant("4 bits", "largest weight of a row takes 4 bits", bits=4),
    Variant("6 bits", "largest weight of a row takes 6 bits", bits=6),
    Variant("crop 48 x 8", "eight crops a quarter as large", crop=48, batch=8),
)

GRID, MIX, COEFFICIENT = "grid", "mix", "coefficient"


class Wide(Network):
    """A network with a coarse grid or mixed factors beside the tensors of the format."""

    def __init__(
        self, shape: NetworkShape, tensors: dict[Any, Tensor], extra: dict[str, Tensor]
    ) -> None:
        super().__init__(shape, tensors)
        self.extra = extra
        self.window: tuple[Tensor, int, int, int, int] | None = None

    def on_cells(self, x: Tensor, z: Tensor) -> Tensor:
        """As the base class; the window says where in the clip the cells lie."""
        modulation = self.modulation(z)
        weights = [self.tensors[k] for k in self._keys()]
        for layer, weight in enumerate(weights):
            bias = self.tensors[(type(self._keys()[0][0]).NET_BIAS, layer)]
            scale, shift = modulation[:, layer].unbind(1)
            padded = nn.functional.pad(x, (1, 1, 1, 1), mode="replicate")
            y = nn.functional.conv2d(padded, weight, bias)
            if MIX + str(layer) in self.extra:
                more = self.extra[MIX + str(layer)]
                coefficients = torch.tanh(z[: self.shape.latents].T * 8 @ self.extra[COEFFICIENT])
                each = nn.functional.conv2d(padded, more.flatten(0, 1))
                each = each.view(x.shape[0], more.shape[0], -1, *each.shape[2:])
                part = coefficients[:, layer * more.shape[0] :][:, : more.shape[0]]
                y = y + (each * part[:, :, None, None, None]).sum(1)
            y = y * (1 + scale[:, :, None, None]) + shift[:, :, None, None]
            if layer == 0 and GRID in self.extra and self.window is not None:
                y = y + self._from_grid(y.shape)
            x = nn.functional.relu(y)
        role = type(self._keys()[0][0])
        head = self.tensors[role.HEAD_WEIGHT, 0][:, :, None, None]
        return nn.functional.conv2d(x, head, self.tensors[role.HEAD_BIAS, 0])

    def _keys(self) -> list[Any]:
        return [key for key in self.tensors if key[0].name == "NET_WEIGHT"]

    def _from_grid(self, size: torch.Size) -> Tensor:
        """The grid's features at the cells of the window, mapped to the layer's channels."""
        assert self.window is not None
        frames, y, x, rows, columns = self.window
        grid = self.extra[GRID]
        times = frames.float() / max(self.frames - 1, 1) * 2 - 1
        ys = (torch.arange(size[2]) + y + 0.5) / rows * 2 - 1
        xs = (torch.arange(size[3]) + x + 0.5) / columns * 2 - 1
        at = torch.stack(torch.broadcast_tensors(
            xs[None, None, :], ys[None, :, None], times[:, None, None]
        ), -1)[None]  # fmt: skip
        found = nn.functional.grid_sample(
            grid[None], at, align_corners=False, padding_mode="border"
        )
        return torch.einsum("cftyx,gf->tgyx", found, self.extra["project"])

    frames = 1


class Soap:
    """Adam in the slowly turning eigenbasis of G Gt (Vyas et al. 2024), left side only."""

    def __init__(self, tensors: list[Tensor]) -> None:
        self.state: list[tuple[Tensor, dict[str, Any]]] = [(tensor, {}) for tensor in tensors]

    @torch.no_grad()
    def step(self, rate: float) -> None:
        """One update; the gradients are used up."""
        for tensor, s in self.state:
            assert tensor.grad is not None
            g = tensor.grad.flatten(1)
            if not s:
                s |= {"l": g @ g.T, "r": g.T @ g, "m": torch.zeros_like(g),
                      "v": torch.zeros_like(g), "t": 0}  # fmt: skip
            s["l"].lerp_(g @ g.T, 0.05)
            s["r"].lerp_(g.T @ g, 0.05)
            if s["t"] % 20 == 0:
                s["ql"], s["qr"] = (torch.linalg.eigh(s[k])[1] for k in "lr")
            s["t"] += 1
            s["m"].lerp_(g, 0.1)
            turned, now = s["ql"].T @ s["m"] @ s["qr"], s["ql"].T @ g @ s["qr"]
            s["v"].lerp_(now.square(), 0.01)
            mean = turned / (1 - 0.9 ** s["t"])
            spread = (s["v"] / (1 - 0.99 ** s["t"])).sqrt() + 1e-8
            update = s["ql"] @ (mean / spread) @ s["qr"].T
            tensor.sub_(update.view_as(tensor), alpha=rate)
            tensor.grad = None


class Trial(Descent):
    """A descent with the variant's rules."""

    def __init__(self, shape: NetworkShape, variant: Variant, frames: int) -> None:
        super().__init__(shape, 0)
        self.variant = variant
        self.extra = self._extra(shape)
        Wide.frames = frames
        everything = [*self.network.tensors.values(), *self.extra.values()]
        matrices = [t for t in everything if t.dim() == 4 and variant.optimiser != "adam"]
        rest = [t for t in everything if not any(t is m for m in matrices)]
        self.steppers: list[Adam | Muon | Soap] = [Adam(rest)]
        if matrices:
            self.steppers.append((Muon if variant.optimiser == "muon" else Soap)(matrices))
        self.mean: dict[Key, Tensor] | None = None
        if variant.loss == "flat":
            self.weights = torch.ones_like(self.weights)

    def _extra(self, shape: NetworkShape) -> dict[str, Tensor]:
        """Tensors beyond the format's."""
        out: dict[str, Tensor] = {}
        if self.variant.grid:
            size = (self.variant.grid, 6, 12, 20)
            out[GRID] = torch.randn(size, generator=self.generator) * 0.01
            bound = (shape.channels, self.variant.grid)
            out["project"] = torch.randn(bound, generator=self.generator) * 0.5
        for layer in range(shape.layers if self.variant.mix else 0):
            width = shape.samples if layer == 0 else shape.channels
            size4 = (self.variant.mix, shape.channels, width, 9)
            spread = math.sqrt(2 / (9 * width))
            out[MIX + str(layer)] = (torch.randn(size4, generator=self.generator) * spread).view(
                self.variant.mix, shape.channels, width, 3, 3
            )
        if self.variant.mix:
            out[COEFFICIENT] = torch.zeros(shape.latents, self.variant.mix * shape.layers)
        return {k: t.requires_grad_(True) for k, t in out.items()}

    def _advance(self, fraction: float) -> None:
        variant = self.variant
        if fraction >= 0.6 and self.exponents is None:
            self._freeze()
        rate = variant.rate * (0.5 + 0.5 * math.cos(math.pi * min(fraction, 1.0))) + 1e-5
        inputs, targets, z = self._crop()
        if fraction < variant.coarse:
            inputs, targets = (nn.functional.avg_pool2d(a, 2) for a in (inputs, targets))
        error = (self._current().on_cells(inputs, z) - targets) * self.weights.sqrt()
        early = variant.loss == "l1" and fraction < 0.5
        loss = error.abs().mean() if early else error.square().mean()
        loss.backward()  # type: ignore[no-untyped-call]
        for optimiser in self.steppers:
            optimiser.step(rate)
        self.steps += 1
        if variant.average and fraction >= 0.3:
            now = {k: t.detach() for k, t in self.network.tensors.items()}
            if self.mean is None:
                self.mean = {k: t.clone() for k, t in now.items()}
            for key, tensor in now.items():
                self.mean[key].lerp_(tensor, 1 - variant.average)

    def _freeze(self) -> None:
        bits = self.variant.bits
        self.exponents = {
            k: row_exponents(t.detach(), bits) for k, t in self.network.tensors.items()
        }

    def _current(self) -> Network:
        now = super()._current()
        if not self.extra:
            return now
        wide = Wide(now.shape, dict(now.tensors), self._extras())
        wide.window = self.window
        return wide

    def _extras(self) -> dict[str, Tensor]:
        """The extra tensors, rounded once the lattices are fixed."""
        if self.exponents is None:
            return self.extra
        return {
            k: snapped(t.flatten(0, -2) if t.dim() > 2 else t,
                       row_exponents((t.flatten(0, -2) if t.dim() > 2 else t).detach())).view_as(t)
            for k, t in self.extra.items()
        }  # fmt: skip

    window: tuple[Tensor, int, int, int, int] | None = None

    def _crop(self) -> tuple[Tensor, Tensor, Tensor]:
        n, _, rows, columns = self.inputs.shape
        height, width = min(self.variant.crop, rows), min(self.variant.crop, columns)
        frames = torch.randint(n, (self.variant.batch,), generator=self.generator)
        y = int(torch.randint(rows - height + 1, (1,), generator=self.generator))
        x = int(torch.randint(columns - width + 1, (1,), generator=self.generator))
        at = (frames, slice(None), slice(y, y + height), slice(x, x + width))
        self.window = (self.pick[frames], y, x, rows, columns)
        return self.inputs[at], self.targets[at], self.latents[:, frames]

    def load(self, source: Any, spectral: Any, latents: Tensor) -> None:
        """As the base class; remembers which frames."""
        super().load(source, spectral, latents)
        n = source[0].shape[0]
        self.pick = torch.linspace(0, n - 1, self.inputs.shape[0]).round().long()

    def result(self) -> tuple[Network, dict[Key, Tensor]]:
        """The network that would be written; the mean of the weights if there is one."""
        if self.mean is not None:
            for key, tensor in self.network.tensors.items():
                tensor.data.copy_(self.mean[key])
        return super().result()


def spline_of(latents: Tensor, knot: int) -> Tensor:
    """Latents [D, n] projected on cubic B-splines with a knot every ``knot`` frames."""
    n = latents.shape[1]
    at = torch.arange(n, dtype=torch.float64)[:, None] / knot
    centre = torch.arange(-1, n // knot + 3, dtype=torch.float64)[None]
    d = (at - centre).abs()
    basis = torch.where(d < 1, (4 - 6 * d**2 + 3 * d**3) / 6, (2 - d).clamp(min=0) ** 3 / 6)
    fitted = torch.linalg.lstsq(basis, latents.T.double(), driver="gelsd").solution
    return (basis @ fitted).T.float()


def run_variant(fit: SegmentFit, coded: Coded, variant: Variant, seconds: float,
                before: dict[Key, Tensor] | None = None) -> dict[str, Any]:  # fmt: skip
    """Fit, round, measure."""
    arch = replace(
        fit.arch, net_channels=variant.channels, net_layers=variant.layers,
        net_stride=variant.stride, net_latents=max(variant.latents, 1),
    )  # fmt: skip
    trial = Trial(network_shape(arch, fit.info), variant, fit.frames)
    if before:
        for key, tensor in trial.network.tensors.items():
            tensor.data.copy_(before[key])
    latents, spectral = fit.render(coded)
    driving = latents * 0 if variant.latents == 0 else latents
    if variant.smooth:
        driving = spline_of(latents, variant.smooth)
    trial.load(fit.channels, spectral, driving)
    began = time.process_time()

    def clock() -> tuple[float, bool]:
        spent = (time.process_time() - began) / seconds
        return spent, spent >= 1

    trial.run(clock)
    with torch.no_grad():
        network, exponents = trial.result()
        more: dict[Key, Any] = dict(network_tensors(network, exponents))
        payload = pack_segment(fit.code(Range(0, fit.frames, False), coded, more))
        size = sum(map(len, payload[1:])) + sum(entropy(t) / 8 for t in trial._extras().values())
        quality = measured(fit, coded, trial, network, driving)
    return {"bytes": round(size), "psnr": quality, "steps": trial.steps,
            "tensors": {k: t.detach() for k, t in trial.network.tensors.items()}}  # fmt: skip


def entropy(tensor: Tensor) -> float:
    """Ideal bits of a rounded tensor under one histogram a tensor, and a byte a row."""
    flat = (tensor.flatten(0, -2) if tensor.dim() > 2 else tensor).detach()
    q = (flat / torch.exp2(row_exponents(flat).float())[:, None]).round()
    counts = torch.unique(q, return_counts=True)[1].double()
    return float(-(counts * (counts / counts.sum()).log2()).sum()) + 8 * rows_of(flat).shape[0]


def measured(fit: SegmentFit, coded: Coded, trial: Trial, network: Network, z: Tensor) -> float:
    """Mean RGB PSNR of every second frame."""
    _, planes = fit.render(coded)
    if trial.extra:
        network = Wide(network.shape, dict(network.tensors), trial._extras())
    found = []
    for index in range(0, fit.frames, 2):
        one = [p[index : index + 1] for p in planes]
        if isinstance(network, Wide):
            cells = network.cells(one)
            network.window = (torch.tensor([index]), 0, 0, cells.shape[2], cells.shape[3])
        parts = network.residual(one, z[:, index : index + 1])
        shown = quantise([p + r for p, r in zip(one, parts, strict=True)], fit.info.bit_depth)
        a, b = to_rgb(fit.source[index], fit.info), to_rgb(to_frames(shown)[0], fit.info)
        found.append(psnr(mse(a, b)))
    return sum(found) / len(found)


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--clip", default="bench/bunny_320x180.mp4")
    add("--frames", type=int, default=48)
    add("--quality", type=float, default=38.0)
    add("--seconds", type=float, default=40, help="CPU seconds of every descent")
    add("--only", help="names of variants, separated by commas")
    add("--out", type=Path, default=RESULTS)
    return parser.parse_args()


def main() -> None:
    """Measure, print, write as results come."""
    given = arguments()
    torch.set_num_threads(1)
    clip = load_clip(given.clip, 2 * given.frames)
    halves = [clip.frames[: given.frames], clip.frames[given.frames :]]
    arch = LincArch(4, 2, given.frames, net_layers=2, net_stride=2, net_channels=16,
                    net_latents=4, net_hidden=4)  # fmt: skip
    earlier, fit = (SegmentFit(planes, clip.info, arch) for planes in halves)
    coded = fit.quantise(step_of(given.quality))
    plain = fit.code(Range(0, fit.frames, False), coded)
    report: dict[str, Any] = {
        "command": command(),
        "machine": machine(),
        "without": {"bytes": sum(map(len, pack_segment(plain)[1:])),
                    "psnr": fit.quality(coded, None, 2)},
        "variants": {},
    }  # fmt: skip
    names = given.only.split(",") if given.only else [v.name for v in VARIANTS]
    chosen = [v for v in VARIANTS if v.name in names or v is DEFAULT]
    for variant in chosen:
        start = None
        if variant.warm:
            first = earlier.quantise(step_of(given.quality))
            start = run_variant(earlier, first, DEFAULT, given.seconds)["tensors"]
        found = run_variant(fit, coded, variant, given.seconds, start)
        found.pop("tensors")
        base = report["variants"].get(DEFAULT.name, found)
        charged = DB_PER_LOG_BYTES * math.log(found["bytes"] / base["bytes"])
        found["gain_db_at_equal_bytes"] = round(found["psnr"] - base["psnr"] - charged, 3)
        report["variants"][variant.name] = found | {"what": variant.what}
        print(variant.name, found, flush=True)
        given.out.mkdir(parents=True, exist_ok=True)
        text = json.dumps(report, indent=1) + "\n"
        (given.out / "network_ideas.json").write_text(text, "utf-8")


if __name__ == "__main__":
    main()
