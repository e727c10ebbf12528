"""Builds of the C harness (``tests/core/harness.c``): the core with any compiler, any check.

    python tools/core_harness.py sanitize [--mutations 300000] [CASE...]
    python tools/core_harness.py fuzz --minutes 30 [CASE...]

``sanitize`` decodes every case and then broken variants of them under AddressSanitizer and
UndefinedBehaviorSanitizer (gcc, or clang if there is no gcc). ``fuzz`` runs libFuzzer (clang) under
the same two. A CASE is a segment (.case) or a file (.linc); without any, random ones and the vectors.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import core_build
from core_build import CORE, ROOT, BuildError

TESTS = ROOT / "tests" / "core"
FUZZ = ROOT / "fuzz"
BUILD = ROOT / "build" / "core"

SANITIZERS = ("-g", "-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")
#: zig, for programs that run on any Linux of this machine's kind.
STATIC = (
    *core_build.ZIG, "-target", f"{platform.machine()}-linux-musl", "-static", "-fno-sanitize=all",
)  # fmt: skip

#: gcc and clang are given the warnings that the sources are kept free of.
WARNINGS = (
    "-Wall", "-Wextra", "-Wshadow", "-Wstrict-prototypes", "-Wmissing-prototypes", "-Wvla",
    "-Wno-psabi",
)  # fmt: skip


def decoder() -> list[Path]:
    """Sources of the core but the encoder's: the decoder has to do without them."""
    return [path for path in core_build.sources() if not path.name.startswith("enc_")]


def compile_program(out: Path, command: Sequence[str], *files: Path) -> Path:
    """The decoder and one program of the tests as an executable."""
    core_build.compile_into(
        [*command, *core_build.COMMON, "-D_GNU_SOURCE", "-pthread", "-I", CORE, "-I", TESTS,
         *decoder(), TESTS / "case.c", *files],
        out,
    )  # fmt: skip
    return out


def compile_harness(out: Path, command: Sequence[str], main: Path = TESTS / "harness.c") -> Path:
    """A program that decodes cases and breaks them."""
    return compile_program(out, command, TESTS / "mutate.c", main)


def any_compiler() -> list[str]:
    """gcc or clang; else zig, which first has to compile a C library."""
    found = shutil.which("gcc") or shutil.which("clang")
    return [found] if found else list(STATIC)


def compiler(*names: str) -> str:
    """The first of these compilers that there is."""
    for name in names:
        if shutil.which(name):
            return name
    raise BuildError(f"needs {' or '.join(names)}: apt-get install {names[0]}")


def sanitize(cases: Sequence[Path], mutations: int) -> None:
    """Decode every case, then broken variants, with sanitizers that end the program at a report."""
    command = [compiler("gcc", "clang"), *SANITIZERS, *WARNINGS]
    harness = compile_harness(BUILD / "harness-sanitize", command)
    for threads in (1, 4):
        subprocess.run([harness, "-t", str(threads), *cases], check=True, stdout=subprocess.DEVNULL)
    print(f"{len(cases)} sound cases, 1 and 4 threads: no report", flush=True)
    keep = BUILD / "last.case"
    began = time.monotonic()
    subprocess.run([harness, "-m", str(mutations), "-k", keep, *cases], check=True)
    print(f"{mutations} broken variants: no report, {time.monotonic() - began:.0f} s")


def fuzz(cases: Sequence[Path], minutes: float) -> None:
    """Run libFuzzer from the cases; what it finds interesting stays in ``fuzz/corpus/core``."""
    command = [compiler("clang"), *SANITIZERS, "-fsanitize=fuzzer"]
    target = compile_harness(BUILD / "core_target", command, FUZZ / "core_target.c")
    corpus, escapes = FUZZ / "corpus" / "core", FUZZ / "escapes"
    corpus.mkdir(parents=True, exist_ok=True)
    escapes.mkdir(parents=True, exist_ok=True)
    for case in cases:
        shutil.copy(case, corpus)
    subprocess.run(
        [target, f"-max_total_time={minutes * 60:.0f}", "-max_len=65536", "-timeout=20",
         "-rss_limit_mb=4096", "-print_final_stats=1", f"-artifact_prefix={escapes}{os.sep}",
         corpus],
        check=True,
    )  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("what", choices=["sanitize", "fuzz"])
    parser.add_argument("--mutations", type=int, default=300_000)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("cases", type=Path, nargs="*")
    chosen = parser.parse_intermixed_args()
    try:
        import core_cases

        cases = core_cases.make_cases(chosen.cases, BUILD / "cases")
        if chosen.what == "sanitize":
            sanitize(cases, chosen.mutations)
        else:
            fuzz(cases, chosen.minutes)
    except (BuildError, subprocess.CalledProcessError) as error:
        sys.exit(f"core_harness: {error}")


if __name__ == "__main__":
    main()
