"""Searching: right answers at every level, from the latents alone."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from support.engine import Linc

from lincodec.bitstream import segment
from lincodec.bitstream.embedding import Aligned, normalised
from lincodec.container import LincFile
from lincodec.decoder import load, paint, render
from lincodec.options import Span
from lincodec.semantics.index import Index
from lincodec.semantics.search import APART, choose_space, embed_query, search
from lincodec.semantics.teacher import upright
from lincodec.semantics.teachers import load_teacher
from lincodec.video.reader import FrameReader


@pytest.fixture
def no_pixels(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever renders or entropy-decodes a picture raises."""

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a search decodes pixels")

    for module, name in (
        (render, "Renderer"),
        (paint, "segment_model"),
        (load, "segment_model"),
        (segment, "unpack_segment"),
        (segment.spectral, "decode"),
        (LincFile, "read_segment"),
    ):
        monkeypatch.setattr(module, name, refuse)


@pytest.fixture
def index(aligned: Path, tmp_path: Path) -> Path:
    """An index of the aligned files."""
    with Index(tmp_path / "ix") as opened:
        opened.add([str(aligned)])
    return tmp_path / "ix"


@pytest.mark.usefixtures("no_pixels")
@pytest.mark.parametrize("level", ["video", "segment", "frame"])
def test_a_sentence_finds_what_a_scan_finds(
    aligned: Path, index: Path, tiny_clip: Path, linc: Linc, level: str
) -> None:
    query = normalised(load_teacher(str(tiny_clip)).texts(["a dog runs"]))[0]
    best = []
    for path in aligned.glob("*.linc"):
        with path.open("rb") as file:
            opened = LincFile(file)
            aligned_to = Aligned(opened, opened.alignments()[0])
            parts = [normalised(aligned_to.segment(i)) for i in range(len(opened.segments))]
        frames = np.concatenate(parts)
        rows = {
            "video": frames.mean(axis=0, keepdims=True),
            "segment": np.stack([part.mean(axis=0) for part in parts]),
            "frame": frames,
        }[level]
        best.append((float((normalised(rows) @ query).max()), path.name))
    result = linc(
        "search", "a dog runs", "--index", index, "--model", tiny_clip, "--level", level, "--json"
    )
    assert result.code == 0, result.err
    found = result.lines[-1]
    assert found["type"] == "search-done"
    assert found["query"] == "a dog runs"
    assert found["level"] == level
    top = found["hits"][0]
    score, name = max(best)
    assert Path(top["file"]).name == name
    assert top["score"] == pytest.approx(score, abs=1e-4)
    scores = [hit["score"] for hit in found["hits"]]
    assert scores == sorted(scores, reverse=True)
    assert all(hit["start"] < hit["stop"] for hit in found["hits"])
    assert (top["frame"] is None) == (level != "frame")


@pytest.mark.usefixtures("no_pixels")
def test_files_can_be_searched_without_an_index(aligned: Path, tiny_clip: Path, linc: Linc) -> None:
    arguments = ("--model", tiny_clip, "--level", "video", "--json")
    found = linc("search", "a dog", aligned / "car1.linc", aligned / "bikes.linc", *arguments)
    assert {Path(hit["file"]).name for hit in found.lines[-1]["hits"]} == {
        "car1.linc",
        "bikes.linc",
    }


@pytest.mark.usefixtures("no_pixels")
def test_a_picture_finds_its_frame(
    index: Path, tiny_clip: Path, clip: Callable[[str], Path]
) -> None:
    with FrameReader(str(clip("carphone")), span=Span(2, None, 18)) as reader:
        pictures = [upright(frame.planes, reader.info) for frame in reader]
    with Index(index) as opened:
        space, teacher = choose_space(opened, str(tiny_clip), None)
        for wanted in (2, 15):
            vector = embed_query(teacher, None, pictures[wanted])
            report = search(opened, space, vector, "frame", 10)
            hit = report.hits[0]
            assert Path(hit.file).name == "car2.linc"
            assert hit.frame is not None
            assert hit.segment == hit.frame // 6 == wanted // 6
            for one in report.hits:
                near = [h for h in report.hits if h.file == one.file and h is not one]
                assert all(abs(h.start - one.start) >= APART for h in near)


def test_the_model_is_remembered(index: Path, tiny_clip: Path, linc: Linc) -> None:
    unknown = linc("search", "a dog", "--index", index)
    assert unknown.code == 2
    assert "name its directory with --model" in unknown.err
    assert linc("search", "a dog", "--index", index, "--model", tiny_clip).code == 0
    known = linc("search", "a dog", "--index", index)
    assert known.code == 0
    assert known.out.startswith("cosine  time")


def test_a_file_that_changed_is_left_out(
    aligned: Path, tmp_path: Path, tiny_clip: Path, linc: Linc
) -> None:
    path = tmp_path / "clip.linc"
    path.write_bytes((aligned / "car1.linc").read_bytes())
    at = ("--index", tmp_path / "ix")
    linc("index", "add", path, aligned / "bikes.linc", *at)
    path.write_bytes((aligned / "car2.linc").read_bytes())
    result = linc("search", "a dog", *at, "--model", tiny_clip, "--level", "frame", "--json")
    assert "has changed since it was indexed; run linc index add" in result.err
    assert {Path(hit["file"]).name for hit in result.lines[-1]["hits"]} == {"bikes.linc"}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "what to search for"),
        (("a dog", "--index", "{tmp}/none"), "no index here"),
        (("a dog", "{tmp}/gone.linc"), "no such file"),
        (("--image", "{tmp}/gone.jpg"), "no such file"),
    ],
)
def test_searches_that_make_no_sense(
    linc: Linc, tmp_path: Path, arguments: tuple[str, ...], message: str
) -> None:
    result = linc("search", *(text.format(tmp=tmp_path) for text in arguments))
    assert result.code in (2, 3)
    assert message in result.err
    assert result.err.count("\n") == 1


def test_thumbnails_are_one_page(index: Path, tiny_clip: Path, linc: Linc, tmp_path: Path) -> None:
    page = tmp_path / "out.html"
    query = "<b>dogs</b>"
    arguments = ("--index", index, "--model", tiny_clip, "--thumbnails", page, "--level", "frame")
    assert linc("search", query, *arguments).code == 0
    text = page.read_text(encoding="utf-8")
    assert "&lt;b&gt;dogs&lt;/b&gt;" in text
    assert len(re.findall(r'<img src="data:image/jpeg;base64,[A-Za-z0-9+/=]{500,}"', text)) == 3
    assert not re.search(r'(src|href)="(?!data:)', text)
    assert linc("search", query, *arguments).code == 2
