"""A library of tiny files that is encoded although everything is killed all the time.

    python fuzz/library.py [--files 1000] [--kills 20] [--corrupt 20] [--seed 1] [--json FILE]

``linc batch --jobs 2`` is begun again and again; a random one of its processes, the driver among
them, gets SIGKILL at random moments. Then it may end. Every sound file must be there, every corrupt
one failed alone; one more run must encode nothing, and is timed; and without its notes it must
adopt every file.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from lincodec.decoder.verify import verify  # noqa: E402


class Failed(AssertionError):
    """What must not happen."""


def write_clip(path: Path, seed: int) -> None:
    """Three frames of 48x32 samples."""
    rng = np.random.default_rng(seed)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=Fraction(25))
        stream.width, stream.height, stream.pix_fmt = 48, 32, "yuv420p"
        picture = np.kron(rng.integers(0, 255, (4, 6, 3), np.uint8), np.ones((8, 8, 1), np.uint8))
        for index in range(3):
            shown = np.ascontiguousarray(np.roll(picture, index, axis=1))
            container.mux(stream.encode(av.VideoFrame.from_ndarray(shown, "rgb24")))
        container.mux(stream.encode())


def library(folder: Path, files: int, corrupt: int) -> None:
    """Files in folders of a hundred, some of them broken."""
    for index in range(files):
        path = folder / f"{index // 100:03d}" / f"{index:05d}.mp4"
        path.parent.mkdir(parents=True, exist_ok=True)
        write_clip(path, index)
        if index < corrupt:
            data = path.read_bytes()
            path.write_bytes(data[: len(data) // 3])


def family(pid: int) -> list[int]:
    """A process and its children."""
    try:
        text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    except FileNotFoundError:
        return [pid]
    return [pid, *map(int, text.split())]


def run(folder: Path, out: Path, *more: str) -> tuple[int, dict[str, Any], float]:
    """One batch to its end: exit code, its last line, seconds."""
    begun = time.monotonic()
    done = subprocess.run(command(folder, out, *more), capture_output=True, text=True)
    if done.returncode not in (0, 9):
        raise Failed(f"exit code {done.returncode}: {done.stderr[-500:]}")
    return done.returncode, json.loads(done.stdout.splitlines()[-1]), time.monotonic() - begun


def command(folder: Path, out: Path, *more: str) -> list[str]:
    return [
        sys.executable, "-m", "lincodec", "batch", str(folder), "-o", str(out), "--preset",
        "instant", "--jobs", "2", "--json", "-q", *more,
    ]  # fmt: skip


def killed(folder: Path, out: Path, kills: int, chance: random.Random) -> dict[str, int]:
    """Kill one process after the other; how many of each kind."""
    found = {"driver": 0, "worker": 0}
    process: subprocess.Popen[bytes] | None = None
    while sum(found.values()) < kills:
        if process is None or process.poll() is not None:
            process = subprocess.Popen(
                command(folder, out), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            )
        time.sleep(chance.uniform(0.3, 2.5))
        all_of_them = family(process.pid)
        victim = chance.choice(all_of_them)
        try:
            os.kill(victim, signal.SIGKILL)
        except ProcessLookupError:
            continue
        found["driver" if victim == process.pid else "worker"] += 1
        if victim == process.pid:
            process.wait()
        print(found, sum(1 for _ in out.rglob("*.linc")), "files", flush=True)
    if process is not None and process.poll() is None:
        process.kill()
        process.wait()
    return found


def soak(files: int, kills: int, corrupt: int, seed: int) -> dict[str, Any]:
    """All of it."""
    with tempfile.TemporaryDirectory() as name:
        folder, out = Path(name) / "in", Path(name) / "out"
        library(folder, files, corrupt)
        found: dict[str, Any] = {"files": files}
        found["killed"] = killed(folder, out, kills, random.Random(seed))
        code, last, _ = run(folder, out, "--retry-failed")
        made = sorted(out.rglob("*.linc"))
        failed = last["failed"] + last["failed_before"]
        if (code, failed, len(made)) != (9 if corrupt else 0, corrupt, files - corrupt):
            raise Failed(f"exit code {code}, {len(made)} files, {failed} failed")
        for path in random.Random(seed).sample(made, 50):
            verify(path)
        hidden = [p.name for p in out.rglob(".*") if p.name != ".linc-batch"]
        if hidden:
            raise Failed(f"left behind: {hidden[:5]}")
        _, last, seconds = run(folder, out)
        if last["done"] or last["unchanged"] != files - corrupt:
            raise Failed(f"encoded again: {last}")
        found["unchanged, ms a file"] = round(1000 * last["seconds"] / files, 3)
        found["the same with starting, s"] = round(seconds, 2)
        shutil.rmtree(out / ".linc-batch")
        _, last, _ = run(folder, out)
        if last["done"] or last["adopted"] != files - corrupt:
            raise Failed(f"not adopted: {last}")
        found["adopted, ms a file"] = round(1000 * last["seconds"] / files, 3)
    return found


def main() -> int:
    """Exit 1 when something failed."""
    parser = argparse.ArgumentParser(description="a library that is killed all the time")
    parser.add_argument("--files", type=int, default=1000)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--corrupt", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    try:
        found = soak(given.files, given.kills, given.corrupt, given.seed)
    except Failed as error:
        print(f"failed: {error}", file=sys.stderr)
        return 1
    print(json.dumps(found))
    if given.json:
        given.json.write_text(json.dumps(found, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
