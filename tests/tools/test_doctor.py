"""What is found on a machine, and what is not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lincodec.cli.main import run
from lincodec.core import library as core
from lincodec.errors import ResourceError
from lincodec.tools import doctor
from lincodec.tools.doctor import Health, examine


def test_everything_that_is_needed_is_here(tmp_path: Path) -> None:
    found = {each.what: each for each in examine([str(tmp_path / "not" / "made")])}
    assert {f.what for f in found.values() if f.health is Health.BROKEN} == set()
    assert found["core"].detail.startswith("_linc_core")
    assert found["device"].detail.startswith("torch ")
    assert "GB free" in found[f"folder {tmp_path / 'not' / 'made'}"].detail
    assert not (tmp_path / "not").exists()


def test_what_is_missing_and_what_is_broken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def gone() -> None:
        raise ResourceError("the compiled core is missing")

    monkeypatch.setattr(doctor, "library", gone)
    monkeypatch.setitem(doctor.EXTRAS, "cluster", (("no_such_module", "nosuch"),))
    monkeypatch.setattr(doctor, "_LITTLE", 1 << 62)
    code = run(["doctor", "--folder", str(tmp_path), "--model", "/no/model", "--json"])
    assert code == 8
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["type"] for line in lines] == ["doctor-done"]
    found = {each["what"]: each for each in lines[0]["findings"]}
    assert found["core"]["detail"] == "the compiled core is missing"
    assert found["extra cluster"]["health"] == "missing"
    assert "pip install 'lincodec[cluster]'" in found["extra cluster"]["detail"]
    assert {"core", "model /no/model", f"folder {tmp_path}"} <= set(lines[0]["broken"])
    assert core.library() is not None
