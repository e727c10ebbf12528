"""Kinds of output: what a format holds when nobody says, and what is said where it cannot."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from lincodec.errors import UsageError
from lincodec.types import AudioPacket, AudioTrack, Planes, VideoInfo
from lincodec.video.containers import holders
from lincodec.video.outputs import format_of, is_numbered, numbered
from lincodec.video.quality import encoder_name
from lincodec.video.reader import FrameReader
from lincodec.video.writer import FrameWriter

INFO = VideoInfo(32, 16, Fraction(25), n_frames=4)
TICK = Fraction(1, 25)


def frames(info: VideoInfo = INFO) -> list[Planes]:
    chance = np.random.default_rng(1)
    top = (1 << info.bit_depth) - 1
    dtype = np.uint8 if info.bit_depth == 8 else np.uint16
    return [
        tuple(chance.integers(0, top + 1, size).astype(dtype) for size in info.plane_sizes)
        for _ in range(info.n_frames or 1)
    ]


def save(path: Path, info: VideoInfo = INFO, **options: Any) -> FrameWriter:
    with FrameWriter(str(path), info, TICK, **options) as writer:
        for index, planes in enumerate(frames(info)):
            writer.write(planes, index, 1)
    return writer


@pytest.mark.parametrize(
    ("name", "codec", "expected"),
    [
        ("a.webm", None, "vp9"),
        ("a.mov", None, "h264"),
        ("a.mkv", "hevc", "hevc"),
        ("a.mp4", "av1", "av1"),
        ("b.mov", "prores", "prores"),
        ("a.mkv", "mjpeg", "mjpeg"),
        ("a.gif", None, "gif"),
    ],
)
def test_codec_by_container_and_by_usual_name(
    tmp_path: Path, name: str, codec: str | None, expected: str
) -> None:
    info = VideoInfo(64, 64, Fraction(25), n_frames=4)
    save(tmp_path / name, info, codec=codec)
    with av.open(str(tmp_path / name)) as found:
        assert found.streams.video[0].codec_context.codec.canonical_name == expected
        assert sum(1 for _ in found.decode(video=0)) == 4


def test_usual_names_get_the_defaults(tmp_path: Path) -> None:
    info = VideoInfo(64, 64, Fraction(25), n_frames=4)
    for number, codec in enumerate(("h264", "libx264")):
        save(tmp_path / f"{number}.mkv", info, codec=codec)
    sizes = {(tmp_path / f"{number}.mkv").stat().st_size for number in range(2)}
    assert len(sizes) == 1
    assert encoder_name("HEVC") == "libx265"
    assert encoder_name("h264_nvenc") == "h264_nvenc"


@pytest.mark.parametrize(
    ("name", "codec", "depth"),
    [("a.mkv", "ffv1", 10), ("a.mp4", None, 8), ("b.mkv", "hevc", 10), ("a.webm", None, 8)],
)
def test_lossless(tmp_path: Path, name: str, codec: str | None, depth: int) -> None:
    info = VideoInfo(64, 32, Fraction(25), n_frames=3, bit_depth=depth)
    save(tmp_path / name, info, codec=codec, lossless=True)
    with FrameReader(str(tmp_path / name)) as reader:
        for frame, planes in zip(reader, frames(info), strict=True):
            assert all(np.array_equal(a, b) for a, b in zip(frame.planes, planes, strict=True))


def test_lossless_is_refused_where_an_encoder_has_no_such_mode(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="prores_ks is not lossless"):
        save(tmp_path / "a.mov", codec="prores", lossless=True)
    with pytest.raises(UsageError, match="cannot be used together"):
        save(tmp_path / "a.mkv", lossless=True, crf=20)


@pytest.mark.parametrize("suffix", ["png", "jpg"])
@pytest.mark.parametrize(
    ("info", "size"),
    [
        (INFO, (32, 16)),
        (VideoInfo(32, 16, Fraction(25), n_frames=2, sar=Fraction(16, 11)), (47, 16)),
        (VideoInfo(32, 16, Fraction(25), n_frames=2, sar=Fraction(1, 2), bit_depth=10), (32, 32)),
        (VideoInfo(32, 16, Fraction(25), n_frames=1, rotation=90), (16, 32)),
    ],
)
def test_a_picture_a_frame(
    tmp_path: Path, suffix: str, info: VideoInfo, size: tuple[int, int]
) -> None:
    save(tmp_path / f"f_%03d.{suffix}", info)
    found = sorted(path.name for path in tmp_path.iterdir())
    assert found == [f"f_{k:03d}.{suffix}" for k in range(1, (info.n_frames or 0) + 1)]
    with av.open(str(tmp_path / found[-1])) as picture:
        frame = next(picture.decode(video=0))
    assert (frame.width, frame.height) == size


def test_a_mirrored_picture_is_written_as_it_is_shown(tmp_path: Path) -> None:
    plain = VideoInfo(32, 16, Fraction(25), n_frames=1)
    mirrored = VideoInfo(32, 16, Fraction(25), n_frames=1, mirrored=True)
    for name, info in (("a.png", plain), ("b.png", mirrored)):
        save(tmp_path / name, info)
    one, other = (
        next(av.open(str(tmp_path / name)).decode(video=0)).to_ndarray(format="rgb24")
        for name in ("a.png", "b.png")
    )
    assert np.array_equal(one, other[:, ::-1])


def test_names_of_pictures() -> None:
    assert numbered("a/f_%04d.png", 7) == "a/f_0007.png"
    assert numbered("100%d/f.png", 7) == "100%d/f.png"
    assert is_numbered("f%d.jpg")
    assert not is_numbered("f.jpg")
    assert format_of("x.JPEG") == "jpg"


def test_one_picture_does_not_hold_many_frames(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"name them such as frame_%04d\.png"):
        save(tmp_path / "one.png")


def test_gif_keeps_times(tmp_path: Path) -> None:
    writer = save(tmp_path / "a.gif")
    assert "256 colours" in writer.warnings[0]
    with FrameReader(str(tmp_path / "a.gif")) as reader:
        assert sum(1 for _ in reader) == 4
        assert [t * reader.time_base for t in reader.times().pts] == [k * TICK for k in range(4)]


@pytest.mark.parametrize(
    ("name", "options", "words"),
    [
        ("a.mp4", {"codec": "prores"}, "mp4 cannot hold prores_ks video; write .mkv"),
        ("a.webm", {"codec": "h264"}, "webm cannot hold libx264 video; write .mkv"),
        ("a.mp4", {"codec": "h264", "options": {"nope": "1"}}, "no option nope"),
    ],
)
def test_hints_name_containers_that_can(
    tmp_path: Path, name: str, options: dict[str, Any], words: str
) -> None:
    with pytest.raises(UsageError, match=words):
        save(tmp_path / name, **options)


def test_messages_have_the_name_that_was_typed(tmp_path: Path) -> None:
    hidden = tmp_path / ".x.linc.tmp123.mp4"
    wide = VideoInfo(20000, 2, Fraction(25))
    with pytest.raises(UsageError, match=r"^typed\.mp4: 20000x2 is too large for h264") as caught:
        FrameWriter(str(hidden), wide, TICK, name="typed.mp4")
    assert "linc.tmp" not in str(caught.value)
    with pytest.raises(UsageError) as caught:
        FrameWriter(str(hidden), INFO, TICK, name="typed.mp4", options={"profile": "nope"})
    assert "linc.tmp" not in str(caught.value)


def sound(codec: str, first: int = 0) -> AudioTrack:
    packets = tuple(
        AudioPacket(first + 80 * k, first + 80 * k, 80, bytes(range(80))) for k in range(20)
    )
    return AudioTrack(codec, Fraction(1, 8000), 8000, "mono", 64000, b"", packets)


@pytest.mark.parametrize(
    ("codec", "name", "words"),
    [
        ("pcm_mulaw", "a.mp4", "cannot hold pcm_mulaw audio; write .mov, or use --audio none"),
        ("pcm_alaw", "a.mkv", "cannot hold pcm_alaw audio; write .mov"),
        ("adpcm_ima_wav", "a.mov", "cannot hold adpcm_ima_wav audio; use --audio none"),
    ],
)
def test_hints_for_audio_work(tmp_path: Path, codec: str, name: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        save(tmp_path / name, audio=sound(codec))
    for kind in holders(codec):
        save(tmp_path / f"b.{kind}", audio=sound(codec))


@pytest.mark.parametrize(("name", "codec"), [("a.mp4", "h264"), ("a.mov", "prores")])
def test_sound_before_the_picture_is_heard(tmp_path: Path, name: str, codec: str) -> None:
    path = tmp_path / name
    track = AudioTrack(
        "pcm_s16le", Fraction(1, 8000), 8000, "mono", 128000, b"",
        tuple(AudioPacket(k, k, 800, bytes(1600)) for k in range(-4000, 4000, 800)),
    )  # fmt: skip
    save(path, VideoInfo(64, 64, Fraction(25), n_frames=4), codec=codec, audio=track)
    with av.open(str(path)) as found:
        assert sum(piece.samples for piece in found.decode(audio=0)) == 8000
    with av.open(str(path)) as found:
        assert next(found.decode(video=0)).time == pytest.approx(0.5, abs=0.04)


@pytest.mark.parametrize("even", [True, False])
def test_y4m_says_when_it_loses_times(tmp_path: Path, even: bool) -> None:
    said = save(tmp_path / "a.y4m", even=even).warnings
    assert any("holds no times" in line for line in said) is not even
