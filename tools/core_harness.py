"""Compiles the programs of ``tests/core`` with the decoder in them: any compiler, any check."""

from __future__ import annotations

import platform
import shutil
from collections.abc import Sequence
from pathlib import Path

import core_build
from core_build import CORE, ROOT, BuildError

TESTS = ROOT / "tests" / "core"
BUILD = ROOT / "build" / "core"

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
         *decoder(), TESTS / "case.c", TESTS / "case_mix.c", *files],
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
