"""Imports point down only, every library has one home, files and functions stay small."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "lincodec"

#: Parts of the package, folders or single files, by level: a part imports parts of lower levels.
#: Files import each other only inside one folder.
LEVELS: dict[str, int] = {
    part: level
    for level, parts in enumerate(
        (
            ("errors", "limits", "types", "registry", "crop", "options"),
            ("core",),
            ("system", "container", "entropy", "video"),
            ("bitstream", "model"),
            ("decoder",),
            ("semantics", "tools"),
            ("encoder", "plots"),
            ("cluster", "web"),
            ("api", "cli"),
            ("__init__", "__main__"),
        )
    )
    for part in parts
}

#: Levels whose parts may import one another.
SIBLINGS = {0}

#: Folders that know nothing of one another though they are in one part.
APART = [("encoder.linc", "encoder.latent_inr")]

#: Libraries that only these parts may import.
HOMES: dict[str, set[str]] = {
    "av": {"video"},
    "constriction": {"entropy"},
    "click": {"cli"},
    "tqdm": {"cli"},
    "onnxruntime": {"decoder"},
    "tinycudann": {"model"},
    "triton": {"model"},
    "faiss": {"semantics"},
    "ray": {"cluster"},
    "fsspec": {"cluster"},
    "transformers": {"semantics"},
    "starlette": {"web"},
    "uvicorn": {"web"},
}

#: The level below which a library is unknown, and the part that knows it no more than they do.
FLOORS = {"torch": LEVELS["model"]}
WITHOUT = {"torch": {"bitstream"}}

#: Parts that need nothing but Python.
STDLIB_ONLY = {"errors", "limits", "options", "registry", "system", "container"}

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
    if theirs == mine and mine not in SIBLINGS:
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
        known = high_enough and part not in WITHOUT.get(library, ())
        if not at_home or not known or part in STDLIB_ONLY:
            broken.append(f"{path.relative_to(ROOT)}:{line}: {part} imports {library}")
    assert not broken, "\n".join(broken)


def is_in(module: str, folder: str) -> bool:
    return f"{module}.".startswith(f"lincodec.{folder}.")


@pytest.mark.parametrize("folders", APART, ids=" and ".join)
def test_folders_stay_apart(folders: tuple[str, str]) -> None:
    broken = [
        f"{path.relative_to(ROOT)}:{line}: imports {module}"
        for path in sources()
        for mine, other in (folders, folders[::-1])
        if is_in(module_of(path), mine)
        for line, module in modules_imported(path)
        if is_in(module, other)
    ]
    assert not broken, "\n".join(broken)


def imports_of(path: Path) -> set[str]:
    """Modules of the package that a file imports; a folder stands for its ``__init__``."""
    known = {module_of(other) for other in sources()}
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= names & known or {node.module} - {"lincodec"}  # __version__
    return found & known


def test_imports_have_no_circles() -> None:
    """Not even through imports inside functions."""
    try:
        list(TopologicalSorter({module_of(p): imports_of(p) for p in sources()}).static_order())
    except CycleError as error:
        pytest.fail(" imports ".join(reversed(error.args[1])))


def test_the_rules_catch_what_they_are_for() -> None:
    assert broken_rule("decoder", "encoder")
    assert broken_rule("model", "encoder")
    assert broken_rule("model", "decoder")
    assert broken_rule("bitstream", "model")
    assert broken_rule("video", "encoder")
    assert broken_rule("container", "entropy")
    assert broken_rule("core", "container")
    assert broken_rule("decoder", "cli")
    assert broken_rule("decoder", "web")
    assert broken_rule("encoder", "web")
    assert broken_rule("encoder", "cluster")
    assert broken_rule("web", "cli")
    assert broken_rule("encoder", "decoder") is None
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
