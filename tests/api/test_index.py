"""Embeddings of an aligned file, and searching an index, from Python."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from support.tiny_models import make_clip

import lincodec as lc


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with a random CLIP of 64 dimensions."""
    return make_clip(tmp_path_factory.mktemp("models") / "tiny-clip")


@pytest.fixture(scope="module")
def folder(
    clip: Callable[[str], Path], model: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A folder with two aligned files."""
    folder = tmp_path_factory.mktemp("aligned")
    for name, start in (("one", 0), ("two", 2)):
        lc.encode(
            clip("carphone"), folder / f"{name}.linc", "instant", segment=6, scene_cut=False,
            start=start, frames=12, align=str(model),
        )  # fmt: skip
    return folder


def test_embeddings(folder: Path) -> None:
    with lc.open(folder / "one.linc") as video:
        (name,) = video.metadata.alignments
        rows = video.embeddings(name)
        assert (rows.dtype, rows.shape) == (np.float32, (12, 64))
        assert np.array_equal(video.embeddings(), rows)
        assert np.array_equal(video.embeddings(name[:4]), rows)
        with pytest.raises(lc.UsageError, match=f"'conse': expected one of {name}"):
            video.embeddings("conse")


def test_search(folder: Path, model: Path, tmp_path: Path) -> None:
    index = lc.Index(tmp_path / "archive")
    with pytest.raises(lc.UsageError, match="no index here"):
        index.search("a man in a car")
    assert not (tmp_path / "archive").exists()
    assert len(index.add(folder).added) == 2
    assert [Path(path).name for path in index.files] == ["one.linc", "two.linc"]

    found = index.search("a man in a car", level="frame", top=3, model=str(model))
    assert isinstance(found, lc.SearchReport)
    assert found.hits
    hit = found.hits[0]
    assert isinstance(hit, lc.Hit)
    with lc.open(hit.file) as video:
        assert hit.frame is not None
        assert video.times[hit.frame] == pytest.approx(hit.start)
        seen = index.search(video[hit.frame], level="segment", top=1)
    assert seen.hits[0].segment is not None
    assert index.search("a man in a car", level="frame", top=3) == found
    with ThreadPoolExecutor(4) as pool:
        again = list(
            pool.map(lambda _: index.search("a man in a car", level="frame", top=3), "abcd")
        )
    assert again == [found] * 4
    assert pickle.loads(pickle.dumps(index)).search("a man in a car", level="frame", top=3) == found

    with pytest.raises(lc.UsageError, match="frame, segment, video"):
        index.search("a man in a car", level="scene")
    assert len(index.remove([str(folder / "one.linc")])) == 1
    assert len(index.files) == 1
    with pytest.raises(lc.InputError):
        index.add(tmp_path / "none")
