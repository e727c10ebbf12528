"""A tiny random CLIP, and clips encoded with it, made once for all tests of this folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from support.engine import Linc, Result
from support.tiny_models import make_clip

from lincodec.cli.main import run
from lincodec.encoder.encode import encode
from lincodec.options import EncodeOptions, Span


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads or writes the cache of the user."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    monkeypatch.delenv("LINC_INDEX", raising=False)


@pytest.fixture
def linc(capsys: pytest.CaptureFixture[str]) -> Linc:
    """``linc("search", ...)`` runs a command line and returns exit code and output."""

    def call(*arguments: object) -> Result:
        code = run([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return Result(code, captured.out, captured.err)

    return call


@pytest.fixture(scope="session")
def tiny_clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with a random CLIP of 64 dimensions."""
    return make_clip(tmp_path_factory.mktemp("models") / "tiny-clip")


@pytest.fixture(scope="session")
def aligned(
    tmp_path_factory: pytest.TempPathFactory, clip: Callable[[str], Path], tiny_clip: Path
) -> Path:
    """A folder with three aligned files in segments of 6: spectral ones, and two partitioned."""
    folder = tmp_path_factory.mktemp("aligned")
    for name, source, start, kind in (
        ("car1", "carphone", 0, "spectral"),
        ("car2", "carphone", 2, "partitioned"),
        ("bikes", "bikes", 0, "partitioned"),
    ):
        options = EncodeOptions(
            preset="instant", segment=6, span=Span(start, None, 18), audio=False,
            align=(str(tiny_clip),), kind=kind,
        )  # fmt: skip
        encode(str(clip(source)), str(folder / f"{name}.linc"), options)
    return folder
