"""The command line run in this process, with an engine that only pretends to work."""

from __future__ import annotations

import os
import sys
import types
from collections.abc import Callable
from pathlib import Path

import pytest
from support.engine import Engine, Linc, Result

from lincodec.cli.main import run


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Neither the configuration file of whoever runs the tests nor their variables count."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path_factory.getbasetemp() / "none"))
    for name in [n for n in os.environ if n.startswith(("LINC_ENCODE", "LINC_DECODE"))]:
        monkeypatch.delenv(name)


@pytest.fixture
def linc(capsys: pytest.CaptureFixture[str]) -> Linc:
    """``linc("info", path)`` runs a command line and returns exit code and output."""

    def call(*arguments: object) -> Result:
        code = run([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return Result(code, captured.out, captured.err)

    return call


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Engine:
    """An engine in the place of the real one, for this test."""
    fake = Engine()
    for path, *names in (
        ("encoder.encode", "encode"),
        ("decoder.decode", "decode"),
        ("decoder.info", "info", "check_headers"),
    ):
        module = types.ModuleType(f"lincodec.{path}")
        for name in names:
            setattr(module, name, getattr(fake, name))
        monkeypatch.setitem(sys.modules, f"lincodec.{path}", module)
    return fake


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A file that passes for a video before the engine is asked."""
    path = tmp_path / "clip.mp4"
    path.write_bytes(b"not really")
    return path


@pytest.fixture(scope="session")
def coded(clip: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve frames of carphone, encoded with the real engine; not to be changed."""
    path = tmp_path_factory.mktemp("coded") / "clip.linc"
    arguments = ["-o", str(path), "--preset", "instant", "--frames", "12", "--quiet"]
    assert run(["encode", str(clip("carphone")), *arguments]) == 0
    return path
