"""Decoding: sizes, rates, borders, spans, and what it reads to do so."""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.between import between

from lincodec.bitstream.segment import SegmentCode, unpack_segment
from lincodec.container import LincFile, SegmentData
from lincodec.decoder.decode import decode, frame_range
from lincodec.decoder.render import Renderer
from lincodec.decoder.shots import Shot, output_shots
from lincodec.encoder.encode import encode
from lincodec.errors import LimitError, LincError, UsageError
from lincodec.limits import Limits
from lincodec.options import DecodeOptions, EncodeOptions, Rate, Span
from lincodec.types import AudioTrack, Frame, Planes, Times
from lincodec.video.reader import FrameReader
from lincodec.video.timing import constant
from lincodec.video.writer import FrameWriter

SEGMENT = 6
FRAMES = 18
CUT = 12
FPS = Fraction(30000, 1001)
SMALL = DecodeOptions(codec="ffv1")


@pytest.fixture(scope="module")
def coded(clip: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve frames of carphone, then six that are turned over and inverted: a cut.

    Three segments of six frames; the second continues the first, the third
    does not.
    """
    folder = tmp_path_factory.mktemp("decode")
    with FrameReader(str(clip("carphone")), span=Span(frames=FRAMES)) as reader:
        frames = [frame.planes for frame in reader]
        info = reader.info
    frames[CUT:] = [tuple(255 - plane[::-1] for plane in planes) for planes in frames[CUT:]]
    source = folder / "source.mkv"
    with FrameWriter(str(source), info, 1 / FPS, codec="ffv1") as writer:
        for index, planes in enumerate(frames):
            writer.write(tuple(np.ascontiguousarray(p) for p in planes), index, 1)
    output = folder / "coded.linc"
    options = EncodeOptions(preset="instant", kind="spectral", segment=SEGMENT, quality=32)
    assert encode(str(source), str(output), options).segments == 3
    return output


@contextmanager
def rendering(path: Path, size: tuple[int, int] | None = None) -> Iterator[Renderer]:
    with path.open("rb") as file:
        renderer = Renderer(LincFile(file), size)
        try:
            yield renderer
        finally:
            renderer.close()


def rendered(
    path: Path, size: tuple[int, int] | None = None, rate: int = 1, span: tuple[int, int] = (0, 18)
) -> list[Planes]:
    with rendering(path, size) as renderer:
        return list(renderer.frames(output_shots(*span, rate)))


def assert_close(found: Planes, expected: Planes) -> None:
    for ours, theirs in zip(found, expected, strict=True):
        difference = np.abs(ours.astype(int) - theirs.astype(int))
        assert int(difference.max()) <= 1
        assert float((difference > 0).mean()) < 0.001


def assert_equal(found: Planes, expected: Planes) -> None:
    for ours, theirs in zip(found, expected, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_the_file_has_the_segments_it_should(coded: Path) -> None:
    with coded.open("rb") as file:
        linc = LincFile(file)
        found = [(s.first_frame, s.n_frames) for s in linc.segments]
        continues = [linc.read_segment_header(k).continues for k in range(3)]
    assert found == [(0, 6), (6, 6), (12, 6)]
    assert continues == [False, True, False]


@pytest.mark.parametrize(
    ("options", "size"),
    [
        (DecodeOptions(scale=2.0), (352, 288)),
        (DecodeOptions(size=(353, 289)), (353, 289)),
        (DecodeOptions(size=(101, 57)), (101, 57)),
        (DecodeOptions(scale=0.5), (88, 72)),
        (DecodeOptions(size=(176, 300)), (176, 300)),
        (DecodeOptions(size=(2, 2)), (2, 2)),
        (DecodeOptions(scale=1 / 3), (59, 48)),
    ],
)
def test_sizes_are_exact(
    coded: Path, tmp_path: Path, options: DecodeOptions, size: tuple[int, int]
) -> None:
    output = tmp_path / "out.mkv"
    wanted = DecodeOptions(
        size=options.size, scale=options.scale, codec="ffv1", span=Span(frames=2)
    )
    report = decode(str(coded), str(output), wanted)
    assert (report.width, report.height, report.frames) == (*size, 2)
    with FrameReader(str(output)) as reader:
        frames = list(reader)
        assert (reader.info.width, reader.info.height) == size
        sizes = reader.info.plane_sizes
    assert len(frames) == 2
    expected = rendered(coded, size, span=(0, 2))
    for frame, planes in zip(frames, expected, strict=True):
        assert tuple(p.shape for p in planes) == sizes
        assert_equal(frame.planes, planes)


@pytest.mark.parametrize("size", [(1, 1), (1, 9), (3, 2), (177, 144)])
def test_planes_of_small_and_odd_sizes(coded: Path, size: tuple[int, int]) -> None:
    [planes] = rendered(coded, size, span=(3, 4))
    width, height = size
    half = ((height + 1) // 2, (width + 1) // 2)
    assert [p.shape for p in planes] == [(height, width), half, half]
    assert all(p.dtype == np.uint8 for p in planes)


def test_a_larger_frame_shows_the_same_picture(coded: Path) -> None:
    [small], [large] = (rendered(coded, s, span=(2, 3)) for s in ((176, 144), (528, 432)))
    for native, big in zip(small, large, strict=True):
        height, width = native.shape
        means = big.reshape(height, 3, width, 3).mean((1, 3))
        assert float(np.abs(means - native).mean()) < 1.0
        # the middle sample of three lies where the native one does, a little sharper
        middle = big[1::3, 1::3].astype(int) - native
        assert float(np.abs(middle).mean()) < 1.0
        assert int(np.abs(middle).max()) <= 12


def test_absurd_sizes_are_refused(coded: Path, tmp_path: Path) -> None:
    with pytest.raises(LimitError, match="output"):
        decode(str(coded), str(tmp_path / "x.mkv"), DecodeOptions(size=(100_000, 10)))
    assert not list(tmp_path.iterdir())


def test_three_times_the_frames(coded: Path, tmp_path: Path) -> None:
    output = tmp_path / "out.mp4"
    options = DecodeOptions(fps_scale=3, encoder_preset="ultrafast")
    assert decode(str(coded), str(output), options).frames == 3 * FRAMES
    with FrameReader(str(output)) as reader:
        count = sum(1 for _ in reader)
        times, info = reader.times(), reader.info
    assert count == 3 * FRAMES
    assert info.fps == 3 * FPS
    expected = [n / (3 * FPS) for n in range(count)]
    assert [pts * times.time_base for pts in times.pts] == expected
    assert (times.pts[-1] + times.last_duration) * times.time_base == FRAMES / FPS


def test_frames_stay_when_others_come_between(coded: Path) -> None:
    frames, native = rendered(coded, rate=2, span=(0, 4)), rendered(coded, span=(0, 4))
    for index in range(4):
        assert_close(frames[2 * index], native[index])
    # something is on its way from each to the next, and nothing of it far from both
    for index in range(3):
        around = np.stack([native[index][0], native[index + 1][0]]).astype(int)
        found = frames[2 * index + 1][0]
        outside = np.maximum(found - around.max(0), around.min(0) - found)
        assert float(outside.clip(0).mean()) < 0.5
        assert float(np.abs(found - around).mean((1, 2)).max()) > 0


def test_the_last_frame_holds(coded: Path) -> None:
    frames = rendered(coded, rate=4, span=(16, 18))
    for later in frames[5:]:
        assert_equal(later, frames[4])
    assert any((a != b).any() for a, b in zip(frames[3], frames[4], strict=True))


def test_across_a_cut_nothing_mixes(coded: Path) -> None:
    frames = rendered(coded, rate=4, span=(CUT - 1, CUT + 1))
    for held in frames[1:4]:
        assert_equal(held, frames[0])
    assert float(np.abs(frames[4][0].astype(int) - frames[3][0]).mean()) > 30


@pytest.mark.parametrize("span", [(4, 8), (5, 6)])
def test_across_a_border_that_continues_there_are_frames_between(
    coded: Path, span: tuple[int, int]
) -> None:
    frames, native = rendered(coded, rate=4, span=span), rendered(coded)
    at = 4 * (5 - span[0])
    for j in range(1, 4):
        assert_equal(frames[at + j], between(native[5], native[6], Fraction(j, 4)))


def test_a_span_is_a_part_of_the_whole(coded: Path, tmp_path: Path) -> None:
    whole = rendered(coded)
    spans = {
        Span(frames=3): (0, 3),
        Span(start=5 / 30, frames=4): (5, 9),
        Span(start=0.2, end=0.4): (6, 12),
        Span(start=-0.11): (15, 18),
        Span(end=-0.51): (0, 3),
        Span(start=0.3, end=99.0, frames=99): (9, 18),
    }
    for span, (start, stop) in spans.items():
        output = tmp_path / "out.mkv"
        options = DecodeOptions(codec="ffv1", span=span)
        report = decode(str(coded), str(output), options, overwrite=True)
        with FrameReader(str(output)) as reader:
            frames = list(reader)
        assert report.frames == len(frames) == stop - start
        for frame, expected in zip(frames, whole[start:stop], strict=True):
            assert_close(frame.planes, expected)


@pytest.mark.parametrize("span", [Span(start=9.0), Span(start=0.3, end=0.2), Span(frames=0)])
def test_a_span_without_frames(coded: Path, tmp_path: Path, span: Span) -> None:
    with pytest.raises(UsageError, match="no frame"):
        decode(str(coded), str(tmp_path / "x.mkv"), DecodeOptions(span=span))
    assert not list(tmp_path.iterdir())


def test_span_boundaries_by_the_clock() -> None:
    times = Times(Fraction(1, 1000), (0, 40, 100, 130, 200), 50)
    assert frame_range(times, Span()) == (0, 5)
    assert frame_range(times, Span(start=0.04)) == (1, 5)
    assert frame_range(times, Span(start=0.041)) == (2, 5)
    assert frame_range(times, Span(end=0.13)) == (0, 3)
    assert frame_range(times, Span(start=-0.05)) == (4, 5)
    assert frame_range(constant(90, FPS), Span(start=1.0, frames=1)) == (30, 31)


@pytest.mark.parametrize(("span", "segments"), [((12, 18), [2]), ((7, 9), [1]), ((4, 8), [0, 1])])
def test_only_the_segments_needed_are_read(
    coded: Path, span: tuple[int, int], segments: list[int]
) -> None:
    with rendering(coded) as renderer:
        linc = renderer.linc
        before = linc.bytes_read
        assert len(list(renderer.frames(output_shots(*span, 1)))) == span[1] - span[0]
        renderer._painter._pool.shutdown(wait=True)
        used = linc.bytes_read - before
        need = sum(linc.segments[k].length for k in segments)
    assert 0.9 * need < used < need + 400 * len(segments)


def test_each_segment_is_decoded_once(coded: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    loaded: list[int] = []

    def counted(data: SegmentData, *rest: Any) -> SegmentCode:
        loaded.append(data.index)
        return unpack_segment(data, *rest)

    monkeypatch.setattr("lincodec.decoder.drawn.unpack_segment", counted)
    frames = rendered(coded, rate=4)
    assert len(frames) == 4 * FRAMES
    assert sorted(loaded) == [0, 1, 2]


@pytest.mark.parametrize("workers", [1, 9])
def test_processes_give_what_threads_give(coded: Path, workers: int) -> None:
    with coded.open("rb") as stream:
        renderer = Renderer(LincFile(stream), workers=workers)
        assert renderer._painter._unpacker.ahead == min(workers, 2)  # of three segments
        try:
            found = list(renderer.frames(output_shots(0, FRAMES, 1)))
        finally:
            renderer.close()
    for ours, theirs in zip(found, rendered(coded), strict=True):
        assert_equal(ours, theirs)


def test_damage_ahead_is_told_where_it_is(coded: Path) -> None:
    """Frames of segments before a damaged one come first, whoever reads ahead."""
    with coded.open("rb") as stream:
        at = LincFile(stream).segments[1].offset
    data = bytearray(coded.read_bytes())
    data[at + 400] ^= 1
    renderer = Renderer(LincFile(io.BytesIO(bytes(data))))
    frames = renderer.frames(output_shots(0, FRAMES, 1))
    for _ in range(renderer.linc.segments[0].n_frames):
        next(frames)
    with pytest.raises(LincError):
        next(frames)
    renderer.close()


class _Slow(io.BytesIO):
    """A file whose reads come a moment after their seeks, as another thread may find it."""

    def seek(self, offset: int, whence: int = 0) -> int:
        place = super().seek(offset, whence)
        time.sleep(0.0005)
        return place


def test_threads_share_a_file(coded: Path) -> None:
    expected = rendered(coded)
    renderer = Renderer(LincFile(_Slow(coded.read_bytes())))
    try:
        found = list(renderer.frames(output_shots(0, FRAMES, 1)))
    finally:
        renderer.close()
    for ours, theirs in zip(found, expected, strict=True):
        assert_equal(ours, theirs)


def variable(clip: Callable[[str], Path], path: Path) -> tuple[Times, list[Frame]]:
    """Five frames at uneven times, lossless."""
    times = Times(Fraction(1, 1000), (0, 40, 100, 130, 200), 50)
    with FrameReader(str(clip("carphone")), span=Span(frames=5)) as reader:
        frames, info = list(reader), reader.info
    with FrameWriter(str(path), info, times.time_base, codec="ffv1") as writer:
        for frame, pts, length in zip(frames, times.pts, (40, 60, 30, 70, 50), strict=True):
            writer.write(frame.planes, pts, length)
    return times, frames


def test_uneven_times_are_kept_and_divided(clip: Callable[[str], Path], tmp_path: Path) -> None:
    given, _ = variable(clip, tmp_path / "vfr.mkv")
    linc = tmp_path / "vfr.linc"
    encode(str(tmp_path / "vfr.mkv"), str(linc), EncodeOptions(preset="instant"))
    expected = {1: [0, 40, 100, 130, 200], 2: [0, 20, 40, 70, 100, 115, 130, 165, 200, 225]}
    for rate, milliseconds in expected.items():
        output = tmp_path / f"out{rate}.mp4"
        options = DecodeOptions(fps_scale=rate, encoder_preset="ultrafast")
        decode(str(linc), str(output), options)
        with FrameReader(str(output)) as reader:
            assert sum(1 for _ in reader) == 5 * rate
            times = reader.times()
        assert [1000 * pts * times.time_base for pts in times.pts] == milliseconds
        end = (times.pts[-1] + times.last_duration) * times.time_base
        assert end == (given.pts[-1] + given.last_duration) * given.time_base


def written(coded: Path, output: Path, **asked: Any) -> tuple[list[Planes], Times, Fraction]:
    """Frames, times and rate of what a decode to a file gives."""
    codec = "libx264" if output.suffix == ".mp4" else "ffv1"
    preset = "ultrafast" if codec == "libx264" else None
    options = DecodeOptions(codec=codec, encoder_preset=preset, **asked)
    report = decode(str(coded), str(output), options, overwrite=True)
    with FrameReader(str(output)) as reader:
        frames = [frame.planes for frame in reader]
        times, rate = reader.times(), reader.info.fps
    assert report.frames == len(frames)
    return frames, times, rate


@pytest.mark.parametrize(("rate", "exact"), [("60", Fraction(60)), (47.952, Fraction(48000, 1001))])
def test_an_even_rate_above_that_of_the_source(
    coded: Path, tmp_path: Path, rate: Rate, exact: Fraction
) -> None:
    frames, _, _ = written(coded, tmp_path / "out.mkv", fps=rate)
    count = round(FRAMES / FPS * exact)
    assert len(frames) == count
    at = [k * FPS / exact for k in range(count)]
    with rendering(coded) as renderer:
        expected = list(renderer.frames([Shot(int(p), p - int(p)) for p in at]))
    for found, planes in zip(frames, expected, strict=True):
        assert_equal(found, planes)
    native = rendered(coded)
    held = [k for k in range(count) if CUT - 1 <= at[k] < CUT]
    assert len(held) >= 1
    for k in held:  # the last frame before the cut, not mixed with what follows
        assert_equal(frames[k], native[CUT - 1])
    _, times, stated = written(coded, tmp_path / "out.mp4", fps=rate)
    assert stated == exact
    assert [pts * times.time_base for pts in times.pts] == [k / exact for k in range(count)]
    assert (times.pts[-1] + times.last_duration) * times.time_base == count / exact


def test_a_lower_rate_drops_frames(coded: Path, tmp_path: Path) -> None:
    native = rendered(coded)
    for asked, shown in (
        ({"fps": 10}, [0, 3, 6, 9, 12, 15]),
        ({"fps_scale": "1/3"}, [0, 3, 6, 9, 12, 15]),
        ({"fps_scale": 0.7}, [0, 1, 3, 4, 6, 7, 9, 10, 11, 13, 14, 16, 17]),
        ({"fps": 23.976}, [0, 1, 2, 4, 5, 6, 7, 9, 10, 11, 12, 14, 15, 16]),
    ):
        frames, times, _ = written(coded, tmp_path / "out.mkv", **asked)
        assert len(frames) == len(shown)
        for found, number in zip(frames, shown, strict=True):
            assert_equal(found, native[number])
        end = (times.pts[-1] + times.last_duration) * times.time_base
        assert abs(end - FRAMES / FPS) < Fraction(1, 20)  # half a frame at ten a second


def test_a_lower_rate_can_blend(coded: Path, tmp_path: Path) -> None:
    native = rendered(coded)
    frames, _, _ = written(coded, tmp_path / "out.mkv", fps_scale="2/3", blend=True)
    assert len(frames) == 12
    with rendering(coded) as renderer:
        shots = [Shot(3 * k // 2, Fraction(3 * k % 2, 2)) for k in range(12)]
        expected = list(renderer.frames(shots))
    for found, planes in zip(frames, expected, strict=True):
        assert_equal(found, planes)
    assert not any((frames[1][0] == native[at][0]).all() for at in (1, 2))
    held, _, _ = written(coded, tmp_path / "out.mkv", fps_scale=2, blend=False)
    for k, found in enumerate(held):
        assert_equal(found, native[k // 2])


def test_rates_and_speeds_of_uneven_times(clip: Callable[[str], Path], tmp_path: Path) -> None:
    variable(clip, tmp_path / "vfr.mkv")
    linc = tmp_path / "vfr.linc"
    encode(str(tmp_path / "vfr.mkv"), str(linc), EncodeOptions(preset="instant"))
    native, _, rate = written(linc, tmp_path / "native.mkv")
    for asked, milliseconds, end, stated in (
        ({"fps_scale": 0.5}, [0, 100, 200], 250, None),
        ({"fps_scale": 1.25}, [0, 32, 76, 112, 144, 200, 240], 250, None),
        ({"fps": 50}, [20 * k for k in range(12)], 240, Fraction(50)),  # 12.5 to the even number
        ({"speed": 0.25}, [0, 160, 400, 520, 800], 1000, None),
        ({"speed": "5/2"}, [0, 16, 40, 52, 80], 100, None),
        ({"speed": 0.5, "fps": 20}, [50 * k for k in range(10)], 500, Fraction(20)),
        ({"speed": 0.5, "fps_scale": 2}, [0, 40, 80, 140, 200, 230, 260, 330, 400, 450], 500, None),
    ):
        frames, times, found = written(linc, tmp_path / "out.mp4", **asked)
        assert len(frames) == len(milliseconds)
        assert [1000 * pts * times.time_base for pts in times.pts] == milliseconds
        assert 1000 * (times.pts[-1] + times.last_duration) * times.time_base == end
        assert stated in (None, found)
    slow, _, slowed = written(linc, tmp_path / "slow.mkv", speed="1/4")
    for ours, theirs in zip(slow, native, strict=True):
        assert_equal(ours, theirs)
    assert abs(slowed / rate - Fraction(1, 4)) < Fraction(1, 100)


def test_the_pace_of_sound(clip: Callable[[str], Path], tmp_path: Path) -> None:
    bunny, linc, output = str(clip("bunny")), tmp_path / "bunny.linc", tmp_path / "out.mp4"
    encode(bunny, str(linc), EncodeOptions(preset="instant", span=Span(frames=6), quality=44))
    small = DecodeOptions(encoder_preset="ultrafast", size=(160, 90), span=Span(start=0.04))
    tracks = []
    for asked in ({}, {"fps": 60}, {"fps_scale": 2.5}, {"fps": 10}, {"speed": 1}):
        report = decode(str(linc), str(output), replace(small, **asked), overwrite=True)
        assert report.extra["warnings"] == []
        with FrameReader(str(output)) as reader:
            assert sum(1 for _ in reader) == report.frames
            tracks.append(reader.audio())
            assert reader.times().pts[0] == 0
    assert tracks[0] is not None
    assert tracks[0].packets
    assert all(track == tracks[0] for track in tracks)
    report = decode(str(linc), str(output), replace(small, speed=0.5), overwrite=True)
    assert report.extra["warnings"] == [
        "the audio is left out: at a speed of 1/2 it would not fit the pictures"
    ]
    with FrameReader(str(output)) as reader:
        assert sum(1 for _ in reader) == 5
        assert reader.audio() is None
    quiet = replace(small, speed=0.5, audio=False)
    assert decode(str(linc), str(output), quiet, overwrite=True).extra["warnings"] == []


@pytest.mark.parametrize("asked", [{"fps": 0}, {"fps_scale": "nan"}, {"speed": -1}, {"fps": 1e5}])
def test_rates_that_cannot_be(coded: Path, tmp_path: Path, asked: dict[str, Any]) -> None:
    options = DecodeOptions(limits=Limits(frames=50_000), **asked)
    with pytest.raises(UsageError, match="expected"):
        decode(str(coded), str(tmp_path / "x.mkv"), options)
    assert not list(tmp_path.iterdir())


def test_audio_is_kept_and_trimmed(clip: Callable[[str], Path], tmp_path: Path) -> None:
    bunny, linc = str(clip("bunny")), tmp_path / "bunny.linc"
    encode(bunny, str(linc), EncodeOptions(preset="instant", span=Span(frames=5), quality=44))
    with FrameReader(bunny, span=Span(frames=5)) as reader:
        assert sum(1 for _ in reader) == 5
        given = reader.audio()
    whole = _audio_of(linc, tmp_path / "a.mp4", Span())
    assert given is not None
    assert whole is not None
    assert (whole.codec, whole.layout, whole.sample_rate) == ("aac", "5.1", 48000)
    assert [p.data for p in whole.packets] == [p.data for p in given.packets]
    assert whole.extradata == given.extradata
    part = _audio_of(linc, tmp_path / "b.mp4", Span(start=0.08))
    assert part is not None
    inside = [p.data for p in given.packets if p.pts * given.time_base >= Fraction(8, 100)]
    assert [p.data for p in part.packets] == inside
    assert 0 < len(inside) < len(given.packets)
    decode(str(linc), str(tmp_path / "c.mp4"), DecodeOptions(audio=False, span=Span(frames=1)))
    with FrameReader(str(tmp_path / "c.mp4")) as reader:
        assert sum(1 for _ in reader) == 1
        assert reader.audio() is None


def _audio_of(linc: Path, output: Path, span: Span) -> AudioTrack | None:
    options = DecodeOptions(encoder_preset="ultrafast", size=(320, 180), span=span)
    decode(str(linc), str(output), options)
    with FrameReader(str(output)) as reader:
        assert sum(1 for _ in reader) >= 1
        return reader.audio()


def test_existing_outputs_stay(coded: Path, tmp_path: Path) -> None:
    output = tmp_path / "out.mkv"
    output.write_bytes(b"mine")
    with pytest.raises(UsageError):
        decode(str(coded), str(output), SMALL)
    assert output.read_bytes() == b"mine"
    assert [p.name for p in tmp_path.iterdir()] == ["out.mkv"]


def test_progress_never_falls(coded: Path, tmp_path: Path) -> None:
    seen: list[float] = []
    decode(str(coded), str(tmp_path / "o.mkv"), SMALL, progress=lambda p: seen.append(p.fraction))
    assert seen == sorted(seen)
    assert len(seen) == FRAMES
    assert seen[-1] == 1.0
