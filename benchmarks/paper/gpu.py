"""What a GPU does with the paper's presets, in one command of less than ten minutes.

    python -m benchmarks.paper.gpu                        everything, on cuda
    python -m benchmarks.paper.gpu --device cpu --quick   the same code on tiny sizes, without a GPU

Measures the device's ceilings (matrix products and memory), the hash grid's backends, seconds to a
PSNR for each preset, and decoded frames a second at 720p, 1080p and 4K for each preset, each beside
the products and bytes it takes as a share of the ceilings. Writes JSON into benchmarks/results/.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

import torch

from benchmarks.common.anchors import load_clip
from benchmarks.common.runs import RESULTS, command, machine
from lincodec.container import LatentInrArch
from lincodec.core.resample import whole
from lincodec.encoder.latent_inr.fit import InrFit
from lincodec.encoder.latent_inr.settings import InrSettings
from lincodec.encoder.latent_inr.tensors import architecture
from lincodec.encoder.presets import PRESETS
from lincodec.model import hashgrid
from lincodec.model.devices import device_name, device_of
from lincodec.model.hashgrid.backends import missing
from lincodec.model.latent_inr.grid import grid_size, positions
from lincodec.model.latent_inr.network import Inr, encoded_width, layer_sizes
from lincodec.model.latent_inr.rgb import ColorMap
from lincodec.model.latent_inr.segment import InrSegment
from lincodec.types import VideoInfo

Row = dict[str, Any]


@dataclass(frozen=True)
class Plan:
    """What is measured, and for how long."""

    device: torch.device
    presets: tuple[str, ...] = ("paper-s", "paper-m", "paper-l")
    sizes: tuple[tuple[int, int], ...] = ((1280, 720), (1920, 1080), (3840, 2160))
    patches: tuple[int, ...] = (1, 8)
    model: tuple[tuple[str, str], ...] = ()
    """Settings on top of the presets'."""
    frames: int = 132
    fit_s: float = 40.0
    """Seconds of a fit that does not reach the PSNR."""
    psnr: float = 30.0
    matrix: int = 8192
    copied: int = 1 << 30
    """Bytes."""
    grid: int = 1 << 20
    """Positions of the hash grid's timing."""

    def settings(self, preset: str, **change: Any) -> InrSettings:
        """The settings of a preset."""
        base = PRESETS[preset].inr
        assert base is not None
        given = {**dict(self.model), **{k: str(v) for k, v in change.items()}}
        return base.replaced(given)

    def seconds(self, work: Callable[[], Any], least: float = 0.5) -> float:
        """Seconds of one call, once warm; repeated for at least so long."""
        work()
        self.wait()
        count, begun = 0, time.perf_counter()
        while (spent := time.perf_counter() - begun) < least:
            work()
            self.wait()
            count += 1
        return spent / count

    def wait(self) -> None:
        """Until the device has finished."""
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)


def ceilings(plan: Plan) -> Row:
    """Measured: products a second (multiply and add are two) by type, bytes moved a second."""
    found: Row = {}
    kinds = {"binary32": torch.float32, "float16": torch.float16, "bfloat16": torch.bfloat16}
    if plan.device.type == "cpu":
        del kinds["float16"]  # a CPU without it takes minutes
    for name, kind in kinds.items():
        a = torch.randn(plan.matrix, plan.matrix, device=plan.device).to(kind)
        seconds = plan.seconds(lambda a=a: a @ a)
        found[f"{name}_flops"] = 2 * plan.matrix**3 / seconds
    a = torch.empty(plan.copied, dtype=torch.uint8, device=plan.device)
    b = torch.empty_like(a)
    found["bytes_per_s"] = 2 * plan.copied / plan.seconds(lambda: b.copy_(a))
    return found


def grids(plan: Plan, top: Row) -> list[Row]:
    """Forward and backward of every backend that runs here."""
    side = int(plan.grid**0.5)
    levels, rows = hashgrid.design(16, 16, 2048, 15), []
    at = positions(range(side), whole((side, side), (side, side)), plan.device)
    for name in hashgrid.BACKENDS:
        why = missing(name, plan.device)
        if why is not None:
            rows.append({"backend": name, "missing": why})
            continue
        encode = hashgrid.make(name, levels, at)
        table = torch.randn(hashgrid.entries(levels), 2, device=plan.device, requires_grad=True)
        weight = torch.randn(side * side, 2 * len(levels), device=plan.device)
        with torch.no_grad():
            forward = plan.seconds(lambda e=encode, t=table: e(t))
        both = plan.seconds(lambda e=encode, t=table, w=weight: (e(t) * w).sum().backward())
        moved = side * side * len(levels) * (4 * 8 + 8)  # four rows read, one result written
        rows.append(
            {
                "backend": name,
                "positions": side * side,
                "forward_ms": 1000 * forward,
                "forward_backward_ms": 1000 * both,
                "memory_share": moved / forward / top["bytes_per_s"],
            }
        )
        print(rows[-1], flush=True)
    return rows


def products(arch: LatentInrArch, size: tuple[int, int]) -> int:
    """Multiplications and additions for one frame of (height, width), decoding."""
    rows, columns = grid_size(arch, size)
    per = sum(a * b for a, b in layer_sizes(arch))
    if arch.patch > 1:
        per += 3 * arch.patch**2 * arch.hidden * arch.kernel**2
    return 2 * rows * columns * per


def decoding(plan: Plan, top: Row) -> list[Row]:
    """Frames a second of every preset, size and patch, best backend; weights are random."""
    rows = []
    for preset in plan.presets:
        for width, height in plan.sizes:
            for patch in plan.patches:
                settings = plan.settings(preset, patch=patch)
                row = {"preset": preset, "width": width, "height": height, "patch": patch}
                row.update(_decode(plan, settings, (height, width), top))
                rows.append(row)
                print(row, flush=True)
    return rows


def _decode(plan: Plan, settings: InrSettings, size: tuple[int, int], top: Row) -> Row:
    arch = architecture(settings, size)
    network = Inr.initial(arch, torch.Generator().manual_seed(0), settings.fourier_scale)
    there = {key: tensor.to(plan.device) for key, tensor in network.tensors.items()}
    info = VideoInfo(size[1], size[0], Fraction(25), 1)
    latents = torch.randn(arch.latent_dim, 4, device=plan.device) / 10
    backend = hashgrid.choose("auto", plan.device)
    segment = InrSegment(Inr(arch, there), latents, ColorMap.of(info), size, backend)
    with torch.inference_mode():
        seconds = plan.seconds(lambda: segment.native(latents)) / latents.shape[1]
    kind = "float16" if plan.device.type == "cuda" else "binary32"
    work = products(arch, size)
    rows, columns = grid_size(arch, size)
    moved = 2 * rows * columns * (encoded_width(arch) + 2 * arch.hidden * arch.layers)
    return {
        "backend": backend,
        "fps": 1 / seconds,
        "tile": segment.tile,
        "flops": work,
        "flops_share": work / seconds / top[f"{kind}_flops"],
        "memory_share": moved / seconds / top["bytes_per_s"],
    }


def encoding(plan: Plan) -> list[Row]:
    """Seconds until the running RGB PSNR of a fit of bunny reaches the plan's."""
    clip, rows = load_clip("bunny", plan.frames), []
    for preset in plan.presets:
        for compiled in (False, True) if plan.device.type == "cuda" else (False,):
            settings = plan.settings(preset, patch=8, compile="yes" if compiled else "no")
            size = (clip.info.height, clip.info.width)
            fit = InrFit(
                clip.frames, clip.info, architecture(settings, size), settings,
                device=plan.device, backend=hashgrid.choose("auto", plan.device),
            )  # fmt: skip
            rows.append({"preset": preset, "patch": 8, "compile": compiled, **_fit(plan, fit)})
            print(rows[-1], flush=True)
    return rows


def _fit(plan: Plan, fit: InrFit) -> Row:
    begun = time.perf_counter()
    reached = None
    while (spent := time.perf_counter() - begun) < plan.fit_s:
        fit._account(fit.step(min(spent / plan.fit_s, 1.0)))
        if fit.running_psnr >= plan.psnr:
            plan.wait()
            reached = time.perf_counter() - begun
            break
    return {
        "wanted_db": plan.psnr,
        "reached_s": reached,
        "running_db": fit.running_psnr,
        "steps": fit.steps,
        "steps_per_s": fit.steps / (time.perf_counter() - begun),
        "positions": fit.positions,
    }


def quick(plan: Plan) -> Plan:
    """Seconds instead of minutes."""
    model = (("hidden", "32"), ("latent", "16"), ("hyper_hidden", "16"), ("log2_entries", "9"))
    return replace(
        plan, presets=("paper-s",), sizes=((64, 40),), model=model, frames=2, fit_s=1.0, psnr=12.0,
        matrix=256, copied=1 << 20, grid=1 << 10,
    )  # fmt: skip


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--device", default="cuda")
    add("--quick", action="store_true", help="tiny sizes, to see that it runs")
    add("--parts", default="grids,decoding,encoding", help="of the report, with commas between")
    add("--presets", default="paper-s,paper-m,paper-l", help="with commas between")
    add("--fit-s", type=float, default=40, help="seconds of a fit that does not reach the PSNR")
    add("--psnr", type=float, default=30.0, help="dB that a fit must reach")
    add("--out", type=Path, default=RESULTS)
    given = parser.parse_args()
    plan = Plan(
        device_of(given.device), tuple(given.presets.split(",")), psnr=given.psnr,
        fit_s=given.fit_s,
    )  # fmt: skip
    plan = quick(plan) if given.quick else plan
    begun = time.monotonic()
    top = ceilings(plan)
    print(top, flush=True)
    wanted = given.parts.split(",")
    report = {
        "command": command(),
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": {**machine(), "device": device_name(plan.device)},
        "quick": given.quick,
        "ceilings": top,
        "grids": grids(plan, top) if "grids" in wanted else [],
        "decoding": decoding(plan, top) if "decoding" in wanted else [],
        "encoding": encoding(plan) if "encoding" in wanted else [],
        "wall_s": round(time.monotonic() - begun, 1),
    }
    given.out.mkdir(parents=True, exist_ok=True)
    path = given.out / f"gpu_{plan.device.type}{'_quick' if given.quick else ''}.json"
    path.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    print(f"wrote {path} in {report['wall_s']} s")


if __name__ == "__main__":
    main()
