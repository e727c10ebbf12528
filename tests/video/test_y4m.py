"""YUV4MPEG2: headers byte by byte, every depth, pipes that give little at a time."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from lincodec.errors import InputError
from lincodec.types import ColorInfo, VideoInfo
from lincodec.video.reader import FrameReader
from lincodec.video.writer import FrameWriter
from lincodec.video.y4m import Y4mSource, Y4mWriter


def _parse(header: bytes, data: bytes = b"") -> Y4mSource:
    return Y4mSource(io.BytesIO(header + data), "test")


def test_written_bytes() -> None:
    info = VideoInfo(2, 2, Fraction(30000, 1001), sar=Fraction(4, 3))
    out = io.BytesIO()
    Y4mWriter(out, info).write(
        (
            np.array([[1, 2], [3, 4]], dtype=np.uint8),
            np.array([[5]], dtype=np.uint8),
            np.array([[6]], dtype=np.uint8),
        )
    )
    assert out.getvalue() == (
        b"YUV4MPEG2 W2 H2 F30000:1001 Ip A4:3 C420jpeg XCOLORRANGE=LIMITED\n"
        b"FRAME\n\x01\x02\x03\x04\x05\x06"
    )


@pytest.mark.parametrize(
    ("tag", "shift", "depth"),
    [
        ("", (1, 1), 8),
        ("C420", (1, 1), 8),
        ("C420jpeg", (1, 1), 8),
        ("C420mpeg2", (1, 1), 8),
        ("C420paldv", (1, 1), 8),
        ("C420p10", (1, 1), 10),
        ("XYSCSS=420P10", (1, 1), 10),
        ("XYSCSS=MONO", None, 8),
        ("C411", (1, 0), 8),
        ("C422", (1, 0), 8),
        ("C422p12", (1, 0), 12),
        ("C444", (0, 0), 8),
        ("C444p16", (0, 0), 16),
        ("Cmono", None, 8),
        ("Cmono10", None, 10),
        ("Cmono16", None, 16),
    ],
)
def test_chroma_tags(tag: str, shift: tuple[int, int] | None, depth: int) -> None:
    info = _parse(f"YUV4MPEG2 W6 H4 F25:1 {tag}\n".encode()).info
    assert (info.chroma_shift, info.bit_depth) == (shift, depth)


def test_other_tags() -> None:
    source = _parse(b"YUV4MPEG2 W6 H4 F24000:1001 It A0:0 C420 XYSCSS=420 XCOLORRANGE=FULL\n")
    assert source.info.fps == Fraction(24000, 1001)
    assert source.info.sar == 1
    assert source.info.color == ColorInfo(full_range=True)
    assert "interlaced" in source.warnings[0]


@pytest.mark.parametrize(
    ("header", "words"),
    [
        (b"", "found nothing"),
        (b"RIFF....AVI ", "found b'RIFF"),
        (b"YUV4MPEG2 W6 H4", "expected a YUV4MPEG2"),
        (b"YUV4MPEG2 H4\n", "expected W"),
        (b"YUV4MPEG2 W-6 H4\n", "expected W"),
        (b"YUV4MPEG2 W6 H999999\n", "expected H"),
        (b"YUV4MPEG2 W6 H4 C440\n", "C440 is not supported"),
        (b"YUV4MPEG2 W6 H4 C420p7\n", "C420p7 is not supported"),
    ],
)
def test_bad_headers(header: bytes, words: str) -> None:
    with pytest.raises(InputError, match=words):
        _parse(header)


def test_damaged_and_cut_frames() -> None:
    header = b"YUV4MPEG2 W2 H2 F25:1 Cmono\n"
    frames = _parse(header, b"FRAME\n1234FRAME Ixyz\n5678FRAM").frames()
    assert [next(frames).planes()[0].tobytes() for _ in range(2)] == [b"1234", b"5678"]
    with pytest.raises(InputError, match="frame 2: expected a FRAME header"):
        next(frames)
    cut = _parse(header, b"FRAME\n1234FRAME\n56")
    assert len(list(cut.frames())) == 1
    assert cut.warnings == ["frame 1 is cut off and was dropped"]


class _Drip(io.RawIOBase):
    """Gives at most seven bytes a read, as a slow pipe does."""

    def __init__(self, data: bytes) -> None:
        self._data = io.BytesIO(data)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        data = self._data.read(min(7, len(buffer)))
        buffer[: len(data)] = data
        return len(data)


@pytest.mark.parametrize("depth", [8, 9, 10, 12, 14, 16])
@pytest.mark.parametrize("shift", [(1, 1), (1, 0), (0, 0), None])
def test_round_trip_through_a_slow_pipe(depth: int, shift: tuple[int, int] | None) -> None:
    info = VideoInfo(17, 9, Fraction(50), bit_depth=depth, chroma_shift=shift)
    rng = np.random.default_rng(depth)
    dtype = np.uint8 if depth == 8 else np.uint16
    frames = [
        tuple(rng.integers(0, 1 << depth, size, dtype=dtype) for size in info.plane_sizes)
        for _ in range(3)
    ]
    out = io.BytesIO()
    with FrameWriter(out, info, Fraction(1, 50)) as writer:
        for number, planes in enumerate(frames):
            writer.write(planes, number, 1)
    source = Y4mSource(io.BufferedReader(_Drip(out.getvalue())), "drip")
    assert source.info == info
    for raw, planes in zip(source.frames(), frames, strict=True):
        for ours, theirs in zip(raw.planes(), planes, strict=True):
            np.testing.assert_array_equal(ours, theirs)


_COPY = """
import sys
from lincodec.video.reader import FrameReader
from lincodec.video.writer import FrameWriter
with FrameReader(sys.argv[1]) as reader:
    with FrameWriter("-", reader.info, reader.time_base) as writer:
        for frame in reader:
            writer.write(frame.planes, frame.pts, 1)
"""


def test_process_pipes(clip: Callable[[str], Path], root: Path) -> None:
    """File to stdout, stdin to stdout: the second copy is byte for byte the first."""
    environment = dict(os.environ, PYTHONPATH=str(root))
    command = [sys.executable, "-c", _COPY]
    first = subprocess.run(
        [*command, str(clip("carphone"))], capture_output=True, check=True, env=environment
    )
    second = subprocess.run(
        [*command, "-"], input=first.stdout, capture_output=True, check=True, env=environment
    )
    assert first.stdout == second.stdout
    assert first.stdout.count(b"FRAME\n") >= 120
    with FrameReader(str(clip("carphone"))) as reader:
        frame = next(iter(reader))
    assert b"".join(plane.tobytes() for plane in frame.planes) in first.stdout[:50_000]
