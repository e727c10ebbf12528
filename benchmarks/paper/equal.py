"""linc beside the paper's network in a file of the same size and after the same seconds.

    python -m benchmarks.paper.equal                 measures what is missing, writes the table
    python -m benchmarks.paper.equal --clips foreman --again --times 1,10

The paper-s preset is made smaller until its file has as many bytes as linc's: width, latent, rank
and hidden width of the hypernetworks by one factor, the hash tables to a power of two near it. It
is stored once as the paper does (hypernetworks in 8 bits, the rest in binary32) and once all in 8
bits. Its fit may take linc's wall seconds, and multiples of them. All decoded frames are measured.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np

from benchmarks.codec.rd import encode_linc
from benchmarks.codec.scoreboard import SET, load
from benchmarks.common.anchors import Clip, Point
from benchmarks.common.runs import RESULTS, command, listed, machine
from lincodec.encoder.latent_inr.settings import InrSettings
from lincodec.encoder.latent_inr.tensors import architecture
from lincodec.encoder.presets import PRESETS
from lincodec.model.latent_inr.network import tensor_sizes
from lincodec.options import EncodeOptions
from lincodec.registry import Role

CLIPS = ("carphone", "foreman", "bunny 320x180")
BAR_DB = 6.0
STORED = {
    "as the paper": {},
    "all in 8 bits": {"base_bits": "8", "encoding_bits": "8", "latent_bits": "8"},
}
#: Six times the paper's rate, which small networks fit better with (as in paper.py).
_RATE = {"lr": "0.003"}
_NEAR = 0.03
_TRIES = 3

Model = dict[str, str]


def scaled(factor: float, tables: int) -> Model:
    """Settings of paper-s times a factor; hash tables of 2^``tables`` entries at most."""
    full = PRESETS["paper-s"].inr or InrSettings()
    names = {"hidden": 2, "latent": 1, "rank": 1, "hyper_hidden": 2}
    found = {k: str(max(least, round(factor * getattr(full, k)))) for k, least in names.items()}
    return found | {"log2_entries": str(tables)}


def size_of(model: Model, clip: Clip) -> float:
    """Bytes of tensors before entropy coding."""
    settings = InrSettings().replaced(model)
    bits = settings.bits()
    kinds = {Role.ENCODING: "encoding", Role.HYPER_WEIGHT: "hyper", Role.HYPER_BIAS: "hyper"}
    arch = architecture(settings, (clip.info.height, clip.info.width))
    total = len(clip.frames) * arch.latent_dim * bits["latent"]
    for (role, _), size in tensor_sizes(arch).items():
        total += math.prod(size) * bits[kinds.get(role, "base")]
    return total / 8


def fitting(wanted: float, clip: Clip, stored: Model) -> Model:
    """The scaled network nearest to so many bytes before entropy coding."""
    found: list[tuple[float, Model]] = []
    for factor in np.geomspace(0.01, 1, 400):
        usual = round(15 + 2 * math.log2(factor))
        for tables in {min(15, max(4, usual + more)) for more in (-1, 0, 1)}:
            model = scaled(float(factor), tables) | stored
            found.append((abs(math.log(size_of(model, clip) / wanted)), model))
    return min(found, key=lambda entry: entry[0])[1]


def paper_point(
    clip: Clip, wanted: int, seconds: float, stored: Model, folder: Path
) -> tuple[Point, Model]:
    """The network of ``wanted`` bytes, fitted for so long; the nearest of a few tries."""
    ratio, best = 1.0, None
    for trial in range(_TRIES + 1):
        model = fitting(wanted / ratio, clip, stored)
        # the first try is a few steps, only to see what entropy coding makes of the tensors
        more = {"steps": "20"} if trial == 0 else {}
        options = EncodeOptions(
            "paper-s", model=model | _RATE | more, max_time=seconds if trial else None
        )
        point = encode_linc(clip, options, folder, ms_ssim=False)
        ratio = point.bytes / size_of(model, clip)
        off = abs(point.bytes / wanted - 1)
        if trial and (best is None or off < abs(best[0].bytes / wanted - 1)):
            best = (point, model)
        if trial and off <= _NEAR:
            break
    assert best is not None
    return best


def row_of(clip: str, point: Point, **more: Any) -> dict[str, Any]:
    """A row of figures."""
    return {
        "clip": clip, "codec": point.codec.removeprefix("linc "), **more, "bytes": point.bytes,
        "psnr": round(point.quality.psnr_rgb, 2), "seconds": round(point.encode_s, 1),
        "cpu_s": round(point.encode_cpu_s, 1), "load": round(os.getloadavg()[0], 1),
    }  # fmt: skip


def measured(title: str, given: argparse.Namespace, folder: Path) -> list[dict[str, Any]]:
    """All rows of a clip, linc's first."""
    clip = load(SET[title], folder)
    linc = encode_linc(clip, EncodeOptions(given.preset), folder, ms_ssim=False)
    rows = [row_of(title, linc, stored="-", times=1.0)]
    for name, stored in STORED.items():
        for times in given.times:
            point, model = paper_point(clip, linc.bytes, times * linc.encode_s, stored, folder)
            rows.append(row_of(title, point, stored=name, times=times, model=model))
            rows[-1]["linc_above_db"] = round(rows[0]["psnr"] - rows[-1]["psnr"], 2)
            print(json.dumps(rows[-1]), flush=True)
    return rows


def page(rows: Sequence[dict[str, Any]]) -> str:
    """paper_equal.md."""
    lines = [
        _HEAD,
        "| clip | codec | stored | time | bytes | seconds | RGB dB | linc above |",
        "|---" * 8 + "|",
    ]
    for row in rows:
        above = row.get("linc_above_db")
        lines.append(
            f"| {row['clip']} | {row['codec']} | {row['stored']} | ×{row['times']:g} "
            f"| {row['bytes']} | {row['seconds']:g} | {row['psnr']:.2f} "
            f"| {'-' if above is None else f'{above:+.2f} dB'} |"
        )
    lines += ["", *verdicts(rows)]
    return "\n".join(lines) + "\n"


_HEAD = """# At equal bytes and equal seconds: linc and the paper's network

Made by `python -m benchmarks.paper.equal` (`paper_equal.json`, with the networks' sizes). Whole
files without audio; wall seconds of the encode; mean RGB PSNR of all decoded frames.
"""


def verdicts(rows: Sequence[dict[str, Any]]) -> list[str]:
    """Per clip: how far linc is above the better of the two storages in the same seconds."""
    lines = []
    for clip in dict.fromkeys(row["clip"] for row in rows):
        above = min(r["linc_above_db"] for r in rows
                    if r["clip"] == clip and r["times"] == 1 and "linc_above_db" in r)  # fmt: skip
        state = "met" if above >= BAR_DB else "missed"
        lines.append(f"- {clip}: {above:+.2f} dB; bar ≥ {BAR_DB:g} dB: {state}")
    return lines


def plot(rows: Sequence[dict[str, Any]], path: Path) -> None:
    """PSNR over seconds, all at one size a clip."""
    mpl.use("Agg")
    from matplotlib import pyplot

    names = list(dict.fromkeys(row["clip"] for row in rows))
    figure, axes = pyplot.subplots(
        1, len(names), figsize=(4 * len(names), 3.4), squeeze=False, layout="constrained"
    )
    for axis, name in zip(axes[0], names, strict=True):
        for stored in dict.fromkeys(row["stored"] for row in rows):
            mine = sorted((r["seconds"], r["psnr"]) for r in rows
                          if (r["clip"], r["stored"]) == (name, stored))  # fmt: skip
            label = "linc" if stored == "-" else f"paper-s, {stored}"
            axis.semilogx(*zip(*mine, strict=True), "o-", label=label)
        axis.set(title=name, xlabel="encode, wall s", ylabel="RGB PSNR, dB")
        axis.grid(visible=True, which="both", alpha=0.3)
    axes[0][0].legend()
    figure.savefig(path, dpi=90)
    pyplot.close(figure)


def main() -> None:
    """Measure, print, write after every clip."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--clips", type=listed(str), default=list(CLIPS), help="of the scoreboard's set")
    add("--preset", default="medium", help="of linc")
    add("--times", type=listed(float), default=[1.0, 4.0], help="linc's seconds the paper gets")
    add("--again", action="store_true", help="measure clips that are there once more")
    add("--out", type=Path, default=RESULTS)
    given = parser.parse_args()
    path = given.out / "paper_equal.json"
    rows: list[dict[str, Any]] = []
    if path.exists():
        rows = json.loads(path.read_text(encoding="utf-8"))["rows"]
    for title in given.clips:
        if any(row["clip"] == title for row in rows) and not given.again:
            continue
        with tempfile.TemporaryDirectory() as folder:
            made = measured(title, given, Path(folder))
        rows = [row for row in rows if row["clip"] != title] + made
        report = {
            "command": command(),
            "machine": machine(),
            "rows": rows,
        }
        path.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    path.with_suffix(".md").write_text(page(rows), encoding="utf-8")
    plot(rows, path.with_suffix(".png"))
    print(page(rows))


if __name__ == "__main__":
    main()
