"""Inputs that are not videos, or damaged ones: one clear line, or what can be saved."""

from __future__ import annotations

import random
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import av
import pytest

from lincodec.errors import InputError
from lincodec.video.reader import FrameReader

Find = Callable[[str], Path]


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("empty.mp4", b"", "empty"),
        ("text.txt", b"hello world\n" * 100, "found text"),
        ("text.mp4", b"hello world\n" * 100, "not a video"),
        ("list.m3u8", b"#EXTM3U\n#EXTINF:1,\n/etc/passwd\n", "not a video|list or script"),
        ("list.ffconcat", b"ffconcat version 1.0\nfile /etc/passwd\n", "not a video|list"),
        ("zeros.mp4", bytes(100_000), "not a video"),
        ("noise.mkv", random.Random(1).randbytes(100_000), "not a video"),
        ("words.srt", b"1\n00:00:00,000 --> 00:00:01,000\nhello\n", "no video stream"),
        ("raw.yuv", bytes(38016), "raw video has no header"),
        ("bad.y4m", b"YUV4MPEG2 W0 H0\n", "expected W with"),
    ],
)
def test_not_a_video(tmp_path: Path, name: str, data: bytes, words: str) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(InputError, match=words) as caught:
        FrameReader(str(path))
    assert "\n" not in str(caught.value)
    assert str(path) in str(caught.value)


def test_missing_file_and_directory(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        FrameReader(str(tmp_path / "none.mp4"))
    with pytest.raises(InputError, match="directory"):
        FrameReader(str(tmp_path))
    with pytest.raises(InputError, match="no such file"):
        FrameReader("http://127.0.0.1/none.mp4")


def test_audio_alone_is_refused(clip: Find, tmp_path: Path) -> None:
    path = tmp_path / "sound.m4a"
    with av.open(str(clip("bunny"))) as source, av.open(str(path), "w", format="mp4") as target:
        stream = target.add_stream_from_template(source.streams.audio[0])
        for packet in source.demux(source.streams.audio[0]):
            if packet.dts is not None:
                packet.stream = stream
                target.mux(packet)
    with pytest.raises(InputError, match="no video stream"):
        FrameReader(str(path))


def test_name_that_looks_like_a_protocol(clip: Find, tmp_path: Path) -> None:
    path = tmp_path / "concat:a|b.mp4"
    path.write_bytes(clip("carphone").read_bytes())
    with FrameReader(str(path)) as reader:
        assert sum(1 for _ in reader) == 120


@pytest.mark.parametrize(
    ("name", "keep", "least"),
    [
        ("animation/mdn_rabbit.webm", 200_000, 100),
        ("natural/kivy_cityCC0.mpg", 1_000_000, 30),
        ("raw/foreman_cif_10f.y4m", 500_000, 3),
    ],
)
def test_truncated_file_gives_its_intact_frames(
    media: Find, tmp_path: Path, name: str, keep: int, least: int
) -> None:
    path = tmp_path / Path(name).name
    path.write_bytes(media(name).read_bytes()[:keep])
    with FrameReader(str(path)) as reader:
        assert sum(1 for _ in reader) >= least


@pytest.mark.parametrize(
    "name", ["natural/kivy_cityCC0.mpg", "animation/mdn_rabbit.webm", "robust/fire2.mp4"]
)
@pytest.mark.parametrize("seed", range(3))
def test_flipped_bits_never_break_the_reader(
    media: Find, tmp_path: Path, name: str, seed: int
) -> None:
    data = bytearray(media(name).read_bytes())
    chance = random.Random(seed)
    for _ in range(200):
        data[chance.randrange(5000, len(data) - 60_000)] ^= 1 << chance.randrange(8)
    path = tmp_path / Path(name).name
    path.write_bytes(data)
    try:
        reader = FrameReader(str(path))
    except InputError:
        return  # too damaged to show one frame: said so
    with reader:
        sizes = reader.info.plane_sizes
        for frame in reader:
            assert tuple(plane.shape for plane in frame.planes) == sizes
        times = reader.times()
        reader.audio()
    assert all(a < b for a, b in pairwise(times.pts))
