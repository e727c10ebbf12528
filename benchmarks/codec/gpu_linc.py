"""What a GPU does with files of architecture linc, in one command of less than four minutes.

    python -m benchmarks.codec.gpu_linc --clip bunny --file film.linc   everything, on cuda
    python -m benchmarks.codec.gpu_linc --device cpu --quick            the same code, a few frames

Encodes a clip as a process with each preset and quality; decodes every file, and the files given,
several times over in a row, at its own size and at 1080p, as processes, to nowhere and to an MP4;
says where the seconds of a decode go, one after the other, and decodes the same on the CPU. Every
row is printed and written at once into benchmarks/results/gpu_linc_DEVICE.json; after --seconds
nothing new is begun.
"""

from __future__ import annotations

import argparse
import json
import shlex
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import matplotlib as mpl
import torch

from benchmarks.common.anchors import clip_path
from benchmarks.common.runs import RESULTS, command, machine
from lincodec.bitstream.segment import unpack_segment
from lincodec.container import LincFile
from lincodec.core.resample import Area
from lincodec.decoder.areas import areas_of
from lincodec.decoder.load import Rendering, segment_model
from lincodec.decoder.paint import batch_size
from lincodec.model.devices import device_name, device_of
from lincodec.model.output import quantise, to_frames
from lincodec.tools.edit import concat

#: What a picture is enlarged to.
LARGE = (1920, 1080)
#: Bits per pixel at most, and RGB PSNR in dB at least, of a row that counts as reached.
BPP, PSNR = 0.030, 34.5

Row = dict[str, Any]


@dataclass(frozen=True)
class Plan:
    """What is measured."""

    device: str
    clip: str
    ready: tuple[Path, ...] = ()
    """Files to decode too."""
    repeat: int = 6
    """Times that a file is decoded in a row."""
    presets: tuple[str, ...] = ("instant", "medium")
    qualities: tuple[float, ...] = (36.0,)
    frames: int = 132
    large: tuple[int, int] = LARGE
    seconds: float = 220.0
    begun: float = field(default_factory=time.monotonic)

    @property
    def left(self) -> float:
        """Seconds that there are for what has not begun yet."""
        return self.seconds - (time.monotonic() - self.begun)

    @property
    def devices(self) -> tuple[str, ...]:
        """The device, then the CPU to compare with."""
        return (self.device,) if self.device == "cpu" else (self.device, "cpu")


class Report:
    """Rows that are written as they come."""

    def __init__(self, path: Path, head: Row) -> None:
        self.path, self.head = path, head
        self.rows: list[Row] = []

    def add(self, row: Row) -> Row:
        """Print and write one more."""
        self.rows.append({k: round(v, 4) if isinstance(v, float) else v for k, v in row.items()})
        print(json.dumps(self.rows[-1]), flush=True)
        text = json.dumps({**self.head, "rows": self.rows}, indent=1)
        self.path.write_text(text + "\n", encoding="utf-8")
        return row


@contextmanager
def clock(spent: dict[str, float], name: str, device: torch.device) -> Iterator[None]:
    """Adds the wall seconds of a block, until the device has finished, to ``spent[name]``."""
    begun = time.perf_counter()
    yield
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    spent[name] = spent.get(name, 0.0) + time.perf_counter() - begun


def process(arguments: list[str], limit: float) -> tuple[Row, list[Row], float]:
    """(result, progress lines, wall seconds) of ``linc`` with arguments.

    Raises:
        RuntimeError: it failed or took longer than ``limit`` seconds.
    """
    command = [sys.executable, "-m", "lincodec", *arguments, "-v", "--json", "--progress", "json"]
    begun = time.monotonic()
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=limit, check=False)
    except subprocess.TimeoutExpired as error:
        raise RuntimeError(f"linc {shlex.join(arguments)}: took more than {limit:.0f} s") from error
    wall = time.monotonic() - begun
    if done.returncode:
        raise RuntimeError(f"linc {shlex.join(arguments)}: {done.stderr[-2000:]}")
    lines = [json.loads(line) for line in done.stderr.splitlines() if line.startswith("{")]
    told = [line for line in lines if line["type"] == "progress"]
    return json.loads(done.stdout.splitlines()[-1]), told, wall


def stages(told: list[Row], seconds: float) -> Row:
    """Seconds of reading, of fitting with what it measures, and of the last check.

    To about 0.2 s: so often progress is told.
    """
    end = max((t["elapsed_s"] for t in told), default=seconds)
    begun = end - seconds  # before it the program is loaded
    last_scan = max((t["elapsed_s"] for t in told if t["stage"] == "scan"), default=begun)
    verify = min((t["elapsed_s"] for t in told if t["stage"] == "verify"), default=end)
    return {"scan_s": last_scan - begun, "fit_s": verify - last_scan, "verify_s": end - verify}


def encoded(plan: Plan, clip: str, preset: str, quality: float, frames: int, out: Path) -> Row:
    """One encode as a process."""
    source = clip_path(clip)
    given = ["encode", source, "-o", str(out), "-y", "--preset", preset, "--quality", str(quality)]
    given += ["--frames", str(frames), "--audio", "none", "--device", plan.device]
    found, told, wall = process(given, plan.left + 30)
    return {
        "what": "encode", "clip": Path(source).name, "preset": preset, "quality": quality,
        "device": plan.device, "frames": found["frames"], "width": found["width"],
        "height": found["height"], "process_s": wall, "encode_s": found["seconds"],
        **stages(told, found["seconds"]), "psnr": found["psnr"], "bpp": found["bpp"],
        "reached": found["psnr"] >= PSNR and found["bpp"] <= BPP, "file": out.name,
    }  # fmt: skip


def decoded(short: Path, long: Path, device: str, scale: float, limit: float) -> Row:
    """Decodes as processes: of two files that differ in length alone, written nowhere, and of the
    longer one to an MP4. What one takes longer than the other tells the speed without the start."""
    width, height = scaled_size(short, scale)
    given = ["--audio", "none", "--device", device, "--res", f"{width}x{height}"]
    runs = [process(["decode", str(p), "--format", "null", *given], limit) for p in (short, long)]
    out = str(long.with_suffix(f".{device}.mp4"))
    film, _, wall = process(
        ["decode", str(long), "-o", out, "-y", "--enc-preset", "ultrafast", *given], limit
    )
    (first, *_), (second, _, null_wall) = runs
    frames, seconds = (second[k] - first[k] for k in ("frames", "seconds"))
    return {
        "what": "decode", "file": long.name, "device": device, "width": width, "height": height,
        "frames": second["frames"], "null_fps": second["fps"], "steady_fps": frames / seconds,
        "null_process_fps": second["frames"] / null_wall, "render_s": second["render_seconds"],
        "mp4_fps": film["fps"], "mp4_process_fps": film["frames"] / wall,
    }  # fmt: skip


def parts(path: Path, device: str, scale: float) -> Row:
    """Where the seconds of a decode go, one after the other, once warm."""
    rendering, spent = Rendering.of(device), dict[str, float]()
    with path.open("rb") as stream, torch.inference_mode():
        linc = LincFile(stream)
        size = scaled_size(path, scale)
        areas = areas_of(linc.info, replace(linc.info, width=size[0], height=size[1]))
        for round_ in range(2):
            spent.clear()
            for index in range(len(linc.segments)):
                _segment(linc, index, rendering, areas, spent)
            if round_ == 0 and rendering.device.type == "cuda":
                torch.cuda.reset_peak_memory_stats(rendering.device)
    peak = 0
    if rendering.device.type == "cuda":
        peak = torch.cuda.max_memory_allocated(rendering.device) >> 20
    return {
        "what": "parts", "file": path.name, "device": device, "scale": scale,
        "frames": linc.n_frames, "segments": len(linc.segments), "peak_mib": peak, **spent,
    }  # fmt: skip


def _segment(
    linc: LincFile, index: int, rendering: Rendering, areas: Sequence[Area], spent: dict[str, float]
) -> None:
    """Decode and render one segment."""
    device, info = rendering.device, linc.info
    with clock(spent, "read_s", device):
        data = linc.read_segment(index)
    with clock(spent, "entropy_s", device):
        code = unpack_segment(data, linc.arch, info.plane_sizes)
    with clock(spent, "model_s", device):
        model = segment_model(code, linc.arch, info, rendering)
    times = torch.arange(code.n_frames, dtype=torch.float64)
    for part in torch.split(times, batch_size(info, device)):
        with clock(spent, "render_s", device):
            planes = model.pictures(part, areas)
        with clock(spent, "quantise_s", device):
            codes = quantise(planes, info.bit_depth)
        with clock(spent, "copy_s", device):
            to_frames(codes)


def files(plan: Plan, report: Report, folder: Path) -> list[Path]:
    """Encodes, and the file of every one; then those that are ready."""
    jobs = [(plan.clip, p, q, plan.frames) for p in plan.presets for q in plan.qualities]
    out = []
    for number, (clip, preset, quality, frames) in enumerate(jobs):
        path = folder / f"{number}_{preset}_{quality:g}.linc"
        if tried(plan, report, partial(encoded, plan, clip, preset, quality, frames, path)):
            out.append(path)
    return [*out, *plan.ready]


def repeated(path: Path, times: int, folder: Path) -> Path:
    """A file so many times in a row, without its audio."""
    out = folder / f"{path.stem}_x{times}.linc"
    concat([str(path)] * times, str(out), audio=False, overwrite=True)
    return out


def tried(plan: Plan, report: Report, measure: Callable[[], Row]) -> bool:
    """Whether there was time to measure, and it did not fail; either way there is a row."""
    if plan.left <= 0:
        report.add({"what": "skipped", "why": "no time left"})
        return False
    try:
        report.add(measure())
    except Exception:  # noqa: BLE001 - the rows to come may be of other devices
        report.add({"what": "failed", "why": traceback.format_exc()[-3000:]})
        return False
    return True


def scaled_size(path: Path, scale: float) -> tuple[int, int]:
    """(width, height) of a file's pictures times ``scale``."""
    with path.open("rb") as stream:
        info = LincFile(stream).info
    return round(info.width * scale), round(info.height * scale)


def scales(plan: Plan, path: Path) -> tuple[float, ...]:
    """Native size, and what makes it as large as the plan's, if that is larger."""
    width, height = scaled_size(path, 1.0)
    larger = min(plan.large[0] / width, plan.large[1] / height)
    return (1.0, larger) if larger > 1 else (1.0,)


def measure(plan: Plan, report: Report) -> None:
    """All rows."""
    begun = time.monotonic()
    code = f"import torch; torch.zeros(1, device={plan.device!r}).sum().item()"
    subprocess.run([sys.executable, "-c", code], check=True)
    report.add({"what": "start", "device": plan.device, "process_s": time.monotonic() - begun})
    with tempfile.TemporaryDirectory() as name:
        made = files(plan, report, Path(name))
        for device in plan.devices:
            for path in made:
                long = repeated(path, plan.repeat, Path(name))
                for scale in scales(plan, path):
                    limit = plan.left + 30
                    tried(plan, report, partial(decoded, path, long, device, scale, limit))
                    tried(plan, report, partial(parts, path, device, scale))


def plot(rows: Sequence[Row], path: Path) -> None:
    """Frames a second of every decode, and the bar of 120."""
    mpl.use("Agg")
    from matplotlib import pyplot

    found = [row for row in rows if row["what"] == "decode"]
    names = [f"{r['file']}\n{r['width']}x{r['height']}, {r['device']}" for r in found]
    figure, axis = pyplot.subplots(figsize=(7, 1 + 0.8 * len(found)), layout="constrained")
    kinds = {
        "steady_fps": "written nowhere, start not counted",
        "null_fps": "written nowhere", "mp4_fps": "with MP4",
    }  # fmt: skip
    for index, (key, label) in enumerate(kinds.items()):
        at = [place + 0.27 * (1 - index) for place in range(len(found))]
        axis.barh(at, [row[key] for row in found], 0.25, label=label)
    axis.set_yticks(range(len(found)), names)
    axis.axvline(120, color="black", lw=1)
    axis.set_xlabel("frames a second")
    axis.legend()
    figure.savefig(path, dpi=90)
    pyplot.close(figure)


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--device", default="cuda")
    add("--clip", default="bunny", help="a name of anchors.clip_path, or a path")
    add("--file", type=Path, action="append", default=[], help="to be decoded too")
    add("--repeat", type=int, default=6, help="times that a file is decoded in a row")
    add("--presets", default="instant,medium")
    add("--qualities", default="36", help="numbers with commas between")
    add("--frames", type=int, default=132)
    add("--seconds", type=float, default=220, help="after which nothing new is begun")
    add("--quick", action="store_true", help="a few frames, to see that it runs")
    add("--out", type=Path, default=RESULTS)
    given = parser.parse_args()
    plan = Plan(
        given.device, given.clip, tuple(given.file), given.repeat,
        tuple(p for p in given.presets.split(",") if p),
        tuple(map(float, given.qualities.split(","))), given.frames, seconds=given.seconds,
    )  # fmt: skip
    if given.quick:
        plan = Plan(given.device, given.clip, repeat=2, frames=4, presets=("instant",))
    given.out.mkdir(parents=True, exist_ok=True)
    device = device_of(plan.device)
    path = given.out / f"gpu_linc_{device.type}{'_quick' if given.quick else ''}.json"
    head = {
        "command": command(),
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": {**machine(), "device": device_name(device)},
        "quick": given.quick,
    }
    report = Report(path, head)
    measure(plan, report)
    plot(report.rows, path.with_suffix(".png"))
    print(f"wrote {path} in {time.monotonic() - plan.begun:.0f} s")


if __name__ == "__main__":
    main()
