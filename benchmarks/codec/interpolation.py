"""Frames held out of an encode, made up by linc and by what its user could do without it.

    python -m benchmarks.codec.interpolation --clips carphone,natural/foreman_cif_60f_h264.mp4

linc fits every alpha-th frame (``--hold-out``) and renders the others (``--fps-scale``). On the
same held-out frames, in one run: the key frame before it, the cross-fade of the true keys, ffmpeg's
minterpolate of the true keys (mci, bidirectional), and the cross-fade of linc's own decoded keys.
How far the fade is below the keys is the room there is: what follows motion shows the keys' own
errors too. Beside that, what borders between segments do to the frames at them (``borders.py``).
Writes JSON, a table, a plot and a sheet of the worst frame of every clip into benchmarks/results/.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Sequence
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

METHODS = ("copy", "fade of true keys", "minterpolate of true keys", "fade of linc's keys", "linc")
_MCI = "fps={}:mi_mode=mci:mc_mode=aobmc:me_mode=bidir:vsbmc=1"


def faded(first: Planes, second: Planes, share: float) -> Planes:
    """The cross-fade of two frames, rounded."""
    return tuple(
        np.rint((1 - share) * a + share * b).astype(a.dtype)
        for a, b in zip(first, second, strict=True)
    )


def minterpolated(clip: Clip, alpha: int) -> dict[int, Planes]:
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

    for number in range(0, len(clip.frames), alpha):
        luma, *chroma = clip.frames[number]
        packed = np.concatenate([luma.ravel(), *(plane.ravel() for plane in chroma)])
        frame = av.VideoFrame.from_ndarray(
            packed.reshape(info.height * 3 // 2, info.width), format="yuv420p"
        )
        frame.pts, frame.time_base = number, 1 / info.fps
        graph.push(frame)
        drain()
    graph.push(None)
    drain()
    return out


def linc_frames(
    clip: Clip, alpha: int, options: EncodeOptions
) -> tuple[list[Planes], dict[str, int]]:
    """Every frame of a hold-out encode at the clip's rate, and the bytes of the file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "held.linc")
        report = encode(clip.path, str(path), options)
        with path.open("rb") as file:
            linc = LincFile(file)
            headers = [linc.read_segment_header(k) for k in range(len(linc.segments))]
            renderer = Renderer(linc)
            shown = list(renderer.frames(output_shots(0, linc.n_frames, alpha)))
            renderer.close()
    moved = sum(t.payload_length for h in headers for t in h.tensors if t.role.name == "MOTION")
    return shown, {"total": report.bytes["total"] - report.bytes["audio"], "motion": moved}


def figures(clip: Clip, truth: Planes, found: Planes) -> tuple[float, float, float]:
    """RGB PSNR, Y PSNR in dB and luma SSIM of one frame."""
    rgb = metrics.psnr(metrics.mse(to_rgb(truth, clip.info), to_rgb(found, clip.info)))
    luma = metrics.psnr(metrics.mse(truth[0], found[0]))
    return rgb, luma, metrics.ssim(truth[0], found[0])


def compare(
    clip: Clip, alpha: int, options: EncodeOptions, moved: dict[int, Planes]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """All methods on the held-out frames of a clip: a row of figures, and its worst frame."""
    shown, size = linc_frames(clip, alpha, options)
    keys = range(0, len(clip.frames) - alpha, alpha)
    held = [n for key in keys for n in range(key + 1, key + alpha) if n in moved]
    rows: dict[str, list[tuple[float, float, float]]] = {method: [] for method in METHODS}
    pictures = {}
    for n in held:
        key, share = n - n % alpha, n % alpha / alpha
        made = {
            "copy": clip.frames[key],
            "fade of true keys": faded(clip.frames[key], clip.frames[key + alpha], share),
            "minterpolate of true keys": moved[n],
            "fade of linc's keys": faded(shown[key], shown[key + alpha], share),
            "linc": shown[n],
        }
        for method, found in made.items():
            rows[method].append(figures(clip, clip.frames[n], found))
        pictures[n] = made
    worst = held[int(np.argmin([rgb for rgb, _, _ in rows["fade of linc's keys"]]))]
    keys_rgb = [
        figures(clip, clip.frames[k], shown[k])[0] for k in range(0, len(clip.frames), alpha)
    ]
    row = {
        "clip": clip.label, "alpha": alpha, "quality": options.quality, "bytes": size,
        "held_out_frames": len(held), "psnr_rgb_of_keys": round(float(np.mean(keys_rgb)), 3),
        "methods": {method: _summary(found) for method, found in rows.items()},
    }  # fmt: skip
    return row, {"frame": worst, "truth": clip.frames[worst], **pictures[worst]}


def _summary(found: Sequence[tuple[float, float, float]]) -> dict[str, float]:
    names = ("psnr_rgb", "psnr_y", "ssim")
    out = {}
    for name, values in zip(names, zip(*found, strict=True), strict=True):
        out[name] = round(float(np.mean(values)), 4)
        out[f"{name}_least"] = round(float(np.min(values)), 4)
    return out


def table(rows: Sequence[dict[str, Any]]) -> str:
    """Mean RGB PSNR and, in brackets, the worst frame's; gain over the fade of linc's keys."""
    lines = [
        "| clip | alpha | quality | file | motion | keys | "
        + " | ".join(METHODS)
        + " | gain | room |",
        "|" + "---|" * (len(METHODS) + 8),
    ]
    for row in rows:
        cells = [
            f"{row['methods'][m]['psnr_rgb']:.2f} ({row['methods'][m]['psnr_rgb_least']:.2f})"
            for m in METHODS
        ]
        share = 100 * row["bytes"]["motion"] / row["bytes"]["total"]
        lines.append(
            f"| {row['clip']} | {row['alpha']} | {row['quality']:g} | {row['bytes']['total']} | "
            f"{share:.1f} % | {row['psnr_rgb_of_keys']:.2f} | {' | '.join(cells)} | "
            f"{gain(row):+.2f} | {room(row):+.2f} |"
        )
    for quality, alpha in sorted({(row["quality"], row["alpha"]) for row in rows}):
        chosen = [r for r in rows if (r["quality"], r["alpha"]) == (quality, alpha)]
        lines.append(
            f"\nquality {quality:g}, alpha {alpha}: mean gain {np.mean([*map(gain, chosen)]):+.2f} "
            f"dB of the {np.mean([*map(room, chosen)]):.2f} dB between the fade and the keys"
        )
    return "\n".join(lines) + "\n"


def gain(row: dict[str, Any]) -> float:
    """RGB PSNR of linc above the cross-fade of its own keys, dB."""
    found = row["methods"]
    return float(found["linc"]["psnr_rgb"] - found["fade of linc's keys"]["psnr_rgb"])


def room(row: dict[str, Any]) -> float:
    """RGB PSNR of linc's keys above that of their cross-fade, dB."""
    return float(row["psnr_rgb_of_keys"] - row["methods"]["fade of linc's keys"]["psnr_rgb"])


def plot(rows: Sequence[dict[str, Any]], path: Path) -> None:
    """Gain over the cross-fade of linc's keys, per clip and alpha."""
    from matplotlib import pyplot

    qualities = sorted({row["quality"] for row in rows})
    figure, grid = pyplot.subplots(1, len(qualities), figsize=(6 * len(qualities), 4), sharey=True)
    for axes, quality in zip(np.atleast_1d(grid), qualities, strict=True):
        for clip in dict.fromkeys(row["clip"] for row in rows):
            chosen = [r for r in rows if r["clip"] == clip and r["quality"] == quality]
            axes.plot([r["alpha"] for r in chosen], [gain(r) for r in chosen], "o-", label=clip)
        axes.axhline(0, color="black", linewidth=0.5)
        axes.set_title(f"quality {quality:g}")
        axes.set_xlabel("alpha")
        axes.set_ylabel("dB above the cross-fade of linc's keys")
        axes.grid(visible=True, alpha=0.3)
        axes.legend(fontsize=7)
    figure.savefig(path, dpi=90, bbox_inches="tight")
    pyplot.close(figure)


def sheet(worst: Sequence[tuple[Clip, int, dict[str, Any]]], path: Path) -> None:
    """The frame of every clip that the cross-fade of linc's keys does worst, by every method."""
    from matplotlib import pyplot

    names = ("truth", *METHODS)
    figure, grid = pyplot.subplots(len(worst), len(names), figsize=(14, 2.1 * len(worst)))
    for row, (clip, alpha, pictures) in zip(np.atleast_2d(grid), worst, strict=True):
        for axes, name in zip(row, names, strict=True):
            axes.imshow(to_rgb(pictures[name], clip.info) / 255)
            axes.set_axis_off()
            title = (
                f"{clip.label[:18]} {pictures['frame']}, alpha {alpha}" if name == "truth" else name
            )
            axes.set_title(title, fontsize=7)
    figure.savefig(path, dpi=62, bbox_inches="tight")
    pyplot.close(figure)


def main() -> None:
    """Measure, print, write after every clip."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--clips", type=listed(str), default=["carphone"], help="names, or paths below $LINC_MEDIA")
    add("--frames", type=int, default=97, help="of each clip, at most")
    add("--alphas", type=listed(int), default=[2, 4, 8])
    add(
        "--qualities",
        type=listed(float),
        default=[26.0, 32.0, 38.0],
        help="of linc; 38 is its default",
    )
    add("--preset", default="instant")
    add("--out", type=Path, default=RESULTS)
    add("--name", default="interpolation", help="of the result files")
    given = parser.parse_args()
    mpl.use("Agg")
    given.out.mkdir(parents=True, exist_ok=True)
    rows, worst, seams = [], [], []
    for name in given.clips:
        clip = load_clip(name, given.frames)
        moved = {alpha: minterpolated(clip, alpha) for alpha in given.alphas}
        for quality in given.qualities:
            for alpha in given.alphas:
                options = EncodeOptions(
                    preset=given.preset,
                    quality=quality,
                    span=clip.span,
                    hold_out=alpha,
                    motion=True,
                    audio=False,
                )
                row, pictures = compare(clip, alpha, options, moved[alpha])
                rows.append(row)
                if (quality, alpha) == (
                    given.qualities[0],
                    given.alphas[min(1, len(given.alphas) - 1)],
                ):
                    worst.append((clip, alpha, pictures))
                print(table([row]).splitlines()[2], flush=True)
            seams.append(borders(clip, EncodeOptions(preset=given.preset, quality=quality)))
            print(borders_table(seams[-1:]).splitlines()[-1], flush=True)
        report = {
            "command": command(),
            "date": datetime.now(UTC).isoformat(timespec="seconds"),
            "machine": machine(),
            "minterpolate": _MCI.format("FPS"),
            "rows": rows,
            "borders": seams,
        }
        path = given.out / given.name
        path.with_suffix(".json").write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
        text = table(rows) + "\n" + borders_table(seams)
        path.with_suffix(".md").write_text(text, encoding="utf-8")
        plot(rows, path.with_suffix(".png"))
        sheet(worst, given.out / f"{given.name}_sheet.png")


if __name__ == "__main__":
    main()
