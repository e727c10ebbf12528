"""Frames held out of an encode, made up by linc and by what its user could do without it.

    python -m benchmarks.codec.interpolation

linc fits every alpha-th frame (``--hold-out``) and renders the others (``--fps-scale``). On the
same held-out frames, in one run: the cross-fade of linc's own decoded keys, ffmpeg's minterpolate
of the same decoded keys (mci, bidirectional), and minterpolate of the true keys. What the fade is
below the keys is the room there is. A clip may be given with the second it begins at, NAME@SECONDS.
Writes JSON, a table, a plot and a sheet into benchmarks/results/: of every clip the held-out frame
that linc gets least above the fade, and the one that it gets worst.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import matplotlib as mpl
import numpy as np

from benchmarks.codec.borders import borders, borders_table
from benchmarks.common.anchors import Clip, load_clip
from benchmarks.common.runs import RESULTS, command, listed, machine
from lincodec.container import LincFile
from lincodec.decoder.render import Renderer
from lincodec.decoder.shots import output_shots
from lincodec.encoder.encode import encode
from lincodec.options import EncodeOptions
from lincodec.types import Planes
from lincodec.video import metrics
from lincodec.video.color import to_rgb

FADE, MCI, MCI_TRUE, LINC = (
    "fade of linc's keys",
    "minterpolate of linc's keys",
    "minterpolate of true keys",
    "linc",
)
METHODS = (FADE, MCI, MCI_TRUE, LINC)
_MCI = "fps={}:mi_mode=mci:mc_mode=aobmc:me_mode=bidir:vsbmc=1"
#: Times that the last key is repeated, so that minterpolate gives what lies before it.
_AFTER = 2
CLIPS = [
    "bunny",
    "carphone",
    "natural/foreman_cif_60f_h264.mp4",
    "natural/taichi_driving1.mp4@11",
    "caption/videollama_silence_girl.mp4@2",
]


def faded(first: Planes, second: Planes, share: float) -> Planes:
    """The cross-fade of two frames, rounded."""
    return tuple(
        np.rint((1 - share) * a + share * b).astype(a.dtype)
        for a, b in zip(first, second, strict=True)
    )


def minterpolated(clip: Clip, keys: Sequence[Planes], alpha: int) -> dict[int, Planes]:
    """ffmpeg's motion interpolation of every ``alpha``-th frame, by frame number of the clip."""
    info = clip.info
    graph = av.filter.Graph()
    source = graph.add_buffer(
        width=info.width, height=info.height, format="yuv420p", time_base=1 / info.fps
    )
    source_rate = graph.add("fps", f"{info.fps / alpha}")
    motion = graph.add("minterpolate", _MCI.format(info.fps))
    sink = graph.add("buffersink")
    for one, other in ((source, source_rate), (source_rate, motion), (motion, sink)):
        one.link_to(other)
    graph.configure()
    out: dict[int, Planes] = {}

    def drain() -> None:
        while True:
            try:
                frame = graph.pull()
            except (av.BlockingIOError, av.EOFError):
                return
            number = round(frame.pts * Fraction(frame.time_base) * info.fps)
            out[number] = tuple(
                np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)[:, : plane.width].copy()
                for plane in frame.planes
            )

    for at, (luma, *chroma) in enumerate([*keys, *[keys[-1]] * _AFTER]):
        packed = np.concatenate([luma.ravel(), *(plane.ravel() for plane in chroma)])
        frame = av.VideoFrame.from_ndarray(
            packed.reshape(info.height * 3 // 2, info.width), format="yuv420p"
        )
        frame.pts, frame.time_base = at * alpha, 1 / info.fps
        graph.push(frame)
        drain()
    graph.push(None)
    drain()
    return out


def linc_frames(clip: Clip, alpha: int, options: EncodeOptions) -> tuple[list[Planes], int]:
    """Every frame of a hold-out encode at the clip's rate, and the bytes of the file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "held.linc")
        report = encode(clip.path, str(path), replace(options, hold_out=alpha))
        with path.open("rb") as file:
            linc = LincFile(file)
            renderer = Renderer(linc)
            shown = list(renderer.frames(output_shots(0, linc.n_frames, alpha)))
            renderer.close()
    return shown, report.bytes["total"] - report.bytes["audio"]


@dataclass(frozen=True)
class Compared:
    """All methods on the held-out frames of a clip."""

    row: dict[str, Any]
    pictures: list[tuple[str, dict[str, Planes]]]
    """What is to be looked at: a title, the truth and what every method shows."""


def rgb_psnr(clip: Clip, truth: Planes, found: Planes) -> float:
    """RGB PSNR of one frame, dB."""
    return metrics.psnr(metrics.mse(to_rgb(truth, clip.info), to_rgb(found, clip.info)))


def compare(clip: Clip, alpha: int, options: EncodeOptions) -> Compared:
    """All methods on the held-out frames of a clip."""
    shown, size = linc_frames(clip, alpha, options)
    numbers = range(0, len(clip.frames), alpha)
    moved = {
        MCI: minterpolated(clip, [shown[n] for n in numbers], alpha),
        MCI_TRUE: minterpolated(clip, [clip.frames[n] for n in numbers], alpha),
    }
    held = [n for n in range(numbers[-1]) if n % alpha and all(n in m for m in moved.values())]
    made, found = {}, {method: np.zeros(len(held)) for method in METHODS}
    for at, n in enumerate(held):
        key = n - n % alpha
        made[n] = {
            FADE: faded(shown[key], shown[key + alpha], n % alpha / alpha),
            MCI: moved[MCI][n],
            MCI_TRUE: moved[MCI_TRUE][n],
            LINC: shown[n],
        }
        for method, planes in made[n].items():
            found[method][at] = rgb_psnr(clip, clip.frames[n], planes)
    above = found[LINC] - found[FADE]
    keys = [rgb_psnr(clip, clip.frames[n], shown[n]) for n in numbers]
    row = {
        "clip": clip.label, "alpha": alpha, "quality": options.quality, "bytes": size,
        "bytes_for_frames_between": 0, "held_out_frames": len(held),
        "psnr_rgb_of_keys": round(float(np.mean(keys)), 3),
        "psnr_rgb": {name: round(float(values.mean()), 3) for name, values in found.items()},
        "psnr_rgb_least": {name: round(float(values.min()), 3) for name, values in found.items()},
        "least_above_fade": round(float(above.min()), 3),
    }  # fmt: skip
    pictures = []
    for what, at in (("least above the fade", above.argmin()), ("worst", found[LINC].argmin())):
        n = held[int(at)]
        title = f"{clip.label[:18]} {n}, alpha {alpha}: {what}, {above[int(at)]:+.2f} dB"
        pictures.append((title, {"truth": clip.frames[n], **made[n]}))
    return Compared(row, pictures)


def above(row: dict[str, Any], method: str) -> float:
    """RGB PSNR of linc above a method, dB."""
    return float(row["psnr_rgb"][LINC] - row["psnr_rgb"][method])


def table(rows: Sequence[dict[str, Any]]) -> str:
    """Mean RGB PSNR and, in brackets, the worst frame's; linc above the others."""
    head = ("clip", "alpha", "quality", "file", "keys", *METHODS)
    over = ("above fade", "above minterpolate", "of true keys")
    lines = [f"| {' | '.join((*head, *over))} |", "|" + "---|" * (len(METHODS) + 8)]
    for row in rows:
        cells = [f"{row['psnr_rgb'][m]:.2f} ({row['psnr_rgb_least'][m]:.2f})" for m in METHODS]
        quality = "default" if row["quality"] is None else f"{row['quality']:g}"
        lines.append(
            f"| {row['clip']} | {row['alpha']} | {quality} | {row['bytes']} | "
            f"{row['psnr_rgb_of_keys']:.2f} | {' | '.join(cells)} | {above(row, FADE):+.2f} | "
            f"{above(row, MCI):+.2f} | {above(row, MCI_TRUE):+.2f} |"
        )
    return "\n".join(lines) + "\n" + summary(rows)


def summary(rows: Sequence[dict[str, Any]]) -> str:
    """Means over clips for every quality and alpha, and over all."""
    out = []
    for quality in dict.fromkeys(row["quality"] for row in rows):
        for alpha in [*dict.fromkeys(row["alpha"] for row in rows), None]:
            chosen = [r for r in rows if r["quality"] == quality and alpha in (r["alpha"], None)]
            means = [float(np.mean([above(r, method) for r in chosen])) for method in METHODS[:3]]
            least = min(above(r, MCI) for r in chosen)
            out.append(
                f"\nquality {'default' if quality is None else f'{quality:g}'}, "
                f"{'all alphas' if alpha is None else f'alpha {alpha}'}: linc {means[0]:+.2f} dB "
                f"above the fade, {means[1]:+.2f} dB above minterpolate of the same keys "
                f"({least:+.2f} dB at least), {means[2]:+.2f} dB above minterpolate of true keys\n"
            )
    return "".join(out)


def plot(rows: Sequence[dict[str, Any]], path: Path) -> None:
    """Linc and minterpolate above the cross-fade of linc's keys, per clip and alpha."""
    from matplotlib import pyplot

    qualities = list(dict.fromkeys(row["quality"] for row in rows))
    figure, grid = pyplot.subplots(1, len(qualities), figsize=(6 * len(qualities), 4), sharey=True)
    for axes, quality in zip(np.atleast_1d(grid), qualities, strict=True):
        for index, clip in enumerate(dict.fromkeys(row["clip"] for row in rows)):
            chosen = [r for r in rows if r["clip"] == clip and r["quality"] == quality]
            alphas, colour = [r["alpha"] for r in chosen], f"C{index}"
            axes.plot(alphas, [above(r, FADE) for r in chosen], "o-", label=clip, color=colour)
            others = [above(r, FADE) - above(r, MCI) for r in chosen]
            axes.plot(alphas, others, "x:", color=colour)
        axes.axhline(0, color="black", linewidth=0.5)
        axes.set_title(f"quality {quality or 'default'}; dotted: minterpolate of the same keys")
        axes.set_xlabel("alpha")
        axes.set_ylabel("dB above the cross-fade of linc's keys")
        axes.grid(visible=True, alpha=0.3)
        axes.legend(fontsize=7)
    figure.savefig(path, dpi=90, bbox_inches="tight")
    pyplot.close(figure)


def sheet(clips: Sequence[tuple[Clip, list[tuple[str, dict[str, Planes]]]]], path: Path) -> None:
    """Frames to look at, by every method."""
    from matplotlib import pyplot

    rows = [(clip, title, shown) for clip, pictures in clips for title, shown in pictures]
    names = ("truth", FADE, MCI, LINC)
    figure, grid = pyplot.subplots(len(rows), len(names), figsize=(14, 2.6 * len(rows)))
    for axes_of_row, (clip, title, shown) in zip(np.atleast_2d(grid), rows, strict=True):
        for axes, name in zip(axes_of_row, names, strict=True):
            axes.imshow(to_rgb(shown[name], clip.info) / 255)
            axes.set_axis_off()
            axes.set_title(title if name == "truth" else name, fontsize=7)
    figure.savefig(path, dpi=75, bbox_inches="tight")
    pyplot.close(figure)


def loaded(name: str, frames: int) -> Clip:
    """A clip, or what of it begins at the second behind the @."""
    path, _, start = name.partition("@")
    return load_clip(path, frames, float(start) if start else None)


def main() -> None:
    """Measure, print, write after every clip."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--clips", type=listed(str), default=CLIPS, help="names, or paths below $LINC_MEDIA")
    add("--frames", type=int, default=49, help="of each clip, at most")
    add("--alphas", type=listed(int), default=[2, 4, 8])
    add("--qualities", type=listed(float), default=[0.0, 26.0], help="of linc; 0: its default")
    add("--preset", default=EncodeOptions.preset)
    add("--borders", action="store_true", help="and what borders of segments do to frames at them")
    add("--out", type=Path, default=RESULTS)
    add("--name", default="interpolation", help="of the result files")
    given = parser.parse_args()
    mpl.use("Agg")
    given.out.mkdir(parents=True, exist_ok=True)
    rows, looked_at, seams = [], [], []
    for name in given.clips:
        clip = loaded(name, given.frames)
        for quality in given.qualities:
            options = EncodeOptions(
                preset=given.preset, quality=quality or None, span=clip.span, audio=False
            )
            for alpha in given.alphas:
                found = compare(clip, alpha, options)
                rows.append(found.row)
                if (quality, alpha) == (given.qualities[-1], given.alphas[-1]):
                    looked_at.append((clip, found.pictures))
                print(table([found.row]).splitlines()[2], flush=True)
            if given.borders:
                seams.append(borders(clip, options))
        report = {
            "command": command(),
            "date": datetime.now(UTC).isoformat(timespec="seconds"),
            "machine": machine(),
            "minterpolate": _MCI.format("FPS"),
            "rows": rows,
            **({"borders": seams} if seams else {}),
        }
        path = given.out / given.name
        path.with_suffix(".json").write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
        text = table(rows) + ("\n" + borders_table(seams) if seams else "")
        path.with_suffix(".md").write_text(f"`{command()}`\n\n{text}", encoding="utf-8")
        plot(rows, path.with_suffix(".png"))
        sheet(looked_at, given.out / f"{given.name}_sheet.png")


if __name__ == "__main__":
    main()
