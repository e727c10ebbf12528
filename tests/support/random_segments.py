"""Partitioned segments of random decisions, with every element of the syntax, from a C program."""

from __future__ import annotations

import functools
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from lincodec.core.partitioned import PartitionedDecoder
from lincodec.registry import Chroma

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))

import core_harness  # noqa: E402


@dataclass(frozen=True)
class RandomSegment:
    """A segment and what a container knows about it."""

    payload: bytes
    width: int
    height: int
    chroma: Chroma
    depth: int
    frames: int

    def decoder(self, **options: int) -> PartitionedDecoder:
        """A decoder of it."""
        shape = (self.width, self.height, self.chroma, self.depth, self.frames)
        return PartitionedDecoder(self.payload, *shape, **options)


@functools.cache
def random_segment(
    seed: int,
    width: int = 72,
    height: int = 40,
    chroma: Chroma = Chroma.YUV420,
    depth: int = 8,
    frames: int = 9,
) -> RandomSegment:
    """A segment of random frames that refer to one another at random."""
    numbers = (seed, width, height, int(chroma), depth, frames)
    done = subprocess.run([_program("one_case"), *map(str, numbers)], capture_output=True)
    assert done.returncode == 0, done.stderr
    return RandomSegment(done.stdout[_HEADER:], width, height, chroma, depth, frames)


def crcs(segment: RandomSegment, folder: Path) -> list[int]:
    """CRC-32 of every frame, in display order, from the harness in C."""
    path = folder / "random.case"
    numbers = (segment.width, segment.height)
    header = b"".join(n.to_bytes(2, "little") for n in numbers)
    header += bytes([segment.chroma, segment.depth]) + segment.frames.to_bytes(2, "little")
    path.write_bytes(header + segment.payload)
    done = subprocess.run([_program("harness"), path], capture_output=True, text=True, check=True)
    return [int(line.split()[2], 16) for line in done.stdout.splitlines()[: segment.frames]]


_HEADER = 8


@functools.cache
def _program(name: str) -> Path:
    """A program of ``tests/core``, compiled when a source is newer."""
    files = [core_harness.TESTS / "mutate.c", core_harness.TESTS / f"{name}.c"]
    if name == "one_case":
        files += [core_harness.TESTS / f"random_{part}.c" for part in ("segment", "decisions")]
    out: Path = core_harness.BUILD / name
    sources = [*core_harness.TESTS.glob("*.[ch]"), *core_harness.CORE.glob("*.[ch]")]
    if not out.exists() or out.stat().st_mtime < max(path.stat().st_mtime for path in sources):
        compiler = shutil.which("gcc") or shutil.which("clang")
        command = [compiler, "-O1"] if compiler else core_harness.STATIC
        core_harness.compile_program(out, command, *files)
    return out
