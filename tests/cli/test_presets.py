"""A preset is one entry: linc's own in ``PRESETS``, the user's own in the configuration file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from support.engine import Linc

from lincodec.container import LincFile
from lincodec.encoder.preset_choice import own_preset, resolve
from lincodec.encoder.presets import PRESETS, Preset
from lincodec.errors import UsageError

#: Commands that take or list presets, with ``NAME`` and ``SOURCE`` to be put in.
COMMANDS = [
    "presets",
    "presets --json",
    "encode SOURCE -o OUT --frames 3 --preset NAME --quiet",
    "encode SOURCE -o OUT --frames 3 --preset NAME --quiet --resume",
    "encode SOURCE -o OUT --frames 3 --preset NAME --dry-run --json",
    "encode SOURCE -o OUT --preset NAME --show-config",
]


def through_every_command(
    linc: Linc, name: str, source: Path, folder: Path, *before: object
) -> None:
    """Run every command; the files have the preset's name."""
    for index, command in enumerate(COMMANDS):
        out = folder / f"{index}.linc"
        places = {"NAME": name, "SOURCE": source, "OUT": out}
        arguments = [places.get(word, word) for word in command.split()]
        result = linc(*before, *arguments)
        assert result.code == 0, result.err
        if "--quiet" not in command:
            assert name in result.out
        if out.exists():
            with out.open("rb") as stream:
                assert LincFile(stream).tags()["preset"] == name
    assert len(list(folder.glob("*.linc"))) == 2


def test_a_preset_of_linc_is_one_entry(
    linc: Linc, clip: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    added = Preset("added", "for a test", 7, trials=False, refined=False)
    monkeypatch.setitem(PRESETS, "added", added)
    through_every_command(linc, "added", clip("carphone"), tmp_path)


def test_a_preset_of_ones_own_is_one_table(
    linc: Linc, clip: Callable[[str], Path], tmp_path: Path
) -> None:
    settings = tmp_path / "settings.toml"
    settings.write_text(
        "[presets]\njson = false\n"
        '[presets.mine]\nbase = "instant"\nsegment = 2\nquality = 44\nsummary = "small"\n'
    )
    source = clip("carphone")
    through_every_command(linc, "mine", source, tmp_path, "--config", settings)
    with (tmp_path / "2.linc").open("rb") as stream:
        assert len(LincFile(stream).segments) == 2
    [listed] = linc("--config", settings, "presets", "--json").lines
    names = [preset["name"] for preset in listed["presets"]]
    assert names == [*PRESETS, "mine"]
    assert listed["presets"][-1]["summary"] == "small"
    settings.write_text(settings.read_text() + '[encode]\npreset = "mine"\n')
    again = ("encode", source, "-o", tmp_path / "x.linc", "--frames", "3", "-q", "--no-verify")
    assert linc("--config", settings, *again).code == 0
    with (tmp_path / "x.linc").open("rb") as stream:
        assert LincFile(stream).tags()["preset"] == "mine"


def test_what_a_table_changes_and_what_it_keeps() -> None:
    found = own_preset("mine", {"base": "medium", "scene-cut": False, "fit_floor": 3})
    expected = replace(
        PRESETS["medium"], name="mine", summary="medium, changed", scene_cut=False, fit_floor=3.0
    )
    assert found == expected
    assert resolve("mine", {}) == replace(PRESETS["medium"], name="mine", summary="medium, changed")
    inr = own_preset("big", {"base": "paper-s", "model": {"rank": 9, "compile": True}}).inr
    assert inr is not None
    assert (inr.rank, inr.compile) == (9, True)


@pytest.mark.parametrize(
    ("name", "table", "message"),
    [
        ("medium", "", "linc has one of that name"),
        ("'a b'", "", "expected a name of letters"),
        ("mine", "base = 'best'", "base is 'best', expected one of instant, fast"),
        ("mine", "base = 3", "base is 3"),
        ("mine", "colour = 1", "there is no 'colour'; expected one of base"),
        ("mine", "name = 'x'", "there is no 'name'"),
        ("mine", "segment = 'long'", "segment is 'long', expected a whole number"),
        ("mine", "segment = 2.5", "segment is 2.5, expected a whole number"),
        ("mine", "segment = 0", "segment is 0, expected 1 to 65535"),
        ("mine", "segment = true", "segment is True, expected a whole number"),
        ("mine", "quality = nan", "quality is nan"),
        ("mine", "scene-cut = 1", "scene_cut is 1, expected true or false"),
        ("mine", "summary = []", "expected a text"),
        ("mine", "model = 5", "expected a table"),
        ("mine", "model = {rank = 5}", "made from paper-s"),
        ("mine", "base = 'paper-s'\nmodel = {rank = 'x'}", "rank=x: expected a whole number"),
        ("mine", "base = 'paper-s'\nmodel = {rnak = 5}", "rnak: unknown"),
    ],
    ids=lambda text: text[:24],
)
def test_tables_that_make_no_preset(
    linc: Linc, source: Path, tmp_path: Path, name: str, table: str, message: str
) -> None:
    settings = tmp_path / "settings.toml"
    settings.write_text(f"[presets.{name}]\n{table}\n")
    for command in (("presets",), ("encode", source, "--preset", name.strip("'"))):
        result = linc("--config", settings, *command)
        assert (result.code, result.err.count("\n")) == (2, 1)
        assert message in result.err
        assert not result.out


def test_other_commands_do_not_mind(linc: Linc, source: Path, tmp_path: Path) -> None:
    settings = tmp_path / "settings.toml"
    settings.write_text("[presets.mine]\nsegment = 0\n")
    assert linc("--config", settings, "decode", "--show-config").code == 0
    result = linc("encode", source, "--preset", "mine")
    assert (result.code, result.err.count("\n")) == (2, 1)
    assert "--preset mine: unknown; expected one of instant" in result.err
    result = linc("--config", settings, "encode", source, "--preset", "other")
    assert result.code == 2
    assert "paper-l, mine" in result.err


def test_names_are_unknown_in_one_way() -> None:
    with pytest.raises(UsageError, match="--preset nonsense: unknown; expected one of instant"):
        resolve("nonsense")
