"""Audio made AAC: what is heard stays, at the time it was."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from lincodec.errors import UsageError
from lincodec.types import AudioPacket, AudioTrack
from lincodec.video.audio import Window, read_audio
from lincodec.video.recode import as_aac


def written(path: Path, codec: str, rate: int, layout: str) -> Path:
    """One second of silence and one of a tone."""
    with av.open(str(path), "w") as out:
        video = out.add_stream("libx264", rate=10)
        video.width, video.height, video.pix_fmt = 32, 32, "yuv420p"
        sound = out.add_stream(codec, rate=rate, layout=layout)
        for _ in range(20):
            out.mux(video.encode(av.VideoFrame(32, 32, "yuv420p")))
        out.mux(video.encode(None))
        at = np.arange(2 * rate) / rate
        tone = np.where(at < 1, 0, 0.5 * np.sin(2 * np.pi * 500 * at)).astype(np.float32)
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(tone[None]), "flt", "mono")
        frame.rate, frame.pts = rate, 0
        out.mux(sound.encode(frame))
        out.mux(sound.encode(None))
    return path


def heard(track: AudioTrack) -> tuple[np.ndarray, float]:
    """Samples of the first channel, and the time of the first of them."""
    context = av.CodecContext.create(track.codec, "r")
    context.extradata = track.extradata
    parts, start = [], None
    for packet in track.packets:
        stored = av.Packet(packet.data)
        stored.pts, stored.time_base = packet.pts, track.time_base
        for frame in context.decode(stored):
            start = packet.pts * track.time_base if start is None else start
            parts.append(frame.to_ndarray()[0])
    return np.concatenate(parts), float(start or 0)


@pytest.mark.parametrize(
    ("codec", "rate", "layout", "expected"),
    [
        ("libopus", 48000, "stereo", 48000),
        ("libmp3lame", 44100, "mono", 44100),
        ("flac", 96000, "stereo", 48000),
    ],
)
def test_the_tone_begins_where_it_did(
    tmp_path: Path, codec: str, rate: int, layout: str, expected: int
) -> None:
    path = written(tmp_path / "clip.mkv", codec, rate, layout)
    track = read_audio(str(path), Window(Fraction(0), None))
    assert track is not None
    made = as_aac(track)
    assert (made.codec, made.sample_rate, made.layout) == ("aac", expected, layout)
    samples, start = heard(made)
    loud = np.flatnonzero(np.abs(samples) > 0.1)
    assert start + loud[0] / expected == pytest.approx(1, abs=0.05)
    assert start + loud[-1] / expected == pytest.approx(2, abs=0.06)


def test_aac_stays_as_it_is() -> None:
    track = AudioTrack("aac", Fraction(1, 48000), 48000, "stereo", 0, b"\x11\x90", ())
    assert as_aac(track) is track


def test_what_cannot_be_decoded_is_said() -> None:
    packets = (AudioPacket(0, 0, 1024, b"nothing"),)
    track = AudioTrack("no-such-codec", Fraction(1, 48000), 48000, "stereo", 0, b"", packets)
    with pytest.raises(UsageError, match="no-such-codec audio cannot be made AAC"):
        as_aac(track)
