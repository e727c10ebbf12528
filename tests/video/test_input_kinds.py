"""Kinds of input that bug reports are about, each in containers and codecs of its own."""

from __future__ import annotations

import io
import os
import threading
from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from lincodec.errors import InputError
from lincodec.types import VideoInfo
from lincodec.video.mp4_boxes import add_to_sample_entry, box
from lincodec.video.reader import FrameReader
from lincodec.video.y4m import Y4mSource, Y4mWriter
from tools.made_inputs import HEIGHT, WIDTH, picture, write

SECOND = 90_000
#: A GPS tag and nothing else, as cameras write it.
EXIF = b"Exif\0\0II*\0\x08\0\0\0\x01\0\x0f\x01\x02\0\x04\0\0\0abc\0\0\0\0\0"


def read(path: Path) -> tuple[VideoInfo, list[float], str]:
    """Description, times of the frames in seconds, and what was said."""
    with FrameReader(str(path)) as reader:
        count = sum(1 for _ in reader)
        times = [float(t * reader.time_base) for t in reader.times().pts]
        assert len(times) == count
        return reader.info, times, "; ".join(reader.warnings)


def packets(codec: str, pix_fmt: str, frames: int = 8, **settings: Any) -> tuple[Any, list[Any]]:
    """A stream template and its coded packets, so that they can be written otherwise."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="nut") as out:
        stream: Any = out.add_stream(codec, rate=25, options=settings.get("options", {}))
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, pix_fmt
        for index in range(frames):
            frame = av.VideoFrame.from_ndarray(picture(index), format="rgb24")
            out.mux(stream.encode(frame.reformat(format=pix_fmt)))
        out.mux(stream.encode(None))
    buffer.seek(0)
    source: Any = av.open(buffer)
    return source, [p for p in source.demux(source.streams.video[0]) if p.size]


def muxed(path: Path, codec: str, change: Callable[[int, Any], None], **settings: Any) -> Path:
    """Packets of ``codec`` in a file, each changed first."""
    source, found = packets(codec, settings.pop("pix_fmt", "yuv420p"), **settings)
    with av.open(str(path), "w") as out:
        stream: Any = out.add_stream_from_template(source.streams.video[0])
        for index, packet in enumerate(found):
            packet.stream = stream
            change(index, packet)
            out.mux(packet)
    source.close()
    return path


# ---------------------------------------------------------------- side data without a name


def with_exif(jpeg: bytes) -> bytes:
    return jpeg[:2] + b"\xff\xe1" + (len(EXIF) + 2).to_bytes(2, "big") + EXIF + jpeg[2:]


def test_exif_in_a_still_and_in_motion_jpeg(tmp_path: Path) -> None:
    source, found = packets("mjpeg", "yuvj420p", frames=3)
    still = tmp_path / "still.jpg"
    still.write_bytes(with_exif(bytes(found[0])))
    motion = tmp_path / "motion.mkv"
    with av.open(str(motion), "w") as out:
        stream: Any = out.add_stream_from_template(source.streams.video[0])
        for index, each in enumerate(found):
            packet = av.Packet(with_exif(bytes(each)))
            packet.stream, packet.time_base = stream, Fraction(1, 25)
            packet.pts = packet.dts = index
            out.mux(packet)
    source.close()
    assert len(read(still)[1]) == 1
    assert len(read(motion)[1]) == 3


# ---------------------------------------------------------------- mirrored


@pytest.mark.parametrize(
    ("name", "codec", "turn", "flips", "expected"),
    [
        ("a.mp4", "mpeg4", 0, {"vflip": True}, (180, True)),
        ("b.mov", "libx265", 90, {"hflip": True}, (90, True)),
        ("c.mp4", "libx264", 270, {}, (270, False)),
    ],
)
def test_display_matrix(
    tmp_path: Path, name: str, codec: str, turn: int, flips: dict[str, bool],
    expected: tuple[int, bool],
) -> None:  # fmt: skip
    path = tmp_path / name
    with av.open(str(path), "w") as out:
        stream: Any = out.add_stream(codec, rate=25)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.set_display_rotation(turn, **flips)
        frame = av.VideoFrame.from_ndarray(picture(0), format="rgb24")
        out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    info = read(path)[0]
    assert (info.rotation, info.mirrored) == expected


# ---------------------------------------------------------------- which stream


def two_streams(path: Path, formats: Sequence[str], titles: Sequence[str], frames: int) -> Path:
    with av.open(str(path), "w") as out:
        streams: list[Any] = []
        for pix_fmt, title in zip(formats, titles, strict=True):
            stream: Any = out.add_stream("ffv1" if path.suffix == ".mkv" else "libx264", rate=25)
            stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, pix_fmt
            stream.metadata["title" if path.suffix == ".mkv" else "handler_name"] = title
            streams.append(stream)
        for index in range(frames):
            for stream in streams:
                frame = av.VideoFrame.from_ndarray(picture(index), format="rgb24")
                out.mux(stream.encode(frame.reformat(format=stream.pix_fmt)))
        for stream in streams:
            out.mux(stream.encode(None))
    return path


@pytest.mark.parametrize(
    ("name", "formats", "titles"),
    [
        ("grey_first.mkv", ("gray", "yuv420p"), ("", "")),
        ("named.mp4", ("yuv444p", "yuv420p"), ("Alpha", "Colour")),
        ("depth.mkv", ("yuv444p", "yuv420p"), ("depth map", "")),
    ],
)
def test_the_alpha_or_depth_of_a_picture_is_not_the_picture(
    tmp_path: Path, name: str, formats: Sequence[str], titles: Sequence[str]
) -> None:
    info, _, said = read(two_streams(tmp_path / name, formats, titles, 3))
    assert info.chroma_shift == (1, 1)
    assert "several video streams: stream 1 is used" in said


# ---------------------------------------------------------------- pictures in tiles


def iso(kind: bytes, *parts: bytes, version: int | None = None, flags: int = 0) -> bytes:
    """A box, a full one where it has a version."""
    start = b"" if version is None else (version << 24 | flags).to_bytes(4, "big")
    return box(kind, start + b"".join(parts))


def av1_tile(level: int, side: int) -> tuple[bytes, bytes]:
    """(configuration box, coded picture) of a tile of one grey."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="avif") as out:
        stream: Any = out.add_stream("libsvtav1", rate=1, options={"crf": "20"})
        stream.width, stream.height, stream.pix_fmt = side, side, "yuv420p"
        frame = av.VideoFrame(side, side, "yuv420p")
        for plane, value in zip(frame.planes, (level, 128, 128), strict=True):
            plane.update(bytes([value]) * plane.buffer_size)
        out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    data = buffer.getvalue()
    begin = data.index(b"av1C") - 4
    setup = data[begin : begin + int.from_bytes(data[begin : begin + 4], "big")]
    at = 0
    while data[at + 4 : at + 8] != b"mdat":
        at += int.from_bytes(data[at : at + 4], "big")
    return setup, data[at + 8 : at + int.from_bytes(data[at : at + 4], "big")]


def grid_file(columns: int, rows: int, side: int, size: tuple[int, int], turns: int) -> bytes:
    """An AVIF whose picture is a grid of tiles (ISO 23008-12, 6.6.2.3.2)."""
    tiles = [av1_tile(20 + 20 * k, side) for k in range(columns * rows)]
    whole, count = len(tiles) + 1, len(tiles)

    def u16(*values: int) -> bytes:
        return b"".join(value.to_bytes(2, "big") for value in values)

    def u32(*values: int) -> bytes:
        return b"".join(value.to_bytes(4, "big") for value in values)

    start = iso(b"ftyp", b"avif\0\0\0\0mif1avifmiaf")
    handler = iso(b"hdlr", bytes(4), b"pict", bytes(13), version=0)
    names = [iso(b"infe", u16(k + 1, 0), b"av01\0", version=2, flags=1) for k in range(count)] + [
        iso(b"infe", u16(whole, 0), b"grid\0", version=2)
    ]
    items = iso(b"iinf", u16(count + 1), *names, version=0)
    parts = iso(b"dimg", u16(whole, count, *range(1, count + 1)))
    sizes = [iso(b"ispe", u32(*each), version=0) for each in ((side, side), size)]
    shape = iso(b"ipco", tiles[0][0], *sizes, iso(b"irot", bytes([turns])))
    uses = [u16(k + 1) + b"\2\x81\2" for k in range(count)] + [u16(whole) + b"\2\3\4"]
    shapes = iso(b"iprp", shape, iso(b"ipma", u32(count + 1), *uses, version=0))
    grid = bytes([0, 0, rows - 1, columns - 1]) + u16(*size)

    def meta(begin: int) -> bytes:
        places = []
        for k, (_, data) in enumerate(tiles):
            places.append(u16(k + 1, 0, 0, 1) + u32(begin, len(data)))
            begin += len(data)
        places.append(u16(whole, 1, 0, 1) + u32(0, len(grid)))
        where = iso(b"iloc", b"\x44\0", u16(count + 1), *places, version=1)
        main = iso(b"pitm", u16(whole), version=0)
        refs = iso(b"iref", parts, version=0)
        return iso(
            b"meta", handler, main, where, items, refs, shapes, iso(b"idat", grid), version=0
        )

    begin = len(start) + len(meta(0)) + 8
    return start + meta(begin) + iso(b"mdat", *(data for _, data in tiles))


@pytest.mark.parametrize(
    ("columns", "rows", "size", "turns"), [(2, 2, (120, 100), 0), (3, 1, (150, 64), 1)]
)
def test_a_picture_in_tiles(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, columns: int, rows: int, size: tuple[int, int],
    turns: int,
) -> None:  # fmt: skip
    monkeypatch.setenv("SVT_LOG", "1")  # it would say a lot
    path = tmp_path / "grid.avif"
    path.write_bytes(grid_file(columns, rows, 64, size, turns))
    with FrameReader(str(path)) as reader:
        luma = next(iter(reader)).planes[0]
        assert (reader.info.width, reader.info.height) == size
        assert reader.info.rotation == 90 * turns
    assert luma.shape == size[::-1]
    for k in range(columns * rows):
        y, x = divmod(k, columns)
        assert abs(int(luma[y * 64 + 8, x * 64 + 8]) - (20 + 20 * k)) <= 2
    assert f"put together from {columns * rows} tiles" in reader.warnings[-1]


# ---------------------------------------------------------------- crop of the container


@pytest.mark.parametrize(
    ("name", "codec", "kept", "corner"),
    [("a.mp4", "mpeg4", (80, 48), (8, 8)), ("b.mov", "libx264", (96, 40), (0, 12))],
)
def test_clean_aperture(
    tmp_path: Path, name: str, codec: str, kept: tuple[int, int], corner: tuple[int, int]
) -> None:
    path = write(tmp_path / name, codec, "yuv420p", frames=2)
    whole = next(av.open(str(path)).decode(video=0)).to_ndarray()
    numbers = [(kept[0], 1), (kept[1], 1), (0, 1), (0, 1)]
    numbers = [
        *numbers[:2],
        (2 * corner[0] + kept[0] - WIDTH, 2),
        (2 * corner[1] + kept[1] - HEIGHT, 2),
    ]
    fields = b"".join(n.to_bytes(4, "big", signed=True) + d.to_bytes(4, "big") for n, d in numbers)
    add_to_sample_entry(path, box(b"clap", fields))
    with FrameReader(str(path)) as reader:
        assert (reader.info.width, reader.info.height) == kept
        luma = next(iter(reader)).planes[0]
    x, y = corner
    assert np.array_equal(luma, whole[y : y + kept[1], x : x + kept[0]])


# ---------------------------------------------------------------- times


@pytest.mark.parametrize(("name", "codec"), [("a.mov", "libx264"), ("b.mkv", "mpeg4")])
def test_times_that_are_decode_times(tmp_path: Path, name: str, codec: str) -> None:
    def decode_times(index: int, packet: Any) -> None:
        packet.pts = packet.dts = index
        packet.time_base = Fraction(1, 25)

    path = muxed(
        tmp_path / name, codec, decode_times, frames=16, options={"bf": "2", "b_strategy": "0"}
    )
    _, times, _ = read(path)
    steps = [b - a for a, b in pairwise(times)]
    assert len(times) == 16
    assert steps == pytest.approx([0.04] * 15, abs=0.002)


@pytest.mark.parametrize(
    ("name", "codec", "jump"),
    [
        ("ahead.ts", "mpeg2video", 40_000 * SECOND),
        ("ahead.mpg", "mpeg2video", 500 * SECOND),
        ("more.ts", "libx264", 11 * SECOND),
    ],
)
def test_clocks_that_jump(tmp_path: Path, name: str, codec: str, jump: int) -> None:
    def jumping(index: int, packet: Any) -> None:
        packet.time_base = Fraction(1, SECOND)
        packet.pts = packet.dts = 10 * SECOND + index * 3600 + (jump if index >= 6 else 0)

    options = {"bf": "0", "g": "1"}
    path = muxed(tmp_path / name, codec, jumping, frames=12, options=options)
    _, times, said = read(path)
    assert times == pytest.approx([0.04 * k for k in range(12)], abs=0.001)
    assert "the clock of the source jumps" in said


@pytest.mark.parametrize(("suffix", "codec"), [("ts", "libx264"), ("vob", "mpeg2video")])
def test_clocks_that_begin_again(tmp_path: Path, suffix: str, codec: str) -> None:
    path = joined(tmp_path, suffix, codec, [lambda _: None] * 2, frames=24)
    _, times, said = read(path)
    assert times == pytest.approx([0.04 * k for k in range(48)], abs=0.001)
    assert "the clock of the source jumps once" in said


@pytest.mark.parametrize(("name", "codec"), [("wait.mkv", "libx264"), ("wait.mp4", "mpeg4")])
def test_a_long_wait_is_kept_and_told(tmp_path: Path, name: str, codec: str) -> None:
    path = write(tmp_path / name, codec, "yuv420p", frames=4, pts=[0, 40, 80, 60_000])
    _, times, said = read(path)
    assert times[-1] == pytest.approx(60, abs=0.01)
    assert "a gap of 59.9 s between two frames is kept" in said


# ---------------------------------------------------------------- what changes in the stream


def joined(
    tmp_path: Path,
    suffix: str,
    codec: str,
    changes: Sequence[Callable[[Any], None]],
    frames: int = 6,
) -> Path:
    """Parts one after the other, as broadcasts are: bytes of transport or elementary streams."""
    data = b""
    for number, change in enumerate(changes):
        part = tmp_path / f"part{number}.{suffix}"

        def both(context: Any, frame: Any, change: Callable[[Any], None] = change) -> None:
            if context is not None:
                change(context)

        write(part, codec, "yuv420p", frames=frames, change=both, options={"g": "3", "bf": "0"})
        data += part.read_bytes()
    path = tmp_path / f"joined.{suffix}"
    path.write_bytes(data)
    return path


def sar(value: str) -> Callable[[Any], None]:
    return lambda context: setattr(context, "sample_aspect_ratio", Fraction(value))


@pytest.mark.parametrize(
    ("suffix", "codec", "shapes"),
    [("ts", "mpeg2video", ("12/11", "16/11")), ("h264", "libx264", ("1", "4/3"))],
)
def test_shape_of_samples_changes(
    tmp_path: Path, suffix: str, codec: str, shapes: Sequence[str]
) -> None:
    path = joined(tmp_path, suffix, codec, [sar(each) for each in shapes])
    assert "sample aspect ratio changes" in read(path)[2]


@pytest.mark.parametrize(("suffix", "codec"), [("ts", "libx264"), ("hevc", "libx265")])
def test_range_and_colour_change(tmp_path: Path, suffix: str, codec: str) -> None:
    def limited(context: Any) -> None:
        context.color_range, context.color_primaries = 1, 1

    def full(context: Any) -> None:
        context.color_range, context.color_primaries = 2, 9

    info, _, said = read(joined(tmp_path, suffix, codec, [limited, full]))
    assert "colour range changes" in said
    assert "colour primaries change" in said
    assert info.color.full_range is False


# ---------------------------------------------------------------- names and pipes


@pytest.mark.parametrize(("name", "codec"), [("shot_%03d.png", "png"), ("a%d b.bmp", "bmp")])
def test_names_that_ffmpeg_would_expand(tmp_path: Path, name: str, codec: str) -> None:
    for index in range(3):
        write(tmp_path / (name % index), codec, "rgb24" if codec == "png" else "bgr24", frames=1)
    path = tmp_path / name
    path.write_bytes((tmp_path / (name % 2)).read_bytes())
    assert len(read(path)[1]) == 1


def y4m(bits: int = 8, frames: int = 3) -> bytes:
    info = VideoInfo(8, 4, Fraction(25), bit_depth=bits)
    out = io.BytesIO()
    writer = Y4mWriter(out, info)
    dtype = np.uint8 if bits == 8 else np.uint16
    for index in range(frames):
        writer.write(tuple(np.full(size, index, dtype) for size in info.plane_sizes))
    return out.getvalue()


@pytest.mark.parametrize("bits", [8, 10])
def test_a_pipe_with_a_name_is_read_once(tmp_path: Path, bits: int) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    feeder = threading.Thread(target=lambda: path.write_bytes(y4m(bits)))
    feeder.start()
    with FrameReader(str(path)) as reader:
        assert [int(frame.planes[0][0, 0]) for frame in reader] == [0, 1, 2]
        assert reader.audio() is None
    feeder.join()


def test_a_pipe_of_something_else_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "pipe.mp4"
    os.mkfifo(path)
    data = write(tmp_path / "a.mp4", "mpeg4", "yuv420p", frames=1).read_bytes()

    def feed() -> None:
        try:
            path.write_bytes(data)
        except BrokenPipeError:
            return

    feeder = threading.Thread(target=feed)
    feeder.start()
    with pytest.raises(InputError, match="expected a YUV4MPEG2 stream"):
        FrameReader(str(path))
    feeder.join()


@pytest.mark.parametrize("tags", ["Cmono", "C411", "C420jpeg", "C444p12", "XYSCSS=422P10", ""])
def test_y4m_is_the_same_from_a_file_and_a_pipe(tmp_path: Path, tags: str) -> None:
    header = f"YUV4MPEG2 W8 H4 F25:1 {tags}\n".encode()
    size = Y4mSource(io.BytesIO(header), "test")._frame_bytes
    data = header + b"".join(b"FRAME\n" + bytes([k]) * size for k in range(2))
    path, pipe = tmp_path / "a.y4m", tmp_path / "pipe"
    path.write_bytes(data)
    os.mkfifo(pipe)
    feeder = threading.Thread(target=lambda: pipe.write_bytes(data))
    feeder.start()
    with FrameReader(str(path)) as one, FrameReader(str(pipe)) as other:
        assert one.info == other.info
        for a, b in zip(one, other, strict=True):
            assert all(np.array_equal(x, y) for x, y in zip(a.planes, b.planes, strict=True))
    feeder.join()
    assert one.header.estimated_frames == 2


# ---------------------------------------------------------------- samples beyond the depth


def test_samples_beyond_the_depth_in_y4m(tmp_path: Path) -> None:
    path = tmp_path / "over.y4m"
    path.write_bytes(b"YUV4MPEG2 W8 H4 F25:1 C420p12\nFRAME\n" + b"\xff" * 96)
    with FrameReader(str(path)) as reader:
        planes = next(iter(reader)).planes
    assert all(plane.max() == 4095 for plane in planes)
    assert "samples beyond 12 bits: limited to the largest code" in reader.warnings


def test_samples_beyond_the_depth_in_raw_video(tmp_path: Path) -> None:
    path = tmp_path / "over.nut"
    with av.open(str(path), "w") as out:
        stream: Any = out.add_stream("rawvideo", rate=25)
        stream.width, stream.height, stream.pix_fmt = 8, 4, "yuv422p10le"
        frame = av.VideoFrame(8, 4, "yuv422p10le")
        for plane in frame.planes:
            plane.update(b"\xff" * plane.buffer_size)
        out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    with FrameReader(str(path)) as reader:
        assert all(plane.max() == 1023 for plane in next(iter(reader)).planes)
    assert "samples beyond 10 bits: limited to the largest code" in reader.warnings


# ---------------------------------------------------------------- reasons


@pytest.mark.parametrize(("name", "codec"), [("a.mp4", "libx264"), ("b.mov", "mpeg4")])
def test_encrypted(tmp_path: Path, name: str, codec: str) -> None:
    key = {
        "encryption_scheme": "cenc-aes-ctr",
        "encryption_key": "00112233445566778899aabbccddeeff",
        "encryption_kid": "ffeeddccbbaa99887766554433221100",
    }
    path = write(tmp_path / name, codec, "yuv420p", frames=4, container_options=key)
    with pytest.raises(InputError, match="encrypted"):
        read(path)


def test_animated_webp(tmp_path: Path) -> None:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return kind + len(data).to_bytes(4, "little") + data

    body = chunk(b"VP8X", b"\x02" + bytes(9)) + chunk(b"ANIM", bytes(6)) + chunk(b"ANMF", bytes(24))
    path = tmp_path / "a.webp"
    path.write_bytes(chunk(b"RIFF", b"WEBP" + body))
    with pytest.raises(InputError, match="animated WebP is not supported"):
        read(path)


def test_fields_that_begin_later_are_told(tmp_path: Path) -> None:
    def plain(_: Any) -> None:
        return

    path = joined(tmp_path, "ts", "libx264", [plain])
    fields = write(
        tmp_path / "fields.ts", "libx264", "yuv420p", frames=6,
        options={"x264-params": "interlaced=1:tff=1", "bf": "0"},
    )  # fmt: skip
    path.write_bytes(path.read_bytes() + fields.read_bytes())
    assert "interlaced" in read(path)[2]
