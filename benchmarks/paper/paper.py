"""The tables and figures of the Latent-INR paper, measured, each beside the paper's numbers.

    python -m benchmarks.paper.paper table1 --scale cpu
    python -m benchmarks.paper.paper all --scale cpu          every one; minutes
    python -m benchmarks.paper.paper table1 --scale full      the paper's sizes, for a GPU
    python -m benchmarks.paper.paper report --scale cpu       the page again, from the JSON there is

Writes benchmarks/results/paper_SCALE_EXPERIMENT.json, and one page and plot of everything there
is at that scale. With --scale cpu pictures are 128 x 72 (TaiChi 64 x 64), the network is 128
wide and fits are 700 steps, so that orderings show and not the paper's decibels.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import torch

from benchmarks.common.runs import RESULTS, command, machine
from benchmarks.paper import report, tables
from benchmarks.paper.tables import Bench, Row, Scale

EXPERIMENTS: dict[str, Callable[[Bench], list[Row]]] = {
    "table1": tables.table1,
    "kinds": tables.interpolation_kinds,
    "table5": tables.table5,
    "rd": tables.rate_distortion,
    "layers": tables.layers,
    "patches": tables.patches,
    "latents": tables.latent_dimensions,
    "quantisation": tables.quantisation,
    "speed": tables.decode_speed,
}


def scale_of(given: argparse.Namespace) -> Scale:
    """The sizes of the experiments."""
    if given.scale == "full":
        clips: dict[str, tuple[str, int, tuple[int, int] | None]] = {
            "bunny": ("bunny", 132, None),
            "short": (given.clip or "bunny", given.frames or 132, None),
        }
        if given.taichi:
            clips["taichi"] = (given.taichi, 10_000, None)
        return Scale(
            "full", clips, {}, {"S": 50, "M": 100, "L": 200}, 20, (64, 128, 256, 512, 1024),
            (1, 2, 4, 8, 16, 32), ((640, 360), (1280, 720), (1920, 1080), (3840, 2160)), (1, 8),
            given.device, given.max_time or 3600.0,
        )  # fmt: skip
    # of the paper's proportions: latent and width alike, ranks a tenth, a fifth, two fifths of it
    model = {
        "hidden": "128", "latent": "128", "hyper_hidden": "32", "log2_entries": "12", "lr": "0.003",
        "rank": "12", "positions": "1024", "batch": "8", "steps": str(given.steps),
    }  # fmt: skip
    size = (128, 72)
    clips = {
        "bunny": ("bunny", given.frames or 132, size),
        "short": (given.clip or "bunny", min(33, given.frames or 33), size),
    }
    if given.taichi:
        clips["taichi"] = (given.taichi, given.frames or 129, (64, 64))
    sizes = ((320, 180), (640, 360), (1280, 720), (1920, 1080))
    return Scale(
        "cpu", clips, model, {"S": 12, "M": 25, "L": 50}, 20, (8, 32, 128, 512), (1, 2, 4, 8),
        sizes, (1, 8), given.device,
    )  # fmt: skip


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("experiment", choices=[*EXPERIMENTS, "all", "report"])
    add("--scale", choices=["cpu", "full"], default="cpu")
    add("--taichi", help="path of a TaiChi clip for Table 1")
    add("--clip", help="clip of all but Table 1; default: bunny")
    add("--frames", type=int, help="at most so many frames of each clip")
    add("--steps", type=int, default=700, help="of each fit at scale cpu")
    add("--max-time", type=float, help="seconds of each fit at scale full; default: 3600")
    add("--device", default="auto")
    add("--out", type=Path, default=RESULTS)
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    scale = scale_of(given)
    names = list(EXPERIMENTS) if given.experiment == "all" else [given.experiment]
    for name in names if given.experiment != "report" else []:
        begun, cpu = time.monotonic(), time.process_time()
        with tempfile.TemporaryDirectory() as folder:
            rows = EXPERIMENTS[name](Bench(scale, Path(folder)))
        found = {
            "experiment": name,
            "command": command(),
            "date": datetime.now(UTC).isoformat(timespec="seconds"),
            "machine": {**machine(), "load": os.getloadavg()[0], "gpu": _gpu()},
            "scale": scale.name,
            "model": scale.model,
            "wall_s": round(time.monotonic() - begun, 1),
            "cpu_s": round(time.process_time() - cpu, 1),
            "rows": rows,
        }
        path = given.out / f"paper_{scale.name}_{name}.json"
        path.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
        print(f"wrote {path}")
    report.write(given.out, scale.name)


def _gpu() -> str | None:
    return torch.cuda.get_device_name() if torch.cuda.is_available() else None


if __name__ == "__main__":
    main()
