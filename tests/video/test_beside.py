"""What a video file holds beside its pictures: read, stored, and written again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from io import BytesIO
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from lincodec.container import pack_beside, pack_track, parse_beside, parse_track
from lincodec.errors import UsageError
from lincodec.limits import Limits
from lincodec.types import AudioPacket, AudioTrack, Beside, Chapter, Display, Track, VideoInfo
from lincodec.video.facts import side_data
from lincodec.video.reader import FrameReader
from lincodec.video.subtitles import as_text_of
from lincodec.video.tracks import chosen, kept_lines
from lincodec.video.writer import FrameWriter

INFO = VideoInfo(64, 48, Fraction(25), n_frames=10)
MASTERING = (0.68, 0.32, 0.265, 0.69, 0.15, 0.06, 0.3127, 0.329, 0.005, 1000.0)


def sound(language: str, level: int, **more: Any) -> Track:
    packets = tuple(AudioPacket(320 * k, 320 * k, 320, bytes([level]) * 640) for k in range(10))
    return Track(
        "pcm_s16le", Fraction(1, 8000), 8000, "mono", 128000, b"", packets,
        tags={"language": language, **more},
    )  # fmt: skip


def words(codec: str, texts: Mapping[int, bytes], **more: Any) -> Track:
    packets = tuple(AudioPacket(at, at, 100, data) for at, data in texts.items())
    return Track(
        codec, Fraction(1, 1000), 0, "", 0, b"", packets, kind="subtitle",
        tags={"language": "eng"}, **more,
    )  # fmt: skip


BESIDE = Beside(
    tags={"title": "A walk", "date": "2026-05-01", "comment": "by hand"},
    audio={"language": "eng"},
    dispositions=("default",),
    chapters=(
        Chapter(Fraction(0), Fraction(1, 5), {"title": "one"}),
        Chapter(Fraction(1, 5), Fraction(2, 5), {"title": "two"}),
    ),
    tracks=(
        sound("fra", 1),
        words("subrip", {40: b"Hello.", 200: b"<i>Bye</i>"}, dispositions=("forced",)),
    ),
)


def save(path: Path, beside: Beside, **options: Any) -> FrameWriter:
    first = sound("eng", 9)
    track = AudioTrack(*(getattr(first, name) for name in AudioTrack.__dataclass_fields__))
    tick = Fraction(1, 25)
    with FrameWriter(str(path), INFO, tick, audio=track, beside=beside, **options) as writer:
        for index in range(10):
            planes = tuple(np.full(size, 20 * index, np.uint8) for size in INFO.plane_sizes)
            writer.write(planes, index, 1)
    return writer


def read(path: Path) -> Beside:
    with FrameReader(str(path)) as reader:
        for _ in reader:
            pass
        return reader.beside()


@pytest.mark.parametrize("name", ["a.mkv", "a.mp4", "a.mov"])
def test_tracks_tags_and_chapters_come_back(tmp_path: Path, name: str) -> None:
    writer = save(tmp_path / name, BESIDE)
    found = read(tmp_path / name)
    other, text = found.tracks
    assert (other.kind, other.codec, other.tags["language"]) == ("audio", "pcm_s16le", "fra")
    assert b"".join(p.data for p in other.packets) == b"\1" * 6400
    assert (text.kind, text.tags["language"]) == ("subtitle", "eng")
    plain = as_text_of(text, "subrip") or text
    assert [p.data for p in plain.packets if p.data] == [
        b"Hello.", b"Bye",
    ]  # fmt: skip
    assert found.audio["language"] == "eng"
    assert {k.lower(): v for k, v in found.tags.items()} == BESIDE.tags
    titles = [(each.tags["title"], float(each.start)) for each in found.chapters]
    assert titles == [("one", 0.0), ("two", 0.2)]
    assert any("written as mov_text" in line for line in writer.warnings) is (name != "a.mkv")


def test_what_a_container_cannot_hold_is_told(tmp_path: Path) -> None:
    pictures = words("hdmv_pgs_subtitle", {0: b"\x80\0\0"})
    said = save(tmp_path / "a.mp4", replace(BESIDE, tracks=(pictures,))).warnings
    assert "mp4 cannot hold hdmv_pgs_subtitle subtitle (eng): left out" in said
    said = save(tmp_path / "b.mkv", replace(BESIDE, tracks=(pictures,))).warnings
    assert not said
    assert read(tmp_path / "b.mkv").tracks[0].codec == "hdmv_pgs_subtitle"
    said = save(tmp_path / "c.y4m", BESIDE).warnings
    for what in ("further audio", "subtitles", "chapters"):
        assert f"y4m holds no {what}: left out" in said


@pytest.mark.parametrize(
    ("name", "codec"), [("a.mkv", "hevc"), ("a.mp4", "h264"), ("b.mp4", "av1")]
)
def test_hdr_levels_go_into_the_stream(tmp_path: Path, name: str, codec: str) -> None:
    display = Display(mastering=MASTERING, light=(1000, 400))
    save(tmp_path / name, Beside(display=display), codec=codec, pix_fmt="yuv420p10le")
    found = read(tmp_path / name).display
    assert found.light == (1000, 400)
    assert found.mastering is not None
    assert found.mastering == pytest.approx(MASTERING, abs=0.002)


def test_hdr_levels_that_an_encoder_cannot_state_are_told(tmp_path: Path) -> None:
    display = Display(mastering=MASTERING)
    said = save(tmp_path / "a.mov", Beside(display=display), codec="prores").warnings
    assert "prores_ks states no HDR mastering and light-level data: left out" in said


@pytest.mark.parametrize("name", ["a.mp4", "b.mov"])
@pytest.mark.parametrize("projection", [0, 1])
def test_spherical_and_stereo_boxes(tmp_path: Path, name: str, projection: int) -> None:
    display = Display(spherical=(projection, 65536, 0, -65536, 0, 0, 0, 0, 0), stereo=(2, 0))
    save(tmp_path / name, Beside(display=display, chapters=BESIDE.chapters))
    found = read(tmp_path / name)
    assert found.display == display
    assert len(found.chapters) == 2
    with av.open(str(tmp_path / name)) as file:
        assert sum(1 for _ in file.decode(video=0)) == 10
    with av.open(str(tmp_path / name)) as file:
        assert sum(piece.samples for piece in file.decode(audio=0)) == 3200


def test_matroska_says_that_it_is_written_without_them(tmp_path: Path) -> None:
    display = Display(spherical=(0, 0, 0, 0, 0, 0, 0, 0, 0), stereo=(1, 0))
    said = "; ".join(save(tmp_path / "a.mkv", Beside(display=display)).warnings)
    assert "360-degree" in said
    assert "stereo 3D" in said


def test_names_of_phones(tmp_path: Path) -> None:
    tags = {"com.apple.quicktime.make": "Acme", "com.apple.quicktime.location.ISO6709": "+1+2/"}
    save(tmp_path / "a.mov", Beside(tags=tags))
    assert read(tmp_path / "a.mov").tags == tags


def test_sections_keep_everything() -> None:
    full = replace(
        BESIDE,
        attachments=("font.ttf",),
        display=Display(MASTERING, (1000, 400), (0, 1, -2, 3, 4, 5, 6, 7, 8), (1, 1)),
    )
    assert replace(parse_beside(pack_beside(full)), tracks=full.tracks) == full
    assert pack_beside(Beside()) == b""
    for track in full.tracks:
        assert parse_track(pack_track(track), Limits()) == track


@pytest.mark.parametrize(
    ("selections", "expected"),
    [
        (("all",), ["audio fra", "subtitle eng", "audio deu"]),
        (("none",), []),
        (("audio",), ["audio fra", "audio deu"]),
        (("audio:1",), ["audio deu"]),
        (("subtitle:eng", "audio:fra"), ["audio fra", "subtitle eng"]),
        (("subtitle:jpn",), []),
    ],
)
def test_map(selections: tuple[str, ...], expected: list[str]) -> None:
    beside = replace(BESIDE, tracks=(*BESIDE.tracks, sound("deu", 3)))
    found = [f"{t.kind} {t.tags['language']}" for t in chosen(beside, selections).tracks]
    assert found == expected


def test_map_refuses_what_it_does_not_know() -> None:
    with pytest.raises(UsageError, match="is no choice of tracks"):
        chosen(BESIDE, ("video:0",))


def test_without_metadata_languages_are_left() -> None:
    private = chosen(BESIDE, ("all",), metadata=False)
    assert not private.tags
    assert not private.chapters
    assert private.audio == {"language": "eng"}
    assert private.tracks[0].tags == {"language": "fra"}
    assert chosen(BESIDE, ("all",), audio=False).tracks[0].kind == "subtitle"


def test_what_is_kept_is_said() -> None:
    said = "; ".join(kept_lines(replace(BESIDE, display=Display(light=(1, 1), stereo=(1, 0)))))
    for what in ("further audio tracks are kept: fra", "subtitles are kept: eng", "HDR", "stereo"):
        assert what in said


def test_attachments_and_data_streams_are_told(tmp_path: Path) -> None:
    path = tmp_path / "a.mkv"
    with av.open(str(path), "w") as out:
        stream: Any = out.add_stream("mpeg4", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        out.add_attachment("font.ttf", "font/ttf", b"not really")
        out.mux(stream.encode(av.VideoFrame(64, 48, "yuv420p")))
        out.mux(stream.encode(None))
    with FrameReader(str(path)) as reader:
        for _ in reader:
            pass
        assert reader.beside().attachments == ("font.ttf",)
        assert "attached files are left out, their names are kept: font.ttf" in reader.warnings


@pytest.mark.parametrize(
    ("codec", "data", "text"),
    [
        ("ass", b"0,0,Default,,0,0,0,,{\\i1}Hi\\Nyou", b"Hi\nyou"),
        ("webvtt", b"<c.yellow>Hi</c>", b"Hi"),
        ("mov_text", b"\0\2Hi\0\0\0\x0cstyl", b"Hi"),
    ],
)
def test_text_of_subtitles(codec: str, data: bytes, text: bytes) -> None:
    found = as_text_of(
        words(codec, {0: data, 5: b"\0\0" if codec == "mov_text" else b""}), "subrip"
    )
    assert found is not None
    assert [packet.data for packet in found.packets] == [text]
    assert as_text_of(words("dvd_subtitle", {0: b"x"}), "subrip") is None


def test_a_file_object_has_no_boxes_and_works() -> None:
    out = BytesIO()
    display = Display(stereo=(1, 0))
    with FrameWriter(
        out, INFO, Fraction(1, 25), container_format="mov", beside=Beside(display=display)
    ) as writer:
        for index in range(10):
            planes = tuple(np.zeros(size, np.uint8) for size in INFO.plane_sizes)
            writer.write(planes, index, 1)
    out.seek(0)
    with av.open(out) as file:
        assert not any("STEREO" in kind.name for kind in side_data(next(file.decode(video=0))))
