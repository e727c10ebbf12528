"""Files beside .linc files, and arguments, as hostile input: refused in a line, or used soundly.

    python fuzz/beside.py [--count 10000] [--seed 1] [--only journal]

Every target takes a sound example, changes it and hands it to what reads it. What is raised
on purpose is fine; anything else is an escape, and ends the run with 1.
"""

from __future__ import annotations

import argparse
import collections
import contextlib
import io
import json
import os
import random
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
sys.path[:0] = [str(ROOT), str(HERE)]

import lincodec  # noqa: E402
from lincodec.cli import config  # noqa: E402
from lincodec.cli.main import run  # noqa: E402
from lincodec.container import LincFile, pack_section  # noqa: E402
from lincodec.encoder.engine import SegmentPlan  # noqa: E402
from lincodec.encoder.journal import Journal  # noqa: E402
from lincodec.encoder.measure import Figures  # noqa: E402
from lincodec.encoder.segments import Range  # noqa: E402
from lincodec.errors import LincError  # noqa: E402
from lincodec.plots.rd import read_results  # noqa: E402
from lincodec.semantics.index import Index  # noqa: E402
from lincodec.semantics.salvage import rebuild  # noqa: E402
from lincodec.types import VideoInfo  # noqa: E402
from lincodec.video.reader import FrameReader  # noqa: E402
from lincodec.video.y4m import Y4mWriter  # noqa: E402

GOOD = ROOT / "format_spec" / "vectors" / "good"
#: Bytes that text formats and numbers turn on.
_TOKENS = (
    b"\0", b"\xff", b'"', b"[", b"]", b"{", b"}", b"null", b"1e999", b"-1", b"NaN", b"\n", b" ",
    b"9" * 40, b"[" * 200, b"true", b"..", b"/", b"\xf0\x9f", b"=", b":", b",", b"0x1",
)  # fmt: skip

Act = Callable[[random.Random], None]


def changed(data: bytes, chance: random.Random) -> bytes:
    """One to four changes anywhere: bytes, tokens, parts lost or doubled."""
    out = bytearray(data)
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(out) + 1)
        kind = chance.randrange(5)
        if kind == 0 and out:
            out[at % len(out)] = chance.randrange(256)
        elif kind == 1:
            out[at:at] = chance.choice(_TOKENS)
        elif kind == 2:
            del out[at : at + chance.choice((1, 2, 8, 64))]
        elif kind == 3:
            out[at:at] = out[at : at + chance.choice((1, 8, 64))]
        else:
            token = chance.choice(_TOKENS)
            out[at : at + len(token)] = token
    return bytes(out)


@contextlib.contextmanager
def journal(folder: Path) -> Iterator[Act]:
    """A journal with every kind of record; frames of sections are right again after a change."""
    path = folder / ".o.linc.journal"
    with path.open("w+b") as file:
        made = Journal(path, file)
        made.settle({"linc": "1", "preset": "fast"})
        made.note_temporary(folder / ".o.linc.tmp01234567.linc")
        made.note_cut(Range(0, 8, False), [SegmentPlan(Range(0, 8, False), True)])
        with (GOOD / "good-minimal.linc").open("rb") as stream:
            data = LincFile(stream).read_segment(0)
        part = Range(data.header.first_frame, data.header.n_frames, data.header.continues)
        made.append(part, (data.header, data.wgts, data.lats))
        made.measure(part, Figures(b"digest", (1.0,), (40.0,), None))
    sound = path.read_bytes()
    title, records = sound.split(b"\n", 1)

    def act(chance: random.Random) -> None:
        at, out = 0, bytearray(title + b"\n")
        while at < len(records):
            size = int.from_bytes(records[at + 4 : at + 8], "little")
            payload = records[at + 8 : at + 8 + size]
            if chance.random() < 0.4:
                payload = changed(payload, chance)
            out += pack_section(records[at : at + 4], payload)
            at += 12 + size
        path.write_bytes(out if chance.random() < 0.9 else changed(bytes(out), chance))
        victim = folder / "victim.txt"
        victim.touch()
        with path.open("a+b") as file:
            file.seek(0)
            found = Journal(path, file)
            found.sweep()
            for whole in (Range(0, 8, False), part):
                for plan in found.cut(whole) or ():
                    found.figures(plan.part)
                found.segment(whole)
                found.result(whole)
        assert victim.exists(), "a journal removed a file that is not linc's"

    yield act


@contextlib.contextmanager
def index(folder: Path) -> Iterator[Act]:
    """An index of two files; every few tries it is rebuilt and must then hold them."""
    files = [folder / "a.linc", folder / "b.linc"]
    for path, name in zip(files, ("good-aligned", "good-aligned-segments"), strict=True):
        shutil.copy(GOOD / f"{name}.linc", path)
    home = folder / "index"
    with Index(home) as opened:
        opened.add([str(path) for path in files])
    database = home / "index.sqlite"
    sound = database.read_bytes()

    def act(chance: random.Random) -> None:
        for path in home.glob("index.sqlite-*"):
            path.unlink()
        data = bytearray(sound)
        for _ in range(chance.choice((1, 1, 2, 8, 64))):
            data[chance.randrange(len(data))] = chance.randrange(256)
        database.write_bytes(data if chance.random() < 0.8 else changed(bytes(sound), chance))
        try:
            with Index(home) as opened:
                opened.store.files()
                for space in opened.store.spaces():
                    for level in (0, 1):
                        query = np.ones(max(1, min(space.dimension, 64)), np.float32)
                        opened.search(space, query, level, 3)
                opened.add([str(files[0])])
                opened.remove([str(files[0])])
        except LincError:
            pass
        if chance.random() < 0.05:
            with contextlib.suppress(LincError):  # not a name was left
                rebuild(str(home))

    yield act


@contextlib.contextmanager
def settings(folder: Path) -> Iterator[Act]:
    """The configuration file."""
    path = folder / "linc.toml"
    sound = b"""[encode]
preset = "fast"
quality = 20.5
max-time = "10m"
frames = 12
scene-cut = true
tag = ["a=b", "c=d"]
[presets.mine]
base = "medium"
quality = 21
[decode]
res = "4k"
"""

    def act(chance: random.Random) -> None:
        path.write_bytes(changed(sound, chance))
        config.read(path)
        code = quietly(["--config", str(path), "encode", "nowhere.mp4"])
        assert code in (2, 3), f"exit code {code}"

    yield act


@contextlib.contextmanager
def plot(folder: Path) -> Iterator[Act]:
    """What a benchmark wrote."""
    path = folder / "rd.json"
    quality = {"psnr_rgb": 30.1, "psnr_y": 31.5, "psnr_yuv": 32.0, "ms_ssim": 0.95}
    points = [{"codec": "linc", "setting": "q 20", "bpp": 0.1, "quality": quality}]
    clip = {"name": "a.mp4", "width": 64, "height": 48, "frames": 10}
    sound = json.dumps({"clip": clip, "points": points * 2}).encode()

    def act(chance: random.Random) -> None:
        path.write_bytes(changed(sound, chance))
        read_results(str(path))

    yield act


@contextlib.contextmanager
def y4m(folder: Path) -> Iterator[Act]:
    """YUV4MPEG2 in a file."""
    path, out = folder / "a.y4m", io.BytesIO()
    info = VideoInfo(8, 4, Fraction(25), bit_depth=10)
    writer = Y4mWriter(out, info)
    for _ in range(3):
        writer.write(tuple(np.zeros(size, np.uint16) for size in info.plane_sizes))
    sound = out.getvalue()

    def act(chance: random.Random) -> None:
        data = changed(sound[:120], chance) + sound[120:]
        path.write_bytes(data if chance.random() < 0.7 else changed(data, chance))
        with FrameReader(str(path)) as reader:
            for number, _ in enumerate(reader):
                if number > 16:
                    break

    yield act


#: Values that callers and shells hand over.
_ODD = (
    "", "nan", "inf", "-1", "0", "1/0", "1e308", "9" * 30, "\0", "é", "\udcff", "x2", "4k", "0x0",
    "99999999x2", "1:2:3", "-0.5", "none", "auto", "a=b", "=", "%d", "../x", "-", "--", "1f", "3/2",
)  # fmt: skip


@contextlib.contextmanager
def interface(folder: Path) -> Iterator[Act]:
    """The Python interface."""
    path = str(GOOD / "good-minimal.linc")
    values: tuple[object, ...] = (
        None, -1, 0, 1, 2, 10**12, -(10**12), 0.5, float("nan"), float("inf"), "1", "", (0, 0),
        [], slice(None), slice(5, 1, -1), True, b"x", Fraction(1, 3), np.int64(3), np.float32(0.2),
    )  # fmt: skip

    def act(chance: random.Random) -> None:
        value, other = chance.choice(values), chance.choice(values)
        try:
            with lincodec.open(path) as video:
                kind = chance.randrange(5)
                if kind == 0:
                    video[value]  # type: ignore[index]
                elif kind == 1:
                    video.frames_at([value])  # type: ignore[list-item]
                elif kind == 2:
                    video.frames_played_at([value])  # type: ignore[list-item]
                elif kind == 3:
                    next(iter(video.frames(value, other)))  # type: ignore[arg-type]
                else:
                    lincodec.decode(path, str(folder / "o.y4m"), overwrite=True, fps_scale=value)
        except (LincError, IndexError, TypeError, ValueError, OverflowError, StopIteration):
            pass

    yield act


@contextlib.contextmanager
def arguments(folder: Path) -> Iterator[Act]:
    """The command line; nothing that encodes, for that takes its time."""
    path = str(GOOD / "good-minimal.linc")
    options = {
        "info": ("--json", "--sections", "--bogus"),
        "verify": ("--structure", "--json", "--frames", "--limit", "--render"),
        "frame": ("-t", "--res", "--crop", "--contact-sheet", "--json", "-o"),
        "decode": ("--res", "--fps", "--fps-scale", "--speed", "--crop", "--start", "--end",
                   "--crf", "--codec", "--map", "--frames", "--format", "--limit", "--enc-opt"),
        "cut": ("--start", "--end", "--frames", "-o"),
        "encode": ("--quality", "--psnr", "--bpp", "--size", "--bitrate", "--max-time",
                   "--start", "--map", "--tag", "--segment", "--preset"),
        "index": ("list", "add", "--index", "--json"),
        "presets": ("--json",),
        "nothing": ("--json",),
    }  # fmt: skip

    def act(chance: random.Random) -> None:
        command = chance.choice(list(options))
        words = [command]
        if chance.random() < 0.9:
            words.append("nowhere.mp4" if command == "encode" else path)
        for _ in range(chance.randint(0, 3)):
            words.append(chance.choice(options[command]))
            if chance.random() < 0.8:
                words.append(chance.choice(_ODD))
        if command == "decode":
            words += ["--format", "null", "-y"]
        elif command in ("frame", "cut"):
            words += ["-o", str(folder / f"o.{'png' if command == 'frame' else 'linc'}"), "-y"]
        code = quietly(words)
        assert code != 1, f"exit code 1 of {words}"

    yield act


TARGETS: dict[str, Callable[[Path], contextlib.AbstractContextManager[Act]]] = {
    "journal": journal,
    "index": index,
    "config": settings,
    "plot": plot,
    "y4m": y4m,
    "api": interface,
    "cli": arguments,
}


def quietly(words: list[str]) -> int:
    """Exit code of a command line, what it prints thrown away."""
    sink = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", errors="replace")
    with contextlib.redirect_stdout(sink), contextlib.redirect_stderr(sink):
        return run(words)


def fuzz(name: str, count: int, seed: int) -> collections.Counter[str]:
    """Run a target so many times; how each ended.

    Raises:
        AssertionError: something escaped; says with which seed.
    """
    ends: collections.Counter[str] = collections.Counter()
    before = Path.cwd()
    with tempfile.TemporaryDirectory() as text:
        folder = Path(text)
        os.chdir(folder)
        try:
            with TARGETS[name](folder) as act:
                for number in range(count):
                    chance = random.Random(f"{name} {seed} {number}")
                    try:
                        act(chance)
                        ends["used"] += 1
                    except LincError as error:
                        ends[type(error).__name__] += 1
                    except BaseException as error:
                        raise AssertionError(f"{name}, seed {seed}, number {number}") from error
        finally:
            os.chdir(before)
    return ends


def main() -> int:
    """Run targets and print counts."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", choices=list(TARGETS), action="append")
    given = parser.parse_args()
    for name in given.only or TARGETS:
        ends = fuzz(name, given.count, given.seed)
        print(f"{name}: {given.count} tries, {dict(ends)}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
