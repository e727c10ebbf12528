"""Ctrl-C at any moment of any command: it ends soon, says so, and leaves nothing half done.

    python fuzz/interrupts.py [--count 200] [--seed 1] [--clip FILE]

Commands are started one after the other and interrupted after a random time; an encode twice, for
the first time asks it to finish. One that is still there ten seconds later, ends in another code
than 130 (or 0, where it was done before), or leaves a temporary file, ends the run with 1.
"""

from __future__ import annotations

import argparse
import collections
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
GOOD = ROOT / "format_spec" / "vectors" / "good"
#: Seconds that a command may take to end.
_PATIENCE = 10.0


def commands(folder: Path, clip: Path) -> dict[str, list[str]]:
    """Command lines by name; every one writes into ``folder``."""
    a, b = (str(folder / name) for name in ("a.linc", "b.linc"))
    return {
        "index add": ["index", "add", str(folder / "aligned"), "--index", str(folder / "ix")],
        "encode": ["encode", str(clip), "-o", str(folder / "new.linc"), "-y"],
        "decode": ["decode", a, "-o", str(folder / "o.mp4"), "-y", "--res", "x4"],
        "decode y4m": ["decode", a, "-o", str(folder / "o.y4m"), "-y"],
        "pictures": ["decode", a, "-o", str(folder / "p_%04d.png"), "-y"],
        "frame": ["frame", a, "-o", str(folder / "o.png"), "-y", "--contact-sheet", "3x3"],
        "verify": ["verify", a],
        "info": ["info", a, "--json"],
        "compare": ["compare", str(clip), a],
        "cut": ["cut", a, "-o", str(folder / "cut.linc"), "-y", "--end", "1"],
        "concat": ["concat", a, b, "-o", str(folder / "both.linc"), "-y"],
        "presets": ["presets"],
    }


def interrupted(words: list[str], after: float, times: int) -> tuple[int | None, str]:
    """Exit code, None where it did not end, and what was said on standard error."""
    process = subprocess.Popen(
        [sys.executable, "-m", "lincodec", *words],
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)}, start_new_session=True,
    )  # fmt: skip
    time.sleep(after)
    for _ in range(times):
        process.send_signal(signal.SIGINT)
        time.sleep(0.3)
    try:
        _, said = process.communicate(timeout=_PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        _, said = process.communicate()
        return None, said
    return process.returncode, said


def main() -> int:
    """Interrupt commands and print counts."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--clip", type=Path, required=True)
    given = parser.parse_args()
    chance = random.Random(given.seed)
    ends: dict[str, collections.Counter[str]] = collections.defaultdict(collections.Counter)
    with tempfile.TemporaryDirectory() as text:
        folder = Path(text)
        (folder / "aligned").mkdir()
        for number in range(200):
            shutil.copy(GOOD / "good-aligned.linc", folder / "aligned" / f"{number}.linc")
        for name in ("a.linc", "b.linc"):
            options = ["-o", str(folder / name), "--preset", "instant", "--frames", "60", "-q"]
            words = [sys.executable, "-m", "lincodec", "encode", str(given.clip), *options]
            subprocess.run(words, check=True, env={**os.environ, "PYTHONPATH": str(ROOT)})
        known = commands(folder, given.clip.resolve())
        names = list(known)
        for number in range(given.count):
            name = names[number % len(names)]
            times = 2 if name == "encode" else 1
            code, said = interrupted(known[name], chance.uniform(0.02, 1.5), times)
            left = [path.name for path in folder.rglob(".*.linc.tmp*")]
            # before linc itself had begun; then Python says what it will
            early = code == -signal.SIGINT or "Fatal Python error" in said or "<frozen" in said
            ends[name]["before it began" if early else str(code)] += 1
            if (code not in (0, 130) and not early) or left or ("Traceback" in said and not early):
                print(f"{name}, number {number}: exit code {code}, left {left}\n{said}")
                return 1
    for name, found in ends.items():
        print(f"{name}: {dict(found)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
