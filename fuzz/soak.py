"""Encodes killed at random moments and resumed; disks that fill up; memory that runs out.

    python fuzz/soak.py [--kills 200] [--seed 1] [--json FILE]

Every try encodes a small clip in six segments with ``--resume`` in a process of its own, kills it
with SIGKILL after a random time, and goes on with the same command until it ends by itself. The
processes are forked from one that has everything imported, and note every fit they begin and
every one that was kept, so that a segment fitted twice is seen.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

import torch  # noqa: E402

from lincodec.cli.main import run  # noqa: E402
from lincodec.decoder.verify import verify  # noqa: E402
from lincodec.encoder import journal  # noqa: E402
from lincodec.encoder.engine import Fitted, SegmentTask  # noqa: E402
from lincodec.encoder.linc.engine import LincEngine  # noqa: E402
from lincodec.errors import LincError  # noqa: E402
from tools import made_inputs  # noqa: E402

SEGMENTS, FRAMES = 6, 24
SETTINGS = ["--segment", "4", "--preset", "fast", "--network", "--max-time", "1.5", "-q"]


class Failed(AssertionError):
    """What must not happen."""


def noting(log: Path) -> None:
    """From now on this process writes a line for every fit it begins and every segment it keeps."""
    fit, append = LincEngine.fit, journal.Journal.append

    def line(text: str) -> None:
        handle = os.open(log, os.O_APPEND | os.O_CREAT | os.O_WRONLY)
        os.write(handle, f"{text}\n".encode())
        os.close(handle)

    def noted_fit(self: LincEngine, task: SegmentTask) -> Fitted:
        line(f"fit {task.part.first}")
        return fit(self, task)

    def noted_append(self: journal.Journal, part: Any, packed: Any) -> None:
        append(self, part, packed)
        line(f"kept {part.first}")

    LincEngine.fit = noted_fit  # type: ignore[method-assign]
    journal.Journal.append = noted_append  # type: ignore[method-assign]


def child(arguments: list[str], log: Path) -> int:
    """Fork a process that runs one command line; its id."""
    pid = os.fork()
    if pid == 0:
        noting(log)
        os._exit(run(arguments))
    return pid


def one_try(source: Path, folder: Path, chance: random.Random, longest: float) -> int:
    """Encode with kills until it is done; the number of kills."""
    output, log = folder / "out.linc", folder / "log"
    arguments = ["encode", str(source), "-o", str(output), *SETTINGS, "--resume"]
    kills = 0
    while True:
        pid = child(arguments, log)
        if kills < 20:
            time.sleep(chance.uniform(0.0, longest))
            os.kill(pid, signal.SIGKILL)
        _, status = os.waitpid(pid, 0)
        if os.WIFEXITED(status):
            break
        kills += 1
        if output.exists():
            break  # killed after the file was complete and in place
    if os.WIFEXITED(status) and os.WEXITSTATUS(status) not in (0, 2):
        raise Failed(f"exit code {os.WEXITSTATUS(status)}")
    check(output, log)
    return kills


def check(output: Path, log: Path) -> None:
    """The file is sound, no finished segment was fitted again, nothing else is left."""
    found = verify(output)
    if (found.segments, found.frames) != (SEGMENTS, FRAMES):
        raise Failed(f"{found.segments} segments, {found.frames} frames")
    kept: set[str] = set()
    for line in log.read_text().splitlines():
        what, first = line.split()
        if what == "fit" and first in kept:
            raise Failed(f"the segment at frame {first} was fitted again")
        if what == "kept":
            kept.add(first)
    log.unlink()
    output.unlink()
    # a kill between the rename and the end leaves the journal: the output is whole without it
    with contextlib.suppress(FileNotFoundError):
        journal.journal_path(output).unlink()
    left = [path.name for path in output.parent.iterdir()]
    if left:
        raise Failed(f"left behind: {left}")


def killed(count: int, seed: int) -> dict[str, Any]:
    """``count`` kills, spread over as many encodes as they take."""
    chance = random.Random(seed)
    with tempfile.TemporaryDirectory() as name:
        source = made_inputs.write(Path(name) / "in.mp4", "libx264", "yuv420p", frames=FRAMES)
        folder = Path(name) / "work"
        folder.mkdir()
        begun = time.monotonic()
        plain = ["encode", str(source), "-o", str(folder / "o.linc"), *SETTINGS]
        pid = child(plain, folder / "log")
        os.waitpid(pid, 0)
        whole = time.monotonic() - begun
        shutil.rmtree(folder)
        folder.mkdir()
        kills = encodes = 0
        while kills < count:
            kills += one_try(source, folder, chance, 1.1 * whole)
            encodes += 1
            print(f"{kills} kills, {encodes} encodes", flush=True)
    return {"kills": kills, "encodes": encodes, "fitted_twice": 0, "seconds": round(whole, 1)}


def small_disk(source: Path) -> str:
    """Encode onto a file system of 64 kB; what could not be tried is said."""
    folder = Path(tempfile.mkdtemp())
    try:
        mounted = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)], capture_output=True
        )
        if mounted.returncode:
            return "not tried: no right to mount a small file system"
        try:
            (folder / "filler").write_bytes(bytes(56 * 1024))
            output = folder / "out.linc"
            given = ["encode", str(source), "-o", str(output), "--preset", "instant", "-q"]
            code = run([*given, "--quality", "4"])
            left = sorted(path.name for path in folder.iterdir())
            if code != 8 or left != ["filler"]:
                raise Failed(f"exit code {code}, left {left}")
            (folder / "filler").unlink()
            if run(given) != 0:
                raise Failed("did not work with the disk freed")
            return "exit code 8, nothing left; works when freed"
        finally:
            subprocess.run(["umount", str(folder)], check=True)
    finally:
        folder.rmdir()


def little_memory(folder: Path) -> str:
    """Decode at 8k with less memory than one batch at a time takes."""
    source = made_inputs.write(folder / "in.mp4", "libx264", "yuv420p", frames=4)
    linc = folder / "in.linc"
    if run(["encode", str(source), "-o", str(linc), "--preset", "instant", "-q"]) != 0:
        raise Failed("could not make the file")
    pid = os.fork()
    if pid == 0:
        now = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (now + (300 << 20),) * 2)
        os._exit(run(["decode", str(linc), "--format", "null", "--res", "8k", "-q"]))
    _, status = os.waitpid(pid, 0)
    code = os.waitstatus_to_exitcode(status)
    if code not in (0, 8):
        raise Failed(f"exit code {code} with little memory")
    return f"exit code {code}"


def main() -> int:
    """All of it; exit 1 when something failed."""
    parser = argparse.ArgumentParser(description="kills, full disks, little memory")
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    torch.set_num_threads(1)
    found: dict[str, Any] = {}
    try:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            source = made_inputs.write(folder / "disk.mp4", "libx264", "yuv420p", frames=24)
            found["little memory"] = little_memory(folder)
            found["full disk"] = small_disk(source)
        print(found, flush=True)
        found["kill -9"] = killed(given.kills, given.seed)
    except (Failed, LincError) as error:
        found["failed"] = str(error)
    print(json.dumps(found, indent=1))
    if given.json:
        given.json.write_text(json.dumps(found, indent=1) + "\n")
    return 1 if "failed" in found else 0


if __name__ == "__main__":
    sys.exit(main())
