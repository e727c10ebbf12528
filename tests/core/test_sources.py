"""The C of the core stays small, free of state and of everything but memory functions."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
CORE = ROOT / "lincodec" / "core"

MAX_FILE_LINES = 400
MAX_FUNCTION_LINES = 60
MAX_COLUMNS = 120

#: Headers from outside: of the compiler, and the two of ``freestanding``.
HEADERS = {"limits.h", "stdbool.h", "stddef.h", "stdint.h", "stdlib.h", "string.h", "cpuid.h"}

#: What a library may not do to the process that it is in, or that would grow with its input.
BANNED = re.compile(r"\b(abort|alloca|assert|exit|goto|longjmp|setjmp|printf|__thread)\b")

WARNINGS = [
    "-Wall", "-Wextra", "-Wshadow", "-Wstrict-prototypes", "-Wmissing-prototypes", "-Wvla",
    "-Wno-psabi", "-Werror",
]  # fmt: skip


def sources() -> list[Path]:
    return sorted([*CORE.glob("*.[ch]"), *(ROOT / "tests" / "core").glob("*.[ch]")])


def library() -> list[Path]:
    return sorted(CORE.glob("*.[ch]"))


def code_of(path: Path) -> str:
    """The text without comments and strings; lines stay where they are."""
    text = path.read_text(encoding="utf-8")
    blank = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"', flags=re.DOTALL)
    return blank.sub(lambda found: "\n" * found[0].count("\n"), text)


def functions(code: str) -> Iterator[tuple[int, int]]:
    """(first line, lines) of every function: from a line at the margin to a closing brace there."""
    began, open_brace = 0, False
    for number, line in enumerate(code.splitlines(), 1):
        if line.startswith("}"):
            if open_brace:
                yield began, number - began + 1
            open_brace = False
        elif re.match(r"[a-zA-Z]", line) and not open_brace:
            began = number
        if re.search(r"\)\s*\{\s*$", line) and began and not line.startswith((" ", "\t", "#")):
            open_brace = True
        elif line.startswith("{") or re.match(r"\s+.*\)\s*\{\s*$", line):
            open_brace = open_brace or bool(began)


@pytest.mark.parametrize("path", sources(), ids=lambda path: path.name)
def test_files_and_functions_stay_small(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    if lines[0].startswith("/* Written by"):
        return
    assert len(lines) <= MAX_FILE_LINES, f"{path.name} is long: split it by noun"
    wide = [number for number, line in enumerate(lines, 1) if len(line) > MAX_COLUMNS]
    assert not wide, f"{path.name}: more than {MAX_COLUMNS} columns in lines {wide}"
    long = [
        f"{path.name}:{number}: a function of {length} lines"
        for number, length in functions(code_of(path))
        if length > MAX_FUNCTION_LINES
    ]
    assert not long, "\n".join(long)


@pytest.mark.parametrize("path", library(), ids=lambda path: path.name)
def test_the_core_needs_nothing(path: Path) -> None:
    included = set(re.findall(r"#include <([^>]+)>", path.read_text(encoding="utf-8")))
    assert included <= HEADERS, f"{path.name} includes {sorted(included - HEADERS)}"
    banned = [
        f"{path.name}:{number}: {found[0]}"
        for number, line in enumerate(code_of(path).splitlines(), 1)
        if (found := BANNED.search(line))
    ]
    assert not banned, "\n".join(banned)


@pytest.mark.parametrize("path", library(), ids=lambda path: path.name)
def test_the_core_has_no_state(path: Path) -> None:
    """No variable outlives a call: every static one is constant."""
    states = [
        f"{path.name}:{number}: {line.strip()}"
        for number, line in enumerate(code_of(path).splitlines(), 1)
        if re.match(r"\s*static\s+(?!inline\b|const\b|_Alignas\(\d+\)\s+const\b)[^(]*(=|;)", line)
    ]
    assert not states, "\n".join(states)


@pytest.mark.skipif(not shutil.which("gcc"), reason="warnings are gcc's")
def test_there_are_no_warnings() -> None:
    programs = [path for path in sources() if path.suffix == ".c"]
    done = subprocess.run(
        ["gcc", "-std=c11", "-D_GNU_SOURCE", "-DLINC_BUILD", "-O1", "-fsyntax-only", *WARNINGS,
         "-I", CORE, "-I", ROOT / "tests" / "core", *programs],
        capture_output=True,
        text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def test_the_rules_catch_what_they_are_for() -> None:
    body = "    a();\n" * MAX_FUNCTION_LINES
    assert [n for _, n in functions(f"int f(void) {{\n{body}}}\n")] == [MAX_FUNCTION_LINES + 2]
    assert [n for _, n in functions(f"int f(int a,\n      int b)\n{{\n{body}}}\n")] == [
        MAX_FUNCTION_LINES + 4
    ]
    assert not list(functions("static const int t[] = {\n    1,\n};\nenum {\n    A\n};\n"))
    assert BANNED.search("    assert(x);")
