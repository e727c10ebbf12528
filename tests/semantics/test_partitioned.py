"""Partitioned segments by the command line: aligned, found, plotted and talked about."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from support.engine import Linc
from support.tiny_models import make_llm

from lincodec.bitstream.embedding import Aligned, mean_cosine, segment_latents
from lincodec.container import LincFile
from lincodec.decoder.info import info
from lincodec.options import Span
from lincodec.semantics.teacher import upright
from lincodec.semantics.teachers import load_teacher
from lincodec.video.reader import FrameReader

FRAMES = 32


@pytest.fixture(scope="module")
def frames(clip: Callable[[str], Path]) -> list:
    """Frames of a real video, upright."""
    with FrameReader(str(clip("carphone")), span=Span(0, None, FRAMES)) as reader:
        return [upright(frame.planes, reader.info) for frame in reader]


@pytest.fixture
def encoded(tmp_path: Path, clip: Callable[[str], Path], linc: Linc) -> Callable[..., Path]:
    """Encodes so many frames partitioned, with further options."""

    def call(name: str, *options: object) -> Path:
        path = tmp_path / f"{name}.linc"
        done = linc(
            "encode", clip("carphone"), "-o", path, "--kind", "partitioned", "--preset", "instant",
            "--frames", FRAMES, *options,
        )  # fmt: skip
        assert done.code == 0, done.err
        return path

    return call


def cosine(path: Path, model: Path, frames: list) -> float:
    """Of the embeddings in a file to the teacher's of its source."""
    with path.open("rb") as file:
        linc = LincFile(file)
        assert all(linc.read_segment_header(i).pictures for i in range(len(linc.segments)))
        vectors = Aligned(linc, linc.alignments()[0]).frames()
    return mean_cosine(vectors, load_teacher(str(model)).embed(frames))


def test_latents_tell_what_the_model_says(
    encoded: Callable[..., Path], tiny_clip: Path, frames: list
) -> None:
    plain, path = encoded("plain"), encoded("aligned", "--align", tiny_clip)
    assert cosine(path, tiny_clip, frames) > 0.995
    found, before = info(path), info(plain)
    assert found["psnr"] == before["psnr"]
    with path.open("rb") as one, plain.open("rb") as other:
        ours, theirs = (segment_latents(LincFile(file), 0) for file in (one, other))
    assert ours.shape[0] == theirs.shape[0] == FRAMES
    # two rows of appearance are those of a file without a model, the others are the model's
    assert (ours[:, 0] == theirs[:, 0]).all()
    assert ours.shape[1] > 2


def test_aligned_afterwards(
    encoded: Callable[..., Path], tiny_clip: Path, frames: list, linc: Linc
) -> None:
    path = encoded("later")
    done = linc("align", path, "--model", tiny_clip, "--json")
    assert done.code == 0, done.err
    assert done.lines[-1]["cosine"] > 0.97
    assert cosine(path, tiny_clip, frames) > 0.97


def test_found_plotted_and_talked_about(
    encoded: Callable[..., Path], tiny_clip: Path, tmp_path: Path, linc: Linc
) -> None:
    path = encoded("file", "--align", tiny_clip)
    query = ("search", "a man in a car", path, "--model", tiny_clip, "--level", "frame")
    found = linc(*query, "--floor", -1, "--json")  # of a model that knows nothing
    assert found.code == 0, found.err
    hits = found.lines[-1]["hits"]
    assert hits
    assert {hit["frame"] for hit in hits} <= set(range(FRAMES))
    page = tmp_path / "page.html"
    plotted = linc("plot", "latents", path, "-o", page, "--method", "pca", "--json")
    assert plotted.code == 0, plotted.err
    assert (plotted.lines[-1]["frames"], plotted.lines[-1]["space"]) == (FRAMES, "clip:tiny-clip")
    own = linc("plot", "latents", path, "-o", tmp_path / "own.html", "--space", "latents")
    assert own.code == 0, own.err
    words = tmp_path / "words.txt"
    words.write_text("dog\ncar\nman in a car\nbicycle\nbus\n")
    told = linc(
        "chat", path, "--model", make_llm(tmp_path / "llm"), "--space", tiny_clip,
        "--concepts", words, "--tokens", 5, "--question", "What is it?", "--json",
    )  # fmt: skip
    assert told.code == 0, told.err
    answer = told.lines[-1]["answers"][0]
    assert set(answer["moments"][0]["concepts"]) <= {*words.read_text().splitlines()}
