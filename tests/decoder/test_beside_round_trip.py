"""What a source holds beside its pictures, through a .linc file, a cut and a join."""

from __future__ import annotations

from pathlib import Path

import av
import pytest
from video.test_beside import BESIDE, read, save

from lincodec.container import LincFile
from lincodec.decoder.decode import decode
from lincodec.encoder.encode import encode
from lincodec.errors import UsageError
from lincodec.options import DecodeOptions, EncodeOptions, Span
from lincodec.tools.edit import concat, cut
from lincodec.types import Beside


@pytest.fixture(scope="module")
def coded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("beside")
    save(folder / "source.mkv", BESIDE)
    options = EncodeOptions(preset="instant", segment=5)
    report = encode(str(folder / "source.mkv"), str(folder / "a.linc"), options)
    assert any("further audio tracks are kept: fra" in line for line in report.warnings)
    return folder / "a.linc"


def stored(path: Path) -> Beside:
    with path.open("rb") as file:
        return LincFile(file).beside()


@pytest.mark.parametrize("name", ["o.mkv", "o.mp4"])
def test_round_trip(coded: Path, tmp_path: Path, name: str) -> None:
    decode(str(coded), str(tmp_path / name), DecodeOptions())
    found = read(tmp_path / name)
    assert [track.tags["language"] for track in found.tracks] == ["fra", "eng"]
    assert [each.tags["title"] for each in found.chapters] == ["one", "two"]
    assert found.audio["language"] == "eng"
    assert found.tags["title"] == "A walk"


def test_options_of_both_sides(coded: Path, tmp_path: Path) -> None:
    options = EncodeOptions(preset="instant", tracks=("subtitle",), metadata=False)
    encode(str(coded.with_name("source.mkv")), str(tmp_path / "b.linc"), options)
    found = stored(tmp_path / "b.linc")
    assert [track.kind for track in found.tracks] == ["subtitle"]
    assert not found.tags
    assert not found.chapters
    decode(str(coded), str(tmp_path / "o.mkv"), DecodeOptions(tracks=("none",), metadata=False))
    assert read(tmp_path / "o.mkv").tracks == ()
    with pytest.raises(UsageError, match="no choice of tracks"):
        decode(str(coded), str(tmp_path / "p.mkv"), DecodeOptions(tracks=("video",)))


def test_cut_and_join(coded: Path, tmp_path: Path) -> None:
    cut(str(coded), str(tmp_path / "c.linc"), Span(start=0.2))
    late = stored(tmp_path / "c.linc")
    assert [float(p.pts * late.tracks[1].time_base) for p in late.tracks[1].packets] == [0.0]
    assert [(c.tags["title"], float(c.start)) for c in late.chapters] == [("two", 0.0)]
    concat([str(coded), str(coded)], str(tmp_path / "d.linc"))
    twice = stored(tmp_path / "d.linc")
    assert len(twice.tracks[0].packets) == 20
    assert [float(each.start) for each in twice.chapters] == [0.0, 0.2, 0.4, 0.6]


def test_webm_gets_audio_that_it_holds(coded: Path, tmp_path: Path) -> None:
    report = decode(str(coded), str(tmp_path / "o.webm"), DecodeOptions())
    said = report.extra["warnings"]
    assert "webm holds no pcm_s16le audio: it is encoded anew as opus" in said
    assert "webm cannot hold pcm_s16le audio (fra): left out" in said
    with av.open(str(tmp_path / "o.webm")) as file:
        codecs = [stream.codec_context.codec.canonical_name for stream in file.streams]
        assert codecs == ["vp9", "opus", "webvtt"]
        heard = sum(piece.samples for piece in file.decode(audio=0))
    assert abs(heard - 0.4 * 48000) < 3000
