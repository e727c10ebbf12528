"""What ``import lincodec`` offers, what it costs, and that its documentation is true."""

from __future__ import annotations

import ast
import doctest
import inspect
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import is_dataclass
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
from support.tiny_models import make_clip

import lincodec as lc
from lincodec.options import Span
from lincodec.semantics import conse
from lincodec.semantics.dual import DualEncoder
from lincodec.video.reader import FrameReader
from lincodec.video.writer import FrameWriter

ROOT = Path(__file__).resolve().parent.parent.parent
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def python(code: str, *arguments: object) -> str:
    """What a fresh interpreter prints."""
    command = [sys.executable, "-c", code, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    return done.stdout


def test_what_is_public_is_there_and_documented() -> None:
    for name in lc.__all__:
        found = getattr(lc, name)
        if name == "__version__":
            continue
        assert inspect.getdoc(found), f"{name} has no documentation"
        assert name in dir(lc)
        assert f"`{name}" in (ROOT / "docs" / "api.md").read_text("utf-8"), f"docs/api.md: {name}"
    with pytest.raises(AttributeError, match="no attribute 'encodes'"):
        lc.encodes  # type: ignore[attr-defined] # noqa: B018
    assert lc.__all__ == sorted(lc.__all__)


def test_what_types_see_is_what_is_there() -> None:
    """The imports for type checkers and the table of homes say the same."""
    tree = ast.parse((ROOT / "lincodec" / "__init__.py").read_text("utf-8"))
    typed = {
        alias.name: node.module
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("lincodec.")
        for alias in node.names
    }
    assert set(typed) | {"__version__"} == set(lc.__all__)
    assert {name: f"lincodec.{module}" for name, module in lc._HOMES.items()} == typed


def test_public_members_are_documented() -> None:
    for owner in (lc.Video, lc.Index, lc.Frame, lc.FrameBatch, lc.VideoMetadata):
        for name, member in inspect.getmembers(owner):
            if not name.startswith("_") and (callable(member) or isinstance(member, property)):
                assert inspect.getdoc(member), f"{owner.__name__}.{name}"
    assert is_dataclass(lc.Frame)


def test_importing_it_is_light() -> None:
    code = """
import sys, time
import numpy
begun = time.perf_counter()
import lincodec
print(time.perf_counter() - begun)
print(*sorted({"torch", "av", "constriction"} & set(sys.modules)))
"""
    runs = [python(code).split("\n") for _ in range(3)]
    assert min(float(run[0]) for run in runs) < 0.05
    assert {run[1] for run in runs} == {""}


def test_latents_and_headers_need_no_torch(coded: Path) -> None:
    code = """
import sys, lincodec as lc
with lc.open(sys.argv[1]) as video:
    print(len(video), video.latents(1).shape[0], len(video.times), lc.verify(video.path).depth)
print("torch" in sys.modules)
"""
    assert python(code, coded).split() == ["24", "6", "24", "entropy", "False"]


@pytest.fixture(scope="module")
def workplace(clip: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with ``clip.mp4``, forty frames of carphone."""
    folder = tmp_path_factory.mktemp("docs")
    with FrameReader(str(clip("carphone")), span=Span(frames=40)) as reader:
        step = 1 / reader.info.fps
        with FrameWriter(str(folder / "clip.mp4"), reader.info, step, codec="libx264") as writer:
            for index, frame in enumerate(reader):
                writer.write(frame.planes, index, 1)
    return folder


@pytest.fixture
def quick_conse(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A small random model under the name of ``conse``, which takes a minute to start."""
    teacher = DualEncoder(make_clip(tmp_path / "tiny", dimension=conse.Conse.dimension))
    teacher.model = conse.Conse.model
    monkeypatch.setattr(conse, "Conse", lambda _: teacher)


@pytest.mark.usefixtures("quick_conse")
@pytest.mark.parametrize("page", ["docs/api.md", "README.md"])
def test_examples_run(page: str, workplace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(workplace)
    text = str(ROOT / page)
    found = doctest.testfile(text, module_relative=False, optionflags=FLAGS)
    assert found.attempted > 3
    assert found.failed == 0


@pytest.mark.parametrize("name", ["frames", "cache", "video", "jobs", "index"])
def test_docstrings_run(name: str) -> None:
    module = import_module(f"lincodec.api.{name}")
    assert doctest.testmod(module, optionflags=FLAGS, extraglobs={"np": np}).failed == 0
    assert os.path.dirname(module.__file__ or "") == str(ROOT / "lincodec" / "api")
