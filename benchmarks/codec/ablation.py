"""One idea of the closed form switched at a time: bytes at equal quality, and CPU seconds.

    python -m benchmarks.codec.ablation --clips bunny,carphone --frames 64

Every variant codes the same frames at the same quantiser steps in one run; its BD-rate (RGB PSNR,
bytes of the segments) is against the default. Writes ablation.json, a plot, and the table between
the marks of ablation.md in benchmarks/results/.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from torch import Tensor

from benchmarks.common.anchors import Clip, load_clip
from benchmarks.common.bd_rate import bd_rate
from benchmarks.common.runs import RESULTS, command, listed, machine
from lincodec.bitstream.segment import Lattice, Spectral, pack_segment
from lincodec.container import LincArch
from lincodec.encoder.linc import basis_search, rdo
from lincodec.encoder.linc import segment_fit as fit_module
from lincodec.encoder.linc.klt import CHROMA_RATIO
from lincodec.encoder.linc.mode_decision import Layout
from lincodec.encoder.linc.network_fit import Descent
from lincodec.encoder.linc.network_tensors import network_tensors
from lincodec.encoder.linc.quantise import Coded
from lincodec.encoder.linc.segment_fit import RATE, SegmentFit
from lincodec.encoder.preset_choice import resolve
from lincodec.encoder.presets import step_of
from lincodec.encoder.segments import Range, plan
from lincodec.entropy.coefficients import Coefficients
from lincodec.entropy.tables import CLASS_BOUNDS
from lincodec.model.network import Network, network_shape
from lincodec.types import Frame, Planes

_MARKS = re.compile(r"(<!-- ablation -->\n).*?(<!-- /ablation -->)", re.DOTALL)


@dataclass(frozen=True)
class Variant:
    """The default is every field as it stands."""

    name: str
    what: str
    block: int | None = None
    """log2 of the luma block side; None: by trial coding, as the encoder does."""
    overlap: int | None = None
    """Luma samples; None: by trial coding."""
    cut: bool = True
    """Segments halved where they code better."""
    length: int | None = None
    """Segments of so many frames in place of ``cut``."""
    turned: bool = True
    """The temporal basis is turned until few weights are large; False: principal components."""
    split: bool = True
    """Two bases share the blocks of a segment where that costs less."""
    answered: bool = True
    """Latents are solved again for the weights as they are coded."""
    rounds: int = 2
    """Passes of the rate-distortion search over the weights."""
    rate: float = RATE
    """Price of a bit in squared steps."""
    chroma: float = CHROMA_RATIO
    """Chroma step over luma step."""
    offset: float | None = None
    """Rounding offset of a plain quantiser in place of the search."""
    centroids: bool = True
    coder: str = "context"
    """context; or static: the ideal code of every place, its own tables not counted."""


DEFAULT = Variant("default", "as the encoder does it")
VARIANTS = (
    DEFAULT,
    replace(DEFAULT, name="static tables", coder="static", what="ideal two-sided geometric code "
            "per (component, channel, frequency), tables free"),
    replace(DEFAULT, name="static tables, dead zone", coder="static", offset=1 / 3,
            what="the same on plainly rounded weights"),
    replace(DEFAULT, name="rounding", offset=0.5, what="to nearest instead of RDO"),
    replace(DEFAULT, name="dead zone", offset=1 / 3, what="offset 1/3 instead of RDO"),
    replace(DEFAULT, name="one round", rounds=1, what="RDO against contexts of a first guess"),
    replace(DEFAULT, name="rate 0.08", rate=0.08, what="cheaper bits in the RDO"),
    replace(DEFAULT, name="rate 0.12", rate=0.12, what="dearer bits in the RDO"),
    replace(DEFAULT, name="chroma 0.6", chroma=0.6, what="chroma steps against luma's"),
    replace(DEFAULT, name="chroma 0.42", chroma=0.42, what="the same, finer"),
    replace(DEFAULT, name="principal components", turned=False,
            what="temporal KLT, not turned until few weights are large"),
    replace(DEFAULT, name="one basis", split=False, what="never two bases for different blocks"),
    replace(DEFAULT, name="first latents", answered=False,
            what="latents not solved again for the coded weights"),
    replace(DEFAULT, name="no centroids", centroids=False, what="values at q times step"),
    replace(DEFAULT, name="no overlap", overlap=0, what="plain block DCT"),
    replace(DEFAULT, name="overlap 2", overlap=2, what="windows reach 2 samples over"),
    replace(DEFAULT, name="overlap 1", overlap=1, what="windows reach 1 sample over"),
    replace(DEFAULT, name="overlap 4", overlap=4, what="windows reach 4 samples over"),
    replace(DEFAULT, name="block 8", block=3, what="fixed block side"),
    replace(DEFAULT, name="block 16", block=4, what="fixed block side"),
    replace(DEFAULT, name="block 32", block=5, what="fixed block side"),
    replace(DEFAULT, name="whole segments", cut=False, what="no trial of shorter segments"),
    replace(DEFAULT, name="segments of 16", length=16, what="fixed length"),
)  # fmt: skip


@dataclass(frozen=True)
class Result:
    """One variant at one step."""

    variant: str
    quality: float
    bytes: float
    psnr: float
    cpu_s: float


class Fit(SegmentFit):
    """The encoder's fit under the variant's rules."""

    def __init__(self, frames: Sequence[Planes], clip: Clip, arch: LincArch, variant: Variant):
        super().__init__(frames, clip.info, arch)
        self.variant = variant

    def _basis_at(self, step: float) -> tuple[Tensor, Tensor]:
        if self.variant.turned:
            before = basis_search._WORTH
            basis_search._WORTH = before if self.variant.split else 0.0
            found = super()._basis_at(step)
            basis_search._WORTH = before
            return found
        count = max(1, int((self.norms > 2.5 * step).sum()))
        return self.basis[:, :count], self.norms[:count]

    def _answer(self, coded: Coded, wanted: Sequence[Tensor]) -> Lattice:
        return super()._answer(coded, wanted) if self.variant.answered else coded.latents


def run_variant(clip: Clip, variant: Variant, quality: float) -> Result:
    """Code the clip as one shot and measure every second frame."""
    began = time.process_time()
    fit_module.CHROMA_RATIO = variant.chroma
    step = step_of(quality)
    frames = [Frame(*pair) for pair in zip(clip.frames, clip.times.pts, strict=True)]
    layout = Layout(clip.info, step)
    block, overlap = layout.windows(frames)
    block = block if variant.block is None else variant.block
    overlap = overlap if variant.overlap is None else variant.overlap
    arch = LincArch(block, overlap, len(frames))
    whole = Range(0, len(frames), False)
    parts = [whole]
    if variant.length:
        parts = plan(len(frames), (), variant.length)
    elif variant.cut:
        parts = [found.part for found in layout.cut(whole, frames, arch)]
    size, quality_sum = 0.0, 0.0
    for part in parts:
        planes = clip.frames[part.first : part.first + part.count]
        fit = Fit(planes, clip, arch, variant)
        coded = code(fit, variant, step)
        size += coded_bytes(fit, coded, variant, part)
        quality_sum += part.count * fit.quality(coded, None, 2)
    fit_module.CHROMA_RATIO = CHROMA_RATIO
    seconds = time.process_time() - began
    return Result(variant.name, quality, size, quality_sum / len(frames), seconds)


def code(fit: SegmentFit, variant: Variant, step: float) -> Coded:
    """Latents and weights under the variant's rules."""

    def choose(scaled: list[np.ndarray], rate: float) -> list[np.ndarray]:
        if variant.offset is None:
            return rdo.optimise(scaled, rate, variant.rounds)
        return rounded_with(scaled, variant.offset)

    coded = fit.quantise(step, rate=variant.rate, choose=choose)
    if variant.centroids:
        return coded
    zeros = np.zeros_like(coded.spectral.centroids)
    return Coded(coded.latents, replace(coded.spectral, centroids=zeros))


def rounded_with(scaled: list[np.ndarray], offset: float) -> list[np.ndarray]:
    """Plain quantisation with a rounding offset; first coefficients to nearest."""
    out = []
    for x in scaled:
        q = (np.floor(np.abs(x) + offset) * np.sign(x)).astype(np.int32)
        q[0, :, :, 0, 0] = np.rint(x[0, :, :, 0, 0])
        out.append(q)
    return out


def coded_bytes(fit: SegmentFit, coded: Coded, variant: Variant, part: Range) -> float:
    """Bytes of the segment; with static tables an ideal figure takes the place of the weights'."""
    header, weights, latents = pack_segment(fit.code(part, coded))
    if variant.coder == "static":
        return static_bits(coded.spectral) / 8 + len(latents) + len(header.pack())
    return len(weights) + len(latents) + len(header.pack())


def static_bits(spectral: Spectral) -> float:
    """Ideal bits with one two-sided geometric code per (component, channel, v, u)."""
    total = 0.0
    for q in (channel.dense() for channel in spectral.channels):
        blocks = q.shape[1] * q.shape[2]
        magnitude = np.abs(q).sum(axis=(1, 2)).astype(np.float64)
        p = blocks / (blocks + magnitude)  # of stopping, by maximum likelihood
        bits = -blocks * np.log2(p) - magnitude * np.log2(np.maximum(1 - p, 1e-12))
        total += float(bits.sum()) + float(np.count_nonzero(q))  # one bit a sign
    return total


def weight_bits(clip: Clip, seconds: float) -> dict[str, float]:
    """Bits a coded weight and what rounding costs, both parts, on the clip as one segment.

    The spectral part is counted at the default quality; its loss is against the same fit with
    weights that are not rounded where RDO keeps them. The network is fitted for ``seconds``.
    """
    preset = resolve("medium")
    step = step_of(preset.quality)
    arch = LincArch(
        4, 2, len(clip.frames), net_layers=preset.network_layers, net_stride=2,
        net_channels=preset.network_channels, net_latents=min(len(clip.frames), 4), net_hidden=4,
    )  # fmt: skip
    fit = SegmentFit(clip.frames, clip.info, arch)
    coded = fit.quantise(step)
    _, weights, _ = pack_segment(fit.code(Range(0, fit.frames, False), coded))
    active = sum(active_count(q) for q in coded.spectral.channels)
    descent = Descent(network_shape(arch, clip.info), 0)
    latents, planes = fit.render(coded)
    descent.load(fit.channels, planes, latents)
    began = time.monotonic()

    def clock() -> tuple[float, bool]:
        spent = (time.monotonic() - began) / seconds
        return spent, spent >= 1

    descent.run(clock)
    rounded, exponents = descent.result()
    more = dict(network_tensors(rounded, exponents))
    joint = pack_segment(fit.code(Range(0, fit.frames, False), coded, more))[1]
    exact = Network(rounded.shape, {k: t.detach() for k, t in descent.network.tensors.items()})
    count = sum(int(t.numel()) for t in rounded.tensors.values())
    return {
        "spectral_weights": active,
        "bits_per_spectral_weight": 8 * len(weights) / active,
        "network_weights": count,
        "bits_per_network_weight": 8 * (len(joint) - len(weights)) / count,
        "bits_per_coded_weight": 8 * len(joint) / (active + count),
        "psnr_spectral": fit.quality(coded, None, 4),
        "psnr_network_lattice": fit.quality(coded, rounded, 4),
        "psnr_network_fp32": fit.quality(coded, exact, 4),
    }


def active_count(q: Coefficients) -> int:
    """Weights that are coded: those within their block's class (spec 7.5.4)."""
    diagonal = np.add.outer(np.arange(q.shape[3]), np.arange(q.shape[4]))
    reach = ((q.dense() != 0) * (diagonal + 1)).max((3, 4))
    bounds = np.array(CLASS_BOUNDS)
    covered = bounds[np.searchsorted(bounds, reach)]
    return int((diagonal < covered[..., None, None]).sum())


def compared(results: list[Result]) -> dict[str, dict[str, float | None]]:
    """Per variant: BD-rate in per cent and CPU seconds over those of the default."""
    found: dict[str, dict[str, float | None]] = {}
    base = [r for r in results if r.variant == DEFAULT.name]
    for name in dict.fromkeys(r.variant for r in results):
        mine = [r for r in results if r.variant == name]
        rate = bd_rate([(r.bytes, r.psnr) for r in base], [(r.bytes, r.psnr) for r in mine])
        found[name] = {
            "bd_rate_percent": None if rate is None else round(100 * rate, 2),
            "cpu_ratio": round(sum(r.cpu_s for r in mine) / sum(r.cpu_s for r in base), 2),
        }
    return found


def table(report: dict[str, Any]) -> str:
    """The rows of ablation.md."""
    clips = list(report["clips"])
    lines = [
        "| instead of the default | what | " + " | ".join(clips) + " | CPU time | verdict |",
        "|---|---|" + "---|" * len(clips) + "---|---|",
    ]
    for variant in VARIANTS[1:]:
        rows = [report["clips"][clip]["variants"][variant.name] for clip in clips]
        rates = [row["bd_rate_percent"] for row in rows]
        known = [rate for rate in rates if rate is not None]
        mean = sum(known) / max(len(known), 1)
        verdict = "the default is better" if mean > 0.05 else "no better"
        if mean < -0.05:
            verdict = "better: worth another look"
        cells = " | ".join("-" if rate is None else f"{rate:+.1f} %" for rate in rates)
        ratio = sum(row["cpu_ratio"] for row in rows) / len(rows)
        lines.append(f"| {variant.name} | {variant.what} | {cells} | ×{ratio:.2f} | {verdict} |")
    return "\n".join(lines) + "\n"


def plot(report: dict[str, Any], path: Path) -> None:
    """Bars of BD-rate, a group per variant."""
    mpl.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(8, 5))
    names = [variant.name for variant in VARIANTS[1:]]
    clips = list(report["clips"])
    height = 0.8 / len(clips)
    for index, clip in enumerate(clips):
        found = report["clips"][clip]["variants"]
        rates = [found[name]["bd_rate_percent"] or 0.0 for name in names]
        axes.barh(np.arange(len(names)) + index * height, rates, height, label=clip)
    axes.set_yticks(np.arange(len(names)) + 0.4 - height / 2, names)
    axes.invert_yaxis()
    axes.set_xlabel("BD-rate against the default, per cent (RGB PSNR); right is worse")
    axes.grid(visible=True, axis="x", alpha=0.3)
    axes.legend()
    figure.savefig(path, dpi=110, bbox_inches="tight")
    pyplot.close(figure)


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--clips", type=listed(str), default=["carphone", "bikes"], help="names or paths")
    add("--frames", type=int, default=64, help="only the first so many of each")
    add("--qualities", type=listed(float), default=[28.0, 34.0, 40.0])
    add("--weights-of", help="also count bits a weight on this clip, with a network")
    add("--seconds", type=float, default=60, help="fit of that network")
    add("--out", type=Path, default=RESULTS)
    return parser.parse_args()


def main() -> None:
    """Measure, print, write."""
    given = arguments()
    report: dict[str, Any] = {"command": command(), "machine": machine(), "clips": {}}
    for name in given.clips:
        clip = load_clip(name, given.frames)
        results = []
        for variant in VARIANTS:
            for quality in given.qualities:
                results.append(run_variant(clip, variant, quality))
                last = results[-1]
                print(f"{clip.label:24} {last.variant:26} {quality:g} {last.bytes:9.0f} "
                      f"{last.psnr:.2f} dB {last.cpu_s:.1f} s", flush=True)  # fmt: skip
        report["clips"][clip.label] = {
            "points": [dataclasses.asdict(r) for r in results],
            "variants": compared(results),
        }
    if given.weights_of:
        report["weights"] = {given.weights_of: weight_bits(
            load_clip(given.weights_of, given.frames), given.seconds
        )}  # fmt: skip
        print(json.dumps(report["weights"], indent=1))
    given.out.mkdir(parents=True, exist_ok=True)
    (given.out / "ablation.json").write_text(json.dumps(report, indent=1) + "\n", "utf-8")
    plot(report, given.out / "ablation.png")
    page = given.out / "ablation.md"
    text = page.read_text("utf-8") if page.exists() else "<!-- ablation -->\n<!-- /ablation -->\n"
    page.write_text(_MARKS.sub(lambda m: m[1] + table(report) + m[2], text), "utf-8")
    print(table(report))


if __name__ == "__main__":
    main()
