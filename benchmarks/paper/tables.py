"""The paper's experiments, one function a table or figure; each returns rows of figures."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from benchmarks.common.anchors import Clip, encode_anchor, measure, timed
from benchmarks.common.clips import HeldOut, every, small_clip
from lincodec.bitstream.segment import SegmentCode, pack_segment
from lincodec.container import LincFile
from lincodec.decoder.load import Rendering, read_inr
from lincodec.decoder.render import Renderer
from lincodec.decoder.shots import output_shots
from lincodec.encoder.budget import Budget
from lincodec.encoder.encode import encode
from lincodec.encoder.latent_inr.fit import InrFit
from lincodec.encoder.latent_inr.settings import InrSettings
from lincodec.encoder.latent_inr.tensors import architecture, coded
from lincodec.model.latent_inr.network import Inr
from lincodec.model.latent_inr.rgb import ColorMap
from lincodec.model.latent_inr.segment import InrSegment
from lincodec.model.output import quantise, to_frames
from lincodec.options import EncodeOptions
from lincodec.types import Planes, VideoInfo
from lincodec.video.color import to_rgb

Row = dict[str, Any]
Model = dict[str, str]


@dataclass(frozen=True)
class Scale:
    """How large the experiments are."""

    name: str
    clips: dict[str, tuple[str, int, tuple[int, int] | None]]
    """By role: name or path, frames, (width, height)."""
    model: Model
    """Settings on top of the presets."""
    ranks: dict[str, int]
    ablation_rank: int
    """Of Fig. 10 and 11 (paper: 20)."""
    latents: tuple[int, ...]
    patches: tuple[int, ...]
    fps_sizes: tuple[tuple[int, int], ...]
    """Sizes (width, height) of Fig. 4."""
    fps_patches: tuple[int, ...]
    device: str = "cpu"
    max_time: float | None = None

    def settings(self, **change: Any) -> Model:
        """The settings of one fit as ``--model`` takes them."""
        return {**self.model, **{key: str(value) for key, value in change.items()}}


@dataclass
class Bench:
    """One run: a scale, a folder for files, and the clips as they are needed."""

    scale: Scale
    folder: Path
    say: Callable[[str], None] = print
    _clips: dict[str, Clip] = field(default_factory=dict)

    def clip(self, role: str) -> Clip:
        """A clip of the scale."""
        if role not in self._clips:
            name, frames, size = self.scale.clips[role]
            self._clips[role] = small_clip(name, frames, size, self.folder)
        return self._clips[role]

    def file(self, clip: Clip, model: Model, preset: str = "paper-s") -> tuple[Path, Row]:
        """Encode a clip; the file and its figures."""
        path, scale = self.folder / "fit.linc", self.scale
        options = EncodeOptions(
            preset=preset, model=model, span=clip.span, audio=False,
            device=scale.device, max_time=scale.max_time,
        )  # fmt: skip
        begun, cpu = time.monotonic(), time.process_time()
        report = encode(clip.path, str(path), options, overwrite=True)
        row = {
            "psnr": round(report.psnr, 3),
            "bpp": round(report.bpp, 4),
            "bytes": report.bytes["total"],
            "wall_s": round(time.monotonic() - begun, 1),
            "cpu_s": round(time.process_time() - cpu, 1),
        }
        return path, row

    def fit(self, clip: Clip, model: Model) -> InrFit:
        """A fit in memory, not begun."""
        settings = InrSettings().replaced(model)
        info = clip.info
        rendering = Rendering.of(self.scale.device)
        return InrFit(
            clip.frames, info, architecture(settings, (info.height, info.width)), settings,
            device=rendering.device, backend=rendering.backend,
        )  # fmt: skip


def rendered(path: Path, scale: int = 1, device: str = "cpu") -> Iterator[Planes]:
    """Frames of a file, ``scale`` for one: those in between are of mixed latents (Eq. 4)."""
    with path.open("rb") as stream:
        file = LincFile(stream, name=str(path))
        renderer = Renderer(file, device=device)
        try:
            if scale == 1:
                yield from renderer.frames(output_shots(0, file.n_frames, 1))
                return
            for index, entry in enumerate(file.segments):
                model = renderer.model(index)
                for k in range(scale * entry.n_frames):
                    at = torch.tensor([k / scale], dtype=torch.float64)
                    with torch.inference_mode():
                        yield from to_frames(quantise(model.pictures(at), file.info.bit_depth))
        finally:
            renderer.close()


# ---------------------------------------------------------------- Table 1


def table1(bench: Bench) -> list[Row]:
    """Frames held out at a stride, and what stands in for them."""
    rows = []
    for role in ("bunny", "taichi"):
        if role not in bench.scale.clips:
            continue
        clip = bench.clip(role)
        for stride in (2, 4, 8):
            held = HeldOut(clip, stride)
            path, row = bench.file(every(clip, stride, bench.folder), bench.scale.settings())
            shown = list(rendered(path, stride, bench.scale.device))
            pictures = [np.asarray(to_rgb(shown[t], clip.info)) for t in held.numbers]
            rows.append(
                {
                    "clip": role,
                    "alpha": stride,
                    "held_out": len(held.numbers),
                    "latents": round(held.psnr(pictures), 2),
                    "keys": row["psnr"],
                    "copy": round(held.psnr(held.copies()), 2),
                    "cross_fade": round(held.psnr(held.fades()), 2),
                    "minterpolate": round(held.psnr(held.minterpolated()), 2),
                    **{k: row[k] for k in ("bpp", "wall_s", "cpu_s")},
                }
            )
            bench.say(str(rows[-1]))
    return rows


def interpolation_kinds(bench: Bench) -> list[Row]:
    """What is interpolated, at one stride: latents, time (as NeRV) or weights (as NIRVANA).

    All three have this package's base network and grid, and the same steps a key frame.
    """
    stride, clip = 4, bench.clip("bunny")
    held = HeldOut(clip, stride)
    keys = every(clip, stride, bench.folder)
    rows = []
    for kind, run in (("latents", _by_latents), ("time", _by_time), ("weights", _by_weights)):
        cpu = time.process_time()
        own, between = run(bench, keys, held)
        rows.append(
            {
                "interpolated": kind,
                "alpha": stride,
                "keys": round(own, 2),
                "held_out": round(held.psnr(between), 2),
                "cpu_s": round(time.process_time() - cpu, 1),
            }
        )
        bench.say(str(rows[-1]))
    return rows


def _picture(segment: InrSegment, z: Tensor, info: VideoInfo) -> NDArray[Any]:
    """Colours of one latent as a decoder shows them."""
    with torch.inference_mode():
        codes = quantise(segment.native(z), info.bit_depth)
    return np.asarray(to_rgb(to_frames(codes)[0], info))


def _segment(fit: InrFit, network: Inr, latents: Tensor) -> InrSegment:
    tensors = {key: tensor.detach() for key, tensor in network.tensors.items()}
    size = (fit.info.height, fit.info.width)
    return InrSegment(Inr(fit.arch, tensors), latents, ColorMap.of(fit.info), size, fit.backend)


def _shares(held: HeldOut) -> Iterator[tuple[int, float]]:
    """(key number, beta) of every held-out frame."""
    for t in held.numbers:
        yield t // held.stride, t % held.stride / held.stride


def _by_latents(bench: Bench, keys: Clip, held: HeldOut) -> tuple[float, list[NDArray[Any]]]:
    fit = bench.fit(keys, bench.scale.settings())
    fit.run(Budget(seconds=bench.scale.max_time or 0))
    z = fit.latents.detach().T
    segment = _segment(fit, fit.network, z)
    between = [
        _picture(segment, ((1 - b) * z[:, k] + b * z[:, k + 1])[:, None], keys.info)
        for k, b in _shares(held)
    ]
    return fit.quality(1), between


def _by_time(bench: Bench, keys: Clip, held: HeldOut) -> tuple[float, list[NDArray[Any]]]:
    """The latent is NeRV's encoding of time, cos and sin of 1.25^i pi t, and not learnt."""

    def encoded(t: float) -> Tensor:
        angle = math.pi * t * 1.25 ** torch.arange(40, dtype=torch.float64)
        return torch.cat([angle.cos(), angle.sin()]).float()

    count = len(keys.frames)
    fit = bench.fit(keys, bench.scale.settings(latent=80))
    fit.latents.requires_grad_(False)
    fit.latents.copy_(torch.stack([encoded(k / count) for k in range(count)]))
    fit.run(Budget(seconds=bench.scale.max_time or 0))
    segment = _segment(fit, fit.network, fit.latents.T)
    between = [
        _picture(segment, encoded((k + b) / count)[:, None], keys.info) for k, b in _shares(held)
    ]
    return fit.quality(1), between


def _by_weights(bench: Bench, keys: Clip, held: HeldOut) -> tuple[float, list[NDArray[Any]]]:
    """A network of its own for every key frame, each begun from the one before."""
    settings = InrSettings().replaced(bench.scale.settings(modulate="none", latent=1, batch=1))
    count = len(keys.frames)
    # one frame a step: as many samples a key frame as the other two see
    steps = settings.steps * InrSettings().replaced(bench.scale.model).batch // count
    networks, quality = [], 0.0
    for index in range(count):
        one = replace(keys, frames=keys.frames[index : index + 1])
        model = bench.scale.settings(modulate="none", latent=1, batch=1, steps=max(1, steps))
        fit = bench.fit(one, model)
        if networks:
            with torch.no_grad():
                for key, tensor in fit.network.tensors.items():
                    tensor.copy_(networks[-1][key])
        fit.run(Budget(seconds=(bench.scale.max_time or 0) / count))
        quality += fit.quality(1) / count
        networks.append({key: t.detach().clone() for key, t in fit.network.tensors.items()})
    between = []
    for k, b in _shares(held):
        mixed = {key: (1 - b) * t + b * networks[k + 1][key] for key, t in networks[k].items()}
        segment = _segment(fit, Inr(fit.arch, mixed), torch.zeros(1, 1))
        between.append(_picture(segment, torch.zeros(1, 1), keys.info))
    return quality, between


# ---------------------------------------------------------------- Table 5, Fig. 3


def table5(bench: Bench) -> list[Row]:
    """Fourier features and the hash grid: quality, size, seconds a step side by side."""
    clip, rows = bench.clip("short"), []
    for size, rank in bench.scale.ranks.items():
        fits = {
            name: bench.fit(clip, bench.scale.settings(rank=rank, encoding=name))
            for name in ("hash", "fourier")
        }
        seconds = dict.fromkeys(fits, math.inf)
        for _ in range(4):  # in turns, so that the load of the machine hits both
            for name, fit in fits.items():
                cpu = time.process_time()
                for _ in range(5):
                    fit.step(0.0)
                seconds[name] = min(seconds[name], (time.process_time() - cpu) / 5)
        for name in fits:
            path, row = bench.file(clip, bench.scale.settings(rank=rank, encoding=name))
            _, fps = timed(rendered(path, 1, bench.scale.device))
            row = {"model": size, "encoding": name, "rank": rank, **row}
            row.update(step_cpu_s=round(seconds[name], 4), decode_fps=round(fps, 1))
            rows.append(row)
            bench.say(str(row))
    return rows


def rate_distortion(bench: Bench, crfs: tuple[int, ...] = (20, 26, 32, 38, 44)) -> list[Row]:
    """HEVC on the clip of Table 5, whose rows are the curve of S, M and L."""
    clip, rows = bench.clip("short"), []
    for crf in crfs:
        path = str(bench.folder / "anchor.mp4")
        point = encode_anchor(clip, "x265", crf, path, ms_ssim=False)
        rows.append(
            {
                "codec": "x265",
                "crf": crf,
                "psnr": round(point.quality.psnr_rgb, 2),
                "bpp": round(point.bpp, 4),
                "decode_fps": round(point.decode_fps, 1),
            }
        )
        bench.say(str(rows[-1]))
    return rows


# ---------------------------------------------------------------- Fig. 10, Fig. 11


def layers(bench: Bench) -> list[Row]:
    """One modulated layer at a time."""
    count = InrSettings().replaced(bench.scale.model).layers
    choices = ("none", *(str(layer) for layer in range(count)))
    return _sweep(bench, "modulated", "modulate", choices)


def patches(bench: Bench) -> list[Row]:
    """Patch sizes; every step evaluates as many positions, or the whole grid if it has fewer."""
    return _sweep(bench, "patch", "patch", bench.scale.patches)


def latent_dimensions(bench: Bench) -> list[Row]:
    """Numbers a latent."""
    return _sweep(bench, "latent", "latent", bench.scale.latents)


def _sweep(bench: Bench, column: str, key: str, values: Iterable[int | str]) -> list[Row]:
    """A fit of the short clip for every value of one setting."""
    clip, rows = bench.clip("short"), []
    for value in values:
        model = bench.scale.settings(rank=bench.scale.ablation_rank, **{key: value})
        rows.append({column: value, **bench.file(clip, model)[1]})
        bench.say(str(rows[-1]))
    return rows


# ---------------------------------------------------------------- App. B.2


def quantisation(bench: Bench) -> list[Row]:
    """One fit, stored in several ways."""
    clip = bench.clip("short")
    fit = bench.fit(clip, bench.scale.settings())
    fit.run(Budget(seconds=bench.scale.max_time or 0))
    plain = {"hyper": 32, "base": 32, "encoding": 32, "latent": 32}
    cases: list[tuple[str, dict[str, int]]] = [("nothing", plain)]
    cases += [(f"hypernetworks {bits}", {**plain, "hyper": bits}) for bits in (10, 8, 6, 4)]
    cases += [(f"{kind} 8", {**plain, "hyper": 8, kind: 8}) for kind in ("base", "encoding")]
    cases += [("latent 8", {**plain, "hyper": 8, "latent": 8})]
    cases += [(f"all {bits}", dict.fromkeys(plain, bits)) for bits in (10, 8, 6)]
    rows = []
    for name, bits in cases:
        code = SegmentCode(0, len(clip.frames), False, coded(fit.network, fit.latents.T, bits))
        size = sum(map(len, pack_segment(code)[1:]))
        network, latents = read_inr(code, fit.arch)
        segment = _segment(fit, network, latents)
        shown = (
            to_frames(quantise(segment.native(latents[:, t : t + 1]), clip.info.bit_depth))[0]
            for t in range(len(clip.frames))
        )
        with torch.inference_mode():
            psnr = measure(clip, shown, ms_ssim=False).psnr_rgb
        bpp = 8 * size / clip.samples
        rows.append({"quantised": name, "psnr": round(psnr, 3), "bpp": round(bpp, 4)})
        bench.say(str(rows[-1]))
    return rows


# ---------------------------------------------------------------- Fig. 4


def decode_speed(bench: Bench) -> list[Row]:
    """Frames a second of the full-width network by size, beside decoding HEVC of that size."""
    rows = []
    for width, height in bench.scale.fps_sizes:
        row: Row = {"width": width, "height": height}
        for patch in bench.scale.fps_patches:
            row[f"patch_{patch}_fps"] = _network_fps(bench, (width, height), patch)
        row["hevc_fps"] = _hevc_fps(bench, (width, height))
        rows.append(row)
        bench.say(str(row))
    return rows


def _network_fps(bench: Bench, size: tuple[int, int], patch: int) -> float | None:
    """Frames a second of paper-s with any weights; one frame is enough when it takes long."""
    width, height = size
    settings = replace(InrSettings(), patch=patch)
    rendering = Rendering.of(bench.scale.device)
    if rendering.device.type == "cpu" and width * height / patch**2 > 150_000:
        return None  # minutes a frame
    info = VideoInfo(width, height, bench.clip("bunny").info.fps, 1)
    arch = architecture(settings, (height, width))
    network = Inr.initial(arch, torch.Generator().manual_seed(0), settings.fourier_scale)
    tensors = {key: tensor.to(rendering.device) for key, tensor in network.tensors.items()}
    latents = torch.randn(arch.latent_dim, 4, device=rendering.device) / 10
    color = ColorMap.of(info)
    segment = InrSegment(Inr(arch, tensors), latents, color, (height, width), rendering.backend)
    with torch.inference_mode():
        begun = time.perf_counter()
        segment.native(latents[:, :1])
        first = time.perf_counter() - begun
        count = 1 if first > 8 else 4
        begun = time.perf_counter()
        segment.native(latents[:, :count])
        return round(count / (time.perf_counter() - begun), 2)


def _hevc_fps(bench: Bench, size: tuple[int, int]) -> float:
    """Decoding an x265 file of the bunny clip at that size, in as many threads as it likes."""
    name, _, _ = bench.scale.clips["bunny"]
    clip = small_clip(name, 24, None, bench.folder)
    height, width = clip.frames[0][0].shape
    info = replace(clip.info, width=size[0], height=size[1])
    rows = np.arange(size[1]) * height // size[1]
    columns = np.arange(size[0]) * width // size[0]
    frames = []
    for picture in clip.frames:
        planes = [picture[0][np.ix_(rows, columns)]]
        half = np.ix_(rows[::2] // 2, columns[::2] // 2)
        planes += [plane[half] for plane in picture[1:]]
        frames.append(tuple(planes))
    scaled = replace(clip, info=info, frames=frames)
    point = encode_anchor(scaled, "x265", 28, str(bench.folder / "speed.mp4"), ms_ssim=False)
    return round(point.decode_fps, 1)
