"""Backends of the hash grid against plain ``table[rows]``: forward and backward, side by side.

    python -m benchmarks.paper.grids               512 x 512 positions, 16 levels of 2^15 entries
    python -m benchmarks.paper.grids --side 64 --rounds 2 --name hashgrid_quick

Writes JSON and a plot into benchmarks/results/. Times are the best of some rounds in which the
methods take turns; CPU time of the process, or device time on CUDA.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import matplotlib as mpl
import torch
from torch import Tensor

from benchmarks.common.runs import RESULTS, command, machine
from lincodec.core.resample import whole
from lincodec.model import hashgrid
from lincodec.model.devices import device_of
from lincodec.model.hashgrid.backends import missing
from lincodec.model.hashgrid.gather import corners
from lincodec.model.latent_inr.grid import positions

Encoding = Callable[[Tensor], Tensor]


def plain(levels: Any, at: Tensor) -> Encoding:
    """What anyone would write first, its rows cached."""
    rows, weights = corners(at, levels)
    return lambda table: (table[rows] * weights[..., None]).sum(2).flatten(1)


def embedding(levels: Any, at: Tensor) -> Encoding:
    """The same through ``torch.nn.functional.embedding``."""
    rows, weights = corners(at, levels)
    lookup = torch.nn.functional.embedding
    return lambda table: (lookup(rows, table) * weights[..., None]).sum(2).flatten(1)


def clock(device: torch.device) -> float:
    """Seconds: of the process on a CPU, else once the device has finished."""
    if device.type == "cpu":
        return time.process_time()
    torch.cuda.synchronize(device)
    return time.perf_counter()


def measure(
    methods: dict[str, Encoding], table: Tensor, rounds: int, device: torch.device
) -> list[dict[str, Any]]:
    """Best forward and backward milliseconds, and the largest difference from the first method."""
    best = {name: [float("inf")] * 2 for name in methods}
    results: dict[str, tuple[Tensor, Tensor]] = {}
    weight: Tensor | None = None
    for _ in range(rounds):
        for name, encode in methods.items():
            leaf = table.clone().requires_grad_(True)
            begun = clock(device)
            features = encode(leaf)
            middle = clock(device)
            if weight is None:
                weight = torch.randn_like(features)
            features.backward(weight)
            ended = clock(device)
            best[name][0] = min(best[name][0], middle - begun)
            best[name][1] = min(best[name][1], ended - middle)
            assert leaf.grad is not None
            results[name] = features.detach(), leaf.grad
    first = next(iter(results.values()))
    return [
        {
            "method": name,
            "forward_ms": round(1000 * best[name][0], 2),
            "backward_ms": round(1000 * best[name][1], 2),
            "forward_error": float((results[name][0] - first[0]).abs().max()),
            "gradient_error": float(
                (results[name][1] - first[1]).abs().max() / first[1].abs().max()
            ),
        }
        for name in methods
    ]


def plot(rows: list[dict[str, Any]], title: str, path: Path) -> None:
    """Two bars a method."""
    mpl.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(7, 3.5))
    places = range(len(rows))
    for shift, key in ((-0.2, "forward_ms"), (0.2, "backward_ms")):
        axes.bar([p + shift for p in places], [r[key] for r in rows], 0.4, label=key)
    axes.set_xticks(list(places), [r["method"] for r in rows])
    axes.set(ylabel="ms", title=title, yscale="log")
    axes.legend()
    figure.savefig(path, dpi=110, bbox_inches="tight")
    pyplot.close(figure)


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--side", type=int, default=512, help="positions a side")
    add("--rounds", type=int, default=5)
    add("--device", default="cpu")
    add("--out", type=Path, default=RESULTS)
    add("--name", help="of the result files; default: hashgrid_DEVICE")
    given = parser.parse_args()
    device = device_of(given.device)
    levels = hashgrid.design(16, 16, 2048, 15)
    square = (given.side, given.side)
    at = positions(range(given.side), whole(square, square), device)
    table = torch.randn(hashgrid.entries(levels), 2, device=device)
    methods: dict[str, Encoding] = {"table[rows]": plain(levels, at)}
    methods["embedding"] = embedding(levels, at)
    for name in hashgrid.BACKENDS:
        if missing(name, device) is None:
            methods[name] = hashgrid.make(name, levels, at)
    rows = measure(methods, table, given.rounds, device)
    reference = rows[0]
    for row in rows:
        row["backward_speedup"] = round(reference["backward_ms"] / row["backward_ms"], 2)
        print(row, flush=True)
    report = {
        "command": command(),
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": {**machine(), "load": os.getloadavg()[0], "device": str(device)},
        "positions": given.side**2,
        "levels": len(levels),
        "entries": hashgrid.entries(levels),
        "rows": rows,
    }
    name = given.name or f"hashgrid_{device.type}"
    given.out.mkdir(parents=True, exist_ok=True)
    (given.out / f"{name}.json").write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    plot(rows, f"{given.side} x {given.side} positions, {device.type}", given.out / f"{name}.png")


if __name__ == "__main__":
    main()
