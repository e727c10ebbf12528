"""Imports point down only, every library has one home, files and functions stay small."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "lincodec"

#: Parts of the package by level. A part imports parts of lower levels, and itself.
LEVELS: dict[str, int] = {
    "errors": 0,
    "limits": 0,
    "types": 0,
    "crop": 0,
    "jobs": 0,
    "registry": 0,
    "atomic": 0,
    "locks": 0,
    "memory": 0,
    "container": 1,
    "entropy": 1,
    "video": 1,
    "metrics": 1,
    "quant": 1,
    "model": 2,
    "bitstream": 3,
    "coded": 3,
    "alignment": 3,
    "fit": 3,
    "descent": 3,
    "devices": 3,
    "ends": 3,
    "engines": 3,
    "inr_fit": 3,
    "inr_settings": 3,
    "inr_tensors": 3,
    "models": 3,
    "networks": 3,
    "optimisers": 3,
    "motion": 3,
    "coarse": 3,
    "matching": 3,
    "predictive": 3,
    "segments": 3,
    "journal": 3,
    "target": 3,
    "presets": 3,
    "layout": 3,
    "playback": 4,
    "precision": 4,
    "scan": 4,
    "pace": 4,
    "tally": 4,
    "render": 4,
    "unpacking": 4,
    "view": 4,
    "spans": 4,
    "edit": 4,
    "stills": 4,
    "encode": 4,
    "forecast": 4,
    "decode": 4,
    "verify": 4,
    "info": 4,
    "compare": 4,
    "semantics": 4,
    "plots": 4,
    "cli": 5,
    "__init__": 6,
    "__main__": 6,
}

#: Levels whose parts may import one another: foundations, and the stages of one job.
SIBLINGS = {0, 3, 4}

#: Parts of a sibling-free level that may import one another all the same.
ALLOWED = {("metrics", "video")}

#: Libraries that only these parts may import.
HOMES: dict[str, set[str]] = {
    "av": {"video"},
    "constriction": {"entropy"},
    "click": {"cli"},
    "tqdm": {"cli"},
    "tinycudann": {"model"},
    "triton": {"model"},
    "faiss": {"semantics"},
    "transformers": {"semantics"},
}

#: The highest part below which a library is unknown.
FLOORS = {"torch": LEVELS["model"]}

#: Parts that need nothing but Python.
STDLIB_ONLY = {"errors", "limits", "jobs", "registry", "atomic", "container"}

MAX_FILE_LINES = 400
MAX_FUNCTION_LINES = 60


def sources() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def part_of(module: str) -> str:
    """``lincodec.video.reader`` is in ``video``; the package itself is ``__init__``."""
    names = module.split(".")
    return names[1] if len(names) > 1 else "__init__"


def module_of(path: Path) -> str:
    names = list(path.relative_to(ROOT).with_suffix("").parts)
    return ".".join(names[:-1] if names[-1] == "__init__" else names)


def modules_imported(path: Path) -> Iterator[tuple[int, str]]:
    """(line, module) of every import in a file, those inside functions included."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: relative import"
            assert node.module is not None
            if node.module == "lincodec":
                yield from ((node.lineno, f"lincodec.{alias.name}") for alias in node.names)
            else:
                yield node.lineno, node.module


def broken_rule(part: str, target: str) -> str | None:
    """Why ``part`` may not import the lincodec part ``target``; None when it may."""
    if part == target or target == "__version__":
        return None
    assert target in LEVELS, f"{target} has no level: add it to LEVELS"
    mine, theirs = LEVELS[part], LEVELS[target]
    if theirs > mine:
        return f"{part} (level {mine}) imports {target} (level {theirs}) above it"
    if theirs == mine and mine not in SIBLINGS and (part, target) not in ALLOWED:
        return f"{part} imports {target} beside it (level {mine})"
    return None


@pytest.mark.parametrize("path", sources(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_point_down(path: Path) -> None:
    part = part_of(module_of(path))
    assert part in LEVELS, f"{part} has no level: add it to LEVELS"
    broken = [
        f"{path.relative_to(ROOT)}:{line}: {rule}"
        for line, module in modules_imported(path)
        if module.split(".")[0] == "lincodec" and (rule := broken_rule(part, part_of(module)))
    ]
    assert not broken, "\n".join(broken)


@pytest.mark.parametrize("path", sources(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_libraries_stay_home(path: Path) -> None:
    part = part_of(module_of(path))
    broken = []
    for line, module in modules_imported(path):
        library = module.split(".")[0]
        if library == "lincodec" or library in sys.stdlib_module_names:
            continue
        at_home = part in HOMES.get(library, {part})
        high_enough = LEVELS[part] >= FLOORS.get(library, 0)
        if not at_home or not high_enough or part in STDLIB_ONLY:
            broken.append(f"{path.relative_to(ROOT)}:{line}: {part} imports {library}")
    assert not broken, "\n".join(broken)


def test_the_rules_catch_what_they_are_for() -> None:
    assert broken_rule("video", "encode")
    assert broken_rule("container", "entropy")
    assert broken_rule("model", "fit")
    assert broken_rule("decode", "cli")
    assert broken_rule("encode", "decode") is None
    assert broken_rule("cli", "video") is None
    assert broken_rule("video", "errors") is None


@pytest.mark.parametrize("path", sources(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_files_and_functions_stay_small(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    if path.name != "registry.py" and not text.startswith('"""Generated'):
        assert len(text.splitlines()) <= MAX_FILE_LINES, f"{path.name} is long: split it by noun"
    long = [
        f"{path.relative_to(ROOT)}:{node.lineno}: {node.name} has {length} lines"
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef)
        and (length := (node.end_lineno or node.lineno) - node.lineno + 1) > MAX_FUNCTION_LINES
    ]
    assert not long, "\n".join(long)


@pytest.mark.parametrize("path", sources(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_module_state(path: Path) -> None:
    """No ``global`` statement anywhere, and the environment is read by the command line only."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    states = [node.lineno for node in ast.walk(tree) if isinstance(node, ast.Global)]
    assert not states, f"{path.name}: global statement in line {states}"
    if part_of(module_of(path)) != "cli":
        reads = [
            node.lineno
            for node in ast.walk(tree)
            if isinstance(node, ast.Attribute) and node.attr in {"environ", "getenv"}
        ]
        assert not reads, f"{path.name}: reads the environment in line {reads}"
