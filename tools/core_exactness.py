"""Every frame of every case from every build of the core, compared.

    python tools/core_exactness.py [--mutations 2000] [CASE...]

Builds: the two libraries that are shipped (through ctypes), gcc -O2 and -O3, clang, aarch64 by zig
under qemu-user, WebAssembly under Node; 1, 2 and 4 threads. What this machine lacks is named and
left out; ``--all`` makes that an error. Broken variants of the cases are decoded by every build as
well: the status must agree, and the samples of those that still decode.
"""

from __future__ import annotations

import argparse
import ctypes
import functools
import shutil
import struct
import subprocess
import sys
import tempfile
import zlib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import core_build
import core_cases
import core_harness
from core_build import CORE, ROOT, ZIG, BuildError

sys.path.insert(0, str(ROOT))

from lincodec.core.library import load
from lincodec.core.signatures import FrameInfo, MixShape, Parameters

BUILD = core_harness.BUILD
#: In the place of the chroma format: a spectral tensor of the mixing coder (``tests/core/case.h``).
_MIX = 128
Runner = Callable[[Sequence[Path]], str]


def _planes(p: Parameters) -> list[int]:
    """Bytes of a row and rows of every plane."""
    sample = 2 if p.depth > 8 else 1
    width = (p.width + 1) // 2 if p.chroma in (1, 2) else p.width
    height = (p.height + 1) // 2 if p.chroma == 1 else p.height
    luma = [(p.width * sample, p.height)]
    return luma if p.chroma == 0 else [*luma, *[(width * sample, height)] * 2]


def _case_by_library(core: ctypes.CDLL, data: bytes) -> tuple[int, list[int]]:
    width, height, chroma, depth, frames = struct.unpack_from("<HHBBH", data)
    if chroma >= _MIX:
        return _tensor_by_library(core, data)
    parameters = Parameters(width, height, chroma, depth, frames)
    stream, segment, info = data[8:], ctypes.c_void_p(), FrameInfo()
    if status := core.linc_segment_open(stream, len(stream), parameters, ctypes.byref(segment)):
        return status, []
    digests = [0] * frames
    try:
        for record in range(frames):
            for step in (core.linc_segment_parse, core.linc_segment_reconstruct):
                if status := step(segment, record):
                    return status, []
            digest = 0
            for plane, (stride, rows) in enumerate(_planes(parameters)):
                out = ctypes.create_string_buffer(stride * rows)
                if status := core.linc_segment_output(
                    segment, record, plane, out, stride, stride * rows
                ):
                    return status, []
                digest = zlib.crc32(out.raw, digest)
            core.linc_segment_frame(segment, record, info)
            digests[info.display] = digest
    finally:
        core.linc_segment_close(segment)
    return 0, digests


def _tensor_by_library(core: ctypes.CDLL, data: bytes) -> tuple[int, list[int]]:
    width, height, chroma, depth, frames = struct.unpack_from("<HHBBH", data)
    planes, halves = chroma & 3, [depth if not chroma & bit else (depth + 1) // 2 for bit in (8, 4)]
    shape = MixShape(frames, planes, height, width)
    shape.height[:], shape.width[:] = ([depth, half, half] for half in halves)
    mix, found, digests = ctypes.c_void_p(), (ctypes.c_int64 * 3)(), []
    stream = data[8:]  # has to stay while it is read
    if status := core.linc_mix_open(shape, stream, len(stream), mix):
        return status, []
    try:
        for _ in range(frames):
            if status := core.linc_mix_read(mix, found):
                return status, []
            digest = 0
            for plane in range(planes):
                count = found[plane]
                where, values = (ctypes.c_int32 * count)(), (ctypes.c_int32 * count)()
                if status := core.linc_mix_take(mix, plane, where, values, count):
                    return status, []
                digest = zlib.crc32(bytes(values), zlib.crc32(bytes(where), digest))
            digests.append(digest)
        status = core.linc_mix_ended(mix)
        return status, [] if status else digests
    finally:
        core.linc_mix_close(mix)


def by_library(level: int, threads: int, cases: Sequence[Path]) -> str:
    """The shipped library, as Python calls it; threads decode different cases."""
    core = load(CORE, level)
    with ThreadPoolExecutor(threads) as pool:
        outcomes = list(pool.map(lambda case: _case_by_library(core, case.read_bytes()), cases))
    lines = []
    for case, (status, digests) in zip(cases, outcomes, strict=True):
        lines += [f"{case.name} {i} {digest:08x}" for i, digest in enumerate(digests)]
        lines.append(f"{case.name} status {status}")
    return "\n".join(lines) + "\n"


def by_command(command: Sequence[str | Path], cases: Sequence[Path]) -> str:
    """A program that prints what the harness prints."""
    done = subprocess.run([*command, *cases], capture_output=True, text=True)
    return done.stdout if done.returncode == 0 else f"exit {done.returncode}\n{done.stderr}"


def harnesses(left_out: list[str]) -> dict[str, list[str | Path]]:
    """Name and command of every harness that this machine can build and run."""
    aarch64 = [*ZIG, "-target", "aarch64-linux-musl", "-static", "-fno-sanitize=all", "-O3"]
    makers: dict[str, tuple[list[str], list[str]]] = {
        "gcc -O2": (["gcc", "-O2"], []),
        "gcc -O3": (["gcc", "-O3", "-march=native"], []),
        "clang -O1": (["clang", "-O1"], []),
        "aarch64": (aarch64, ["qemu-aarch64"]),
    }
    made: dict[str, list[str | Path]] = {}
    for name, (compiler, runner) in makers.items():
        missing = [tool for tool in (compiler[0], *runner) if not shutil.which(tool)]
        if missing:
            left_out.append(f"{name}: no {missing[0]}")
            continue
        out = BUILD / f"harness-{name.replace(' ', '')}"
        made[name] = [*runner, core_harness.compile_harness(out, compiler)]
    return made


def runners(left_out: list[str]) -> dict[str, Runner]:
    """Every way to decode cases; those that end in "threads" use several."""
    core_build.build(core_build.here(), CORE)
    ways: dict[str, Runner] = {}
    for level in (2, 3):
        if level == 3 and load(CORE, 2).linc_cpu_level() < 3:
            left_out.append("library v3: an older processor")
            continue
        ways[f"library v{level}"] = functools.partial(by_library, level, 1)
        ways[f"library v{level}, 4 threads"] = functools.partial(by_library, level, 4)
    for name, command in harnesses(left_out).items():
        ways[name] = functools.partial(by_command, command)
        for threads in (2, 4):
            ways[f"{name}, {threads} threads"] = functools.partial(
                by_command, [*command, "-t", str(threads)]
            )
    if shutil.which("node"):
        wasm = ROOT / "build" / "linc_core.wasm"
        core_build.build_wasm(wasm)
        script = core_harness.TESTS / "frames.mjs"
        ways["wasm"] = functools.partial(by_command, ["node", script, wasm])
    else:
        left_out.append("wasm: no node")
    return ways


def make_variants(cases: Sequence[Path], count: int, folder: Path) -> list[Path]:
    """Broken variants of the cases."""
    harness = core_harness.compile_harness(BUILD / "harness", [*core_harness.any_compiler(), "-O2"])
    subprocess.run([harness, "-m", str(count), "-w", folder, *cases], check=True)
    return sorted(folder.glob("broken-*.case"))


def compare(outcomes: dict[str, str]) -> list[str]:
    """The lines that differ from those of the first outcome."""
    (first, expected), *others = outcomes.items()
    differences = []
    for name, outcome in others:
        pairs = zip(expected.splitlines(), outcome.splitlines(), strict=False)
        differing = [f"  {first}: {a}\n  {name}: {b}" for a, b in pairs if a != b]
        if outcome != expected:
            differing = differing or ["  one says more than the other"]
            differences.append(
                f"{name} differs in {len(differing)} lines:\n" + "\n".join(differing[:3])
            )
    return differences


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--mutations", type=int, default=2000)
    parser.add_argument("--all", action="store_true", help="fail where a build cannot be had")
    parser.add_argument("cases", type=Path, nargs="*")
    chosen = parser.parse_intermixed_args()
    left_out: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        cases = core_cases.make_cases(chosen.cases, Path(folder))
        ways = runners(left_out)
        sound = {name: way(cases) for name, way in ways.items()}
        frames = sum(" status " not in line for line in sound["library v2"].splitlines())
        print(f"{len(cases)} cases, {frames} frames by {len(ways)} ways: {'; '.join(ways)}")
        differences = compare(sound)
        if chosen.mutations:
            variants = make_variants(cases, chosen.mutations, Path(folder))
            # With threads it depends on the moment which of several errors comes first.
            alone = {name: way(variants) for name, way in ways.items() if "threads" not in name}
            decoded = alone["library v2"].count(" status 0\n")
            print(f"{len(variants)} broken variants by {len(alone)} builds, {decoded} still decode")
            differences += compare(alone)
    for line in [f"left out: {reason}" for reason in left_out] + differences:
        print(line)
    if not differences:
        print("all equal")
    return bool(differences) or (chosen.all and bool(left_out))


if __name__ == "__main__":
    try:
        sys.exit(main())
    except BuildError as error:
        sys.exit(f"core_exactness: {error}")
