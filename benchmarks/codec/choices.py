"""One choice of the partitioned encoder switched at a time: bytes at equal quality, CPU seconds.

    python -m benchmarks.codec.choices --clips bikes,bench/bunny_320x180.mp4 --frames 33

Every variant codes the same frames at the same quantiser steps in one run, one thread; its BD-rate
(RGB PSNR, bytes of the pictures) is against the preset's effort as it stands. Writes choices.json
and the table between the marks of ablation.md in benchmarks/results/.
"""

from __future__ import annotations

import argparse
import json
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.common.anchors import Clip, load_clip
from benchmarks.common.bd_rate import bd_rate
from benchmarks.common.runs import RESULTS, command, listed, machine
from lincodec.core.records import Tool
from lincodec.core.signatures import Task
from lincodec.encoder.linc import partitioned_fit as fit_module
from lincodec.encoder.linc.partitioned_fit import EFFORTS, PartitionedFit, _Encode
from lincodec.encoder.linc.pyramid import Place, even_anchors, pyramid
from lincodec.encoder.presets import step_of
from lincodec.video.metrics import psnr, rgb_error

_MARKS = re.compile(r"(<!-- choices -->\n).*?(<!-- /choices -->)", re.DOTALL)


def _as_it_is(_: Task) -> None:
    """No change of a task."""


def _without(tool: Tool) -> Callable[[Task], None]:
    def change(task: Task) -> None:
        task.tools &= ~tool

    return change


def _no_temporal(task: Task) -> None:
    task.temporal = 0


def _few_merges(task: Task) -> None:
    task.merge_size = 2


def _steps_too(task: Task) -> None:
    if task.weighing:
        task.weighing = 2
        task.tools |= Tool.STEP_OFFSETS


def _one_reference(anchors: list[int]) -> list[Place]:
    """Anchors from the one before alone."""
    return [
        Place(p.frame, 1, (p.references[0],) * 2, p.context_source) if p.level == 1 else p
        for p in pyramid(anchors)
    ]


def _near_anchors(count: int, group: int = 32) -> list[int]:
    return even_anchors(count, group // 2)


@dataclass(frozen=True)
class Variant:
    """What is not as it stands."""

    name: str
    effort: dict[str, int] = field(default_factory=dict)
    """Of the core's search."""
    module: dict[str, Any] = field(default_factory=dict)
    """Names of the fit."""
    task: Callable[[Task], None] = _as_it_is


VARIANTS = (
    Variant("no deblocking", task=_without(Tool.DEBLOCKING)),
    Variant("no Wiener filter", task=_without(Tool.FILTER)),
    Variant("no hidden signs", task=_without(Tool.SIGN_HIDING)),
    Variant("no plain residuals, on screens either", task=_without(Tool.TRANSFORM_SKIP)),
    Variant("no copies from the same picture", task=_without(Tool.COPY)),
    Variant("plain residuals everywhere", effort={"plain": 1}),
    Variant("no temporal vectors", task=_no_temporal),
    Variant("two merge candidates in the list", task=_few_merges),
    Variant("leaves not cut in two", effort={"parts": 0}),
    Variant("one transform, never four", effort={"transform_split": 0}),
    Variant("plain rounding for RDO", effort={"rdo": 0}),
    Variant("vectors by one round of steps", effort={"vectors": 0}),
    Variant("no rounds for both vectors", effort={"both_rounds": 0}),
    Variant("4 intra modes tried in first frames", effort={"intra_trials": 4}),
    Variant("8 intra modes tried in other frames", effort={"intra_inter_trials": 8}),
    Variant("no early end", effort={"early": 0}),
    Variant("source not filtered", module={"_DENOISE_REACH": {}}),
    Variant("areas not weighed", module={"_WEIGHED": ()}),
    Variant("steps of areas weighed too", task=_steps_too),
    Variant("anchors from one before them", module={"pyramid": _one_reference}),
    Variant("anchors 16 apart", module={"even_anchors": _near_anchors}),
    Variant("steps of all levels alike", module={"_EIGHTHS": (9.0,)}),
)


@contextmanager
def switched(variant: Variant, effort: str) -> Iterator[None]:
    """The encoder under the variant's rules."""
    before = {name: getattr(fit_module, name) for name in variant.module}
    searched, made = EFFORTS[effort], _Encode._task

    def task(encode: _Encode, place: Place, effort: str) -> Task:
        found = made(encode, place, effort)
        variant.task(found)
        return found

    try:
        for name, value in variant.module.items():
            setattr(fit_module, name, value)
        EFFORTS[effort] = searched | variant.effort
        _Encode._task = task  # type: ignore[method-assign]
        yield
    finally:
        for name, value in before.items():
            setattr(fit_module, name, value)
        EFFORTS[effort] = searched
        _Encode._task = made  # type: ignore[method-assign]


def point(clip: Clip, effort: str, quality: float) -> dict[str, float]:
    """Bytes, mean RGB PSNR in dB and CPU seconds of the clip as one segment."""
    fit, step = PartitionedFit(clip.frames, clip.info, effort, 1), step_of(quality)
    began = time.process_time()
    fit._settle(step)
    coded = _Encode(fit, step, effort).result()
    seconds = time.process_time() - began
    pairs = zip(clip.frames, coded.planes, strict=True)
    quality_sum = sum(psnr(rgb_error(a, b, clip.info)) for a, b in pairs)
    return {"bytes": sum(coded.sizes), "psnr": quality_sum / len(clip.frames), "cpu_s": seconds}


def compared(base: list[dict[str, float]], mine: list[dict[str, float]]) -> dict[str, float | None]:
    """BD-rate in per cent against the base, and CPU seconds over its own."""
    curves = [[(p["bytes"], p["psnr"]) for p in points] for points in (base, mine)]
    rate = bd_rate(*curves)
    seconds = [sum(p["cpu_s"] for p in points) for points in (base, mine)]
    return {
        "bd_rate_percent": None if rate is None else round(100 * rate, 2),
        "cpu_ratio": round(seconds[1] / seconds[0], 2),
    }


def table(report: dict[str, Any]) -> str:
    """The rows of ablation.md."""
    clips = list(report["clips"])
    lines = [
        f"| instead of `{report['effort']}` | " + " | ".join(clips) + " | mean | CPU time |",
        "|---|" + "---|" * len(clips) + "---|---|",
    ]
    for variant in report["variants"]:
        rows = [report["clips"][clip][variant] for clip in clips]
        rates = [row["bd_rate_percent"] for row in rows]
        known = [rate for rate in rates if rate is not None]
        cells = " | ".join("-" if rate is None else f"{rate:+.1f} %" for rate in rates)
        mean = f"{sum(known) / len(known):+.1f} %" if known else "-"
        ratio = sum(row["cpu_ratio"] for row in rows) / len(rows)
        lines.append(f"| {variant} | {cells} | {mean} | ×{ratio:.2f} |")
    return "\n".join(lines) + "\n"


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--clips", type=listed(str), default=["carphone", "bikes"], help="names or paths")
    add("--frames", type=int, default=33, help="only the first so many of each")
    add("--qualities", type=listed(float), default=[25.0, 32.0, 39.0])
    add("--effort", choices=list(EFFORTS), default="medium")
    add("--out", type=Path, default=RESULTS)
    return parser.parse_args()


def main() -> None:
    """Measure, print, write after every clip."""
    given = arguments()
    report: dict[str, Any] = {
        "command": command(), "machine": machine(), "effort": given.effort,
        "variants": [variant.name for variant in VARIANTS], "clips": {},
    }  # fmt: skip
    given.out.mkdir(parents=True, exist_ok=True)
    for name in given.clips:
        clip = load_clip(name, given.frames)
        base = [point(clip, given.effort, quality) for quality in given.qualities]
        found: dict[str, Any] = {}
        for variant in VARIANTS:
            with switched(variant, given.effort):
                points = [point(clip, given.effort, quality) for quality in given.qualities]
            found[variant.name] = {"points": points, **compared(base, points)}
            shown = found[variant.name]["bd_rate_percent"], found[variant.name]["cpu_ratio"]
            print(f"{clip.label:24} {variant.name:40} {shown[0]} % ×{shown[1]}", flush=True)
        report["clips"][clip.label] = found
        (given.out / "choices.json").write_text(json.dumps(report, indent=1) + "\n", "utf-8")
    page = given.out / "ablation.md"
    text = page.read_text("utf-8") if page.exists() else "<!-- choices -->\n<!-- /choices -->\n"
    page.write_text(_MARKS.sub(lambda m: m[1] + table(report) + m[2], text), "utf-8")
    print(table(report))


if __name__ == "__main__":
    main()
