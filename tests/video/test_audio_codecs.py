"""Audio of other codecs: packets pass through a rebuilt stream unchanged."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from av.audio.frame import AudioFrame

from lincodec.types import VideoInfo
from lincodec.video.reader import FrameReader
from lincodec.video.writer import FrameWriter


def _make(path: Path, muxer: str, codec: str, layout: str, rate: int) -> None:
    """A second of picture with a tone coded by ``codec``."""
    with av.open(str(path), "w", format=muxer) as target:
        video = target.add_stream("mpeg4", rate=25)
        video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
        audio = target.add_stream(codec, rate=rate)
        audio.layout = layout
        target.start_encoding()
        for number in range(25):
            frame = av.VideoFrame(64, 48, "yuv420p")
            frame.pts = number
            target.mux(video.encode(frame))
        target.mux(video.encode(None))
        channels = audio.codec_context.channels
        tone = np.sin(np.arange(rate) * 0.05).astype(np.float32) * 0.3
        source = AudioFrame.from_ndarray(np.repeat(tone[None], channels, 0), "fltp", layout)
        source.sample_rate, source.pts, source.time_base = rate, 0, Fraction(1, rate)
        size = audio.codec_context.frame_size or 1024
        resampler = av.AudioResampler(audio.codec_context.format.name, layout, rate, size)
        for piece in (*resampler.resample(source), *resampler.resample(None)):
            target.mux(audio.encode(piece))
        target.mux(audio.encode(None))


@pytest.mark.parametrize(
    ("muxer", "codec", "layout", "rate", "outputs"),
    [
        ("matroska", "libopus", "5.1", 48000, ["mp4", "mkv"]),
        ("mov", "pcm_s16le", "stereo", 48000, ["mov", "mkv", "mp4"]),
        ("matroska", "pcm_s24le", "stereo", 48000, ["mkv", "mp4"]),
        ("matroska", "flac", "stereo", 44100, ["mkv", "mp4"]),
        ("mov", "alac", "stereo", 44100, ["mov", "mp4", "mkv"]),
        ("mp4", "ac3", "5.1(side)", 48000, ["mp4", "mkv"]),
        ("mp4", "eac3", "5.1(side)", 48000, ["mp4", "mkv"]),
        ("mpegts", "aac", "stereo", 44100, ["mp4", "mkv"]),
        ("mpegts", "mp2", "stereo", 44100, ["mkv"]),
        ("avi", "libmp3lame", "stereo", 44100, ["mp4", "mkv"]),
    ],
)
def test_packets_pass_unchanged(
    tmp_path: Path, muxer: str, codec: str, layout: str, rate: int, outputs: list[str]
) -> None:
    source = tmp_path / f"source.{muxer}"
    _make(source, muxer, codec, layout, rate)
    with FrameReader(str(source)) as reader:
        frames, track = list(reader), reader.audio()
        base = reader.time_base
        info: VideoInfo = reader.info
    assert track is not None
    assert len(track.packets) > 5
    for kind in outputs:
        path = tmp_path / f"out.{kind}"
        with FrameWriter(str(path), info, base, preset="ultrafast", audio=track) as writer:
            for frame in frames:
                writer.write(frame.planes, frame.pts, 1)
        with FrameReader(str(path)) as reader:
            found = reader.audio()
        assert found is not None
        assert found.codec == track.codec
        assert found.layout == track.layout
        assert [p.data for p in found.packets] == [p.data for p in track.packets]
        slack = Fraction(1, 1000) + track.time_base / 2
        for ours, theirs in zip(found.packets, track.packets, strict=True):
            assert abs(ours.pts * found.time_base - theirs.pts * track.time_base) <= slack
        with av.open(str(path)) as check:
            samples = sum(piece.samples for piece in check.decode(audio=0))
        assert abs(samples - rate) <= 0.15 * rate  # a second of sound, and it decodes


def test_no_audio_is_none(clip: Callable[[str], Path]) -> None:
    with FrameReader(str(clip("carphone"))) as reader:
        assert reader.audio() is None
