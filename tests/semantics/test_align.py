"""Aligning: while encoding and afterwards, cached, and without touching the video."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.engine import Linc
from support.tiny_models import make_clip, make_siglip

from lincodec.bitstream.embedding import Aligned, mean_cosine
from lincodec.container import LincFile
from lincodec.decoder.info import info
from lincodec.decoder.verify import verify
from lincodec.errors import ResourceError, UsageError
from lincodec.options import Span
from lincodec.semantics.align import AlignOptions, align
from lincodec.semantics.teacher import upright
from lincodec.semantics.teachers import load_teacher
from lincodec.system import extras
from lincodec.video.reader import FrameReader


def pictures(path: Path, count: int) -> list[np.ndarray]:
    with FrameReader(str(path), span=Span(None, None, count)) as reader:
        return [upright(frame.planes, reader.info) for frame in reader]


def sections(path: Path) -> list[tuple[bytes, bytes]]:
    with path.open("rb") as file:
        return list(LincFile(file).payloads())


def test_encode_aligns_to_the_source_frames(
    aligned: Path, clip: Callable[[str], Path], tiny_clip: Path
) -> None:
    path = aligned / "car1.linc"
    verify(path)
    found = info(path)
    stated = found["alignments"][0]
    assert stated["model"] == "clip:tiny-clip"
    assert (stated["dimension"], stated["by"], stated["weight"]) == (64, "head", 0)
    assert "centre crop height 32 width 32" in stated["preprocessing"]
    assert 0 < found["bytes"]["alignment"] < 3000 * found["segments"]
    teacher = load_teacher(str(tiny_clip))
    assert stated["revision"] == teacher.revision.hex()
    targets = teacher.embed(pictures(clip("carphone"), 18))
    with path.open("rb") as file:
        linc = LincFile(file)
        vectors = Aligned(linc, linc.alignments()[0]).frames()
    assert mean_cosine(vectors, targets) > 0.99
    assert stated["cosine"] == pytest.approx(mean_cosine(vectors, targets), abs=1e-5)


def test_align_adds_a_model_and_touches_nothing_else(
    aligned: Path, tmp_path: Path, clip: Callable[[str], Path], tiny_clip: Path, linc: Linc
) -> None:
    before = aligned / "car1.linc"
    other = make_clip(tmp_path / "other-clip", seed=7, dimension=32)
    path = tmp_path / "two.linc"
    done = linc(
        "align", before, "--model", other, "--source", clip("carphone"), "-o", path, "--json"
    )
    assert done.code == 0, done.err
    fields = done.lines[-1]
    assert fields["type"] == "align-done"
    assert fields["computed"] == fields["frames"] == 18
    assert fields["cosine"] > 0.97
    assert fields["bytes_added"] == path.stat().st_size - before.stat().st_size
    kept = [s for s in sections(path) if s[0] not in (b"aLGN", b"DONE")]
    assert kept == [s for s in sections(before) if s[0] not in (b"aLGN", b"DONE")]
    assert [m["model"] for m in info(path)["alignments"]] == ["clip:tiny-clip", "clip:other-clip"]
    verify(path)
    # again, in place: the same model is replaced, and its embeddings come from the cache
    again = linc("align", path, "--model", other, "--source", clip("carphone"), "--json").lines[-1]
    assert again["computed"] == 0
    assert path.stat().st_size == again["total"] == fields["total"]
    assert len(info(path)["alignments"]) == 2


def test_without_the_source_its_own_frames_will_do(
    aligned: Path, tmp_path: Path, tiny_clip: Path
) -> None:
    path = tmp_path / "own.linc"
    done = align(str(aligned / "bikes.linc"), str(path), AlignOptions(str(tiny_clip)))
    assert done.cosine > 0.97
    assert len(info(path)["alignments"]) == 1


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"source": "bikes"}, "the source is 640x272"),
        ({"source": "carphone", "start": 3.8}, "the source ends at frame"),
        ({"model": "nowhere"}, "no embedding model"),
    ],
)
def test_what_cannot_be_aligned(
    aligned: Path, tmp_path: Path, clip: Callable[[str], Path], tiny_clip: Path,
    changes: dict[str, Any], message: str,
) -> None:  # fmt: skip
    path = tmp_path / "out.linc"
    options: dict[str, Any] = {"model": str(tiny_clip), **changes}
    if "source" in changes:
        options["source"] = str(clip(changes["source"]))
    with pytest.raises(UsageError, match=message):
        align(str(aligned / "car1.linc"), str(path), AlignOptions(**options))
    assert not list(tmp_path.glob("*out*"))


def test_siglip_goes_through_the_same_adapter(tmp_path: Path) -> None:
    teacher = load_teacher(str(make_siglip(tmp_path / "tiny-siglip")))
    picture = (np.arange(90 * 160 * 3) % 251).astype(np.uint8).reshape(90, 160, 3)
    assert teacher.images([picture, picture]).shape == (2, 32)
    one, two = teacher.texts(["a dog"]), teacher.texts(["a dog", "a much longer sentence of words"])
    np.testing.assert_allclose(one[0], two[0], atol=1e-5)


def test_a_damaged_model_is_one_line(
    tmp_path: Path, linc: Linc, aligned: Path, tiny_clip: Path
) -> None:
    (tmp_path / "config.json").write_text((tiny_clip / "config.json").read_text())
    result = linc("align", aligned / "car1.linc", "--model", tmp_path, "-o", tmp_path / "x.linc")
    assert result.code == 2
    assert result.err.startswith("linc: error: ")
    assert result.err.count("\n") == 1


def test_a_missing_library_is_one_line_and_exit_code_8(
    monkeypatch: pytest.MonkeyPatch, linc: Linc, aligned: Path, tiny_clip: Path
) -> None:
    def missing(name: str) -> Any:
        raise ModuleNotFoundError(f"No module named {name!r}", name=name)

    monkeypatch.setattr(extras.importlib, "import_module", missing)
    with pytest.raises(
        ResourceError, match=r"faiss is not installed; pip install 'lincodec\[search\]'"
    ):
        extras.need("faiss", "search")
    result = linc("align", aligned / "car1.linc", "--model", tiny_clip)
    assert result.code == 8
    assert (
        result.err == "linc: error: transformers is not installed; pip install 'lincodec[search]'\n"
    )
