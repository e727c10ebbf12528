"""What the documents say of the source is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

_FILE = re.compile(r"`((?:[\w.-]+/)*[\w.-]+\.(?:py|md|toml|json|txt))`")
_FOLDER = re.compile(r"`((?:[\w-]+/)+)`")


def paths(text: str) -> list[str]:
    """Files and folders that a document names in backticks."""
    return [*_FILE.findall(text), *_FOLDER.findall(text)]


@pytest.mark.parametrize("name", ["docs/architecture.md", "CONTRIBUTING.md"])
def test_every_path_exists(root: Path, name: str) -> None:
    found = paths((root / name).read_text(encoding="utf-8"))
    assert len(found) > 5
    bases = [root, root / "lincodec", root / "format_spec"]
    missing = [path for path in found if not any((base / path).exists() for base in bases)]
    assert not missing, f"{name} names {missing}"


def test_the_architecture_fits_a_screen_and_names_every_part(root: Path) -> None:
    text = (root / "docs" / "architecture.md").read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 120
    parts = {path.stem for path in (root / "lincodec").glob("*") if path.stem[0] not in "_."}
    parts -= {"py"}
    unnamed = [part for part in sorted(parts) if not re.search(rf"\b{part}\b", text)]
    assert not unnamed, f"docs/architecture.md does not name {unnamed}"


def test_paths_are_found_in_a_text() -> None:
    assert paths("see `a/b.py`, `c.md` and `d/`; not `e.f` or a/b.py") == ["a/b.py", "c.md", "d/"]
