"""What the Python interface costs: a second picture of a segment, random access, the import.

    python -m benchmarks.codec.api --minutes 10 --accesses 1000

Pictures of one segment after another are asked for, of each the first and then another one; the
decoding of segments is counted. Then pictures at random of a long file, made by joining one clip to
itself, with less memory than the file decoded would take. Writes benchmarks/results/api.json.
"""

from __future__ import annotations

import argparse
import json
import math
import multiprocessing
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

import lincodec as lc
from benchmarks.common.anchors import clip_path
from benchmarks.common.runs import RESULTS, command, listed, machine
from lincodec.container import LincFile
from lincodec.tools.edit import concat

_IMPORTS = 7
#: Pictures before memory is looked at.
_WARM = 50
_PROBE = """
import sys, time
import numpy
begun = time.perf_counter()
import lincodec
print(time.perf_counter() - begun)
assert not {"torch", "av"} & set(sys.modules)
"""


@contextmanager
def segments_read() -> Iterator[list[int]]:
    """The segments that are read meanwhile, one number for each time."""
    seen: list[int] = []
    original = LincFile.read_segment

    def spy(file: LincFile, index: int) -> Any:
        seen.append(index)
        return original(file, index)

    with mock.patch.object(LincFile, "read_segment", spy):
        yield seen


def timed(video: lc.Video, frame: int) -> float:
    """Seconds that a picture takes."""
    begun = time.perf_counter()
    _ = video[frame]
    return time.perf_counter() - begun


def first_and_second(path: Path) -> dict[str, Any]:
    """Medians over the segments of a file."""
    first, second, again = [], [], []
    with lc.open(path) as video, segments_read() as read:
        timed(lc.open(path), 0)  # what is loaded once is not of a segment
        read.clear()
        for frames in video.segments:
            middle = frames[len(frames) // 2]
            first.append(timed(video, middle))
            second.append(timed(video, frames[-1] if len(frames) > 1 else middle))
            again.append(timed(video, middle))
        size = (video.width, video.height)
        count = len(read)
    return {
        "size": size,
        "segments": len(first),
        "segments_read": count,
        "first_ms": 1e3 * statistics.median(first),
        "second_ms": 1e3 * statistics.median(second),
        "again_ms": 1e3 * statistics.median(again),
        "second_to_first": statistics.median(second) / statistics.median(first),
    }


def peak_mb() -> float:
    """Largest resident size so far of this program; that of a parent does not count (Linux)."""
    status = Path("/proc/self/status").read_text("ascii")
    return float(status.split("VmHWM:")[1].split()[0]) / 1024


def long_file(path: Path, minutes: float, folder: Path) -> Path:
    """A file joined to itself until it is that long."""
    with lc.open(path) as video:
        length = video.metadata.duration_seconds
    output = folder / "long.linc"
    concat([str(path)] * math.ceil(60 * minutes / length), str(output), audio=False)
    return output


def random_access(path: Path, accesses: int, cache_bytes: int) -> dict[str, Any]:
    """Pictures at random, and the memory that they take."""
    numbers = random.Random(0)
    begun = time.perf_counter()
    video = lc.open(path, cache_bytes=cache_bytes)
    opened = time.perf_counter() - begun
    for _ in range(_WARM):  # fills the cache
        _ = video[numbers.randrange(len(video))]
    before, peaks, begun = peak_mb(), [], time.perf_counter()
    with video, segments_read() as read:
        for count in range(1, accesses + 1):
            _ = video[numbers.randrange(len(video))]
            if count % max(1, accesses // 10) == 0:
                peaks.append(round(peak_mb(), 1))
        seconds, about = time.perf_counter() - begun, video.metadata
    with path.open("rb") as stream:
        file = LincFile(stream)
        counts = [file.read_segment_header(k).params for k in range(len(file.segments))]
    return {
        "size": (about.width, about.height),
        "frames": about.num_frames,
        "seconds": about.duration_seconds,
        "segments": about.num_segments,
        "accesses": accesses,
        "segments_read": len(read),
        "open_ms": 1e3 * opened,
        "ms_per_access": 1e3 * seconds / accesses,
        "cache_mb": cache_bytes / 2**20,
        "weights_of_all_segments_mb": round(4 * sum(counts) / 2**20),
        f"peak_rss_mb_after_{_WARM}": round(before, 1),
        "peak_rss_mb_by_tenths": peaks,
    }


def import_ms() -> float:
    """Milliseconds of ``import lincodec`` once NumPy is there: the median."""
    runs = [
        subprocess.run([sys.executable, "-c", _PROBE], capture_output=True, text=True, check=True)
        for _ in range(_IMPORTS)
    ]
    return 1e3 * statistics.median(float(run.stdout) for run in runs)


def measured(arguments: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """All figures."""
    found: dict[str, Any] = {"import_ms": import_ms(), "segments": []}
    for name in arguments.clips:
        for preset in arguments.presets:
            path = folder / f"{Path(name).stem}.{preset}.linc"
            lc.encode(clip_path(name), path, preset, frames=arguments.frames, audio=False)
            row = first_and_second(path)
            found["segments"].append({"clip": name, "preset": preset, **row})
            print(json.dumps(found["segments"][-1]), flush=True)
    short = folder / "short.linc"
    lc.encode(clip_path(arguments.looped), short, "instant", audio=False)
    path = long_file(short, arguments.minutes, folder)
    task = (path, arguments.accesses, arguments.cache << 20)
    with multiprocessing.get_context("spawn").Pool(1) as pool:  # its memory is all its own
        found["random"] = pool.apply(random_access, task)
    print(json.dumps(found["random"]), flush=True)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--clips", type=listed(str), default=["carphone", "bunny"])
    parser.add_argument("--presets", type=listed(str), default=["instant", "fast"])
    parser.add_argument("--frames", type=int, default=80, help="of each of these clips")
    parser.add_argument("--looped", default="carphone", help="the clip of the long file")
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--accesses", type=int, default=1000)
    parser.add_argument("--cache", type=int, default=64, metavar="MIB")
    parser.add_argument("--output", type=Path, default=RESULTS / "api.json")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = measured(arguments, Path(folder))
    about = {"command": command(), "machine": machine(), "load": round(os.getloadavg()[0], 1)}
    text = json.dumps({**about, **found}, indent=1)
    arguments.output.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
