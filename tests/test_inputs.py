"""A few of the kinds in docs/inputs.md; ``python -m tools.inputs`` does them all."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools import inputs, made_inputs

#: kind -> what must be said of it
KINDS = {
    "animated GIF": "transparency is dropped",
    "interlaced H.264 in a transport stream": "interlaced",
    "HDR10 with mastering data": "HDR mastering",
    "edit list": "",
    "variable frame rate": "",
    "grey 16-bit": "",
    "4:1:0": "",
}


@pytest.mark.parametrize("kind", KINDS)
def test_properties_are_kept(kind: str, tmp_path: Path) -> None:
    row = inputs.tried(made_inputs.KINDS[kind](tmp_path), kind, tmp_path)
    assert row.refused == ""
    assert {value for value in row.kept.values() if value.startswith("lost")} == set()
    assert KINDS[kind] in "; ".join(row.notes)


@pytest.mark.parametrize("kind", ["MP4 cut in half", "sound only"])
def test_what_cannot_be_read_is_refused_with_a_reason(kind: str, tmp_path: Path) -> None:
    row = inputs.tried(made_inputs.KINDS[kind](tmp_path), kind, tmp_path)
    assert "video" in row.refused


def test_the_page_has_a_row_for_every_made_kind(root: Path) -> None:
    text = (root / "docs" / "inputs.md").read_text(encoding="utf-8")
    for kind in made_inputs.KINDS:
        assert f"| made: {kind} |" in text
    assert "lost in the file" not in text
