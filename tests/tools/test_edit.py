"""Cutting, joining and stills: segments byte for byte, everything else right again."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from lincodec.container import LincFile
from lincodec.decoder.render import Renderer
from lincodec.decoder.shots import Shot
from lincodec.decoder.stills import contact_sheet, shot_at, still
from lincodec.decoder.verify import verify
from lincodec.encoder.encode import encode
from lincodec.errors import UsageError
from lincodec.options import EncodeOptions, Span
from lincodec.tools.edit import concat, cut
from lincodec.types import Planes, Times
from lincodec.video.color import to_rgb

SEGMENTS = 50
LENGTH = 2


@pytest.fixture(scope="module")
def long(clip: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A hundred frames of carphone in fifty segments."""
    output = tmp_path_factory.mktemp("edit") / "long.linc"
    span = Span(frames=SEGMENTS * LENGTH)
    options = EncodeOptions(
        preset="instant", quality=24, segment=LENGTH, scene_cut=False, span=span,
        tags={"title": "a call"},
    )  # fmt: skip
    assert encode(str(clip("carphone")), str(output), options).segments == SEGMENTS
    return output


@pytest.fixture(scope="module")
def heard(clip: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten frames of bunny with its audio, in segments of five."""
    output = tmp_path_factory.mktemp("heard") / "heard.linc"
    options = EncodeOptions(preset="instant", quality=44, segment=5, span=Span(frames=10))
    encode(str(clip("bunny")), str(output), options)
    return output


def payloads(path: Path) -> list[tuple[bytes, bytes]]:
    with path.open("rb") as stream:
        file = LincFile(stream)
        read = [file.read_segment(k) for k in range(len(file.segments))]
    return [(data.wgts, data.lats) for data in read]


def rendered(path: Path, shots: list[Shot], size: tuple[int, int] | None = None) -> list[Planes]:
    with path.open("rb") as stream:
        renderer = Renderer(LincFile(stream), size)
        try:
            return list(renderer.frames(shots))
        finally:
            renderer.close()


def test_a_cut_keeps_the_segments_of_its_span(long: Path, tmp_path: Path) -> None:
    output = tmp_path / "cut.linc"
    fps = 30000 / 1001
    done = cut(str(long), str(output), Span(start=21 / fps, end=27.5 / fps))
    assert (done.frames, done.segments) == (8, 4)
    assert done.start == pytest.approx(20 / fps, abs=1e-3)
    assert done.bytes == output.stat().st_size
    assert payloads(output) == payloads(long)[10:14]
    assert verify(output, render=True).frames == 8
    frames = [Shot(n, Fraction(0)) for n in range(8)]
    before = [Shot(n + 20, Fraction(0)) for n in range(8)]
    for ours, theirs in zip(rendered(output, frames), rendered(long, before), strict=True):
        assert all((a == b).all() for a, b in zip(ours, theirs, strict=True))
    with output.open("rb") as stream, long.open("rb") as whole:
        file, source = LincFile(stream), LincFile(whole)
        assert [entry.continues for entry in file.segments] == [False, True, True, True]
        assert file.tags() == source.tags()
        quality, all_of_it = file.quality(), source.quality()
        assert quality is not None
        assert all_of_it is not None
        assert quality.segments == all_of_it.segments[10:14]
        assert quality.psnr_rgb == pytest.approx(np.mean(quality.segments), abs=1e-3)


def test_parts_joined_hold_what_the_whole_does(long: Path, tmp_path: Path) -> None:
    fps, parts = 30000 / 1001, []
    for number, (start, end) in enumerate(((0, 40), (40, 42), (42, 100))):
        parts.append(str(tmp_path / f"{number}.linc"))
        cut(
            str(long),
            parts[-1],
            Span(start=(start - 0.4) / fps if start else 0, end=(end - 0.5) / fps),
        )
    output = tmp_path / "joined.linc"
    done = concat(parts, str(output))
    joined = payloads(output)
    whole = payloads(long)
    assert (done.segments, len(joined)) == (SEGMENTS, SEGMENTS)
    assert joined == whole
    assert verify(output).frames == SEGMENTS * LENGTH
    with output.open("rb") as stream, long.open("rb") as source:
        a, b = LincFile(stream), LincFile(source)
        assert a.times() == b.times()
        assert [e.first_frame for e in a.segments if not e.continues] == [0, 40, 42]
        ours, theirs = a.quality(), b.quality()
        assert ours is not None
        assert theirs is not None
        assert ours.psnr_rgb == pytest.approx(theirs.psnr_rgb, abs=1e-4)


def test_audio_follows_its_pictures(heard: Path, tmp_path: Path) -> None:
    second, twice = tmp_path / "second.linc", tmp_path / "twice.linc"
    assert cut(str(heard), str(second), Span(start=0.21)).frames == 5
    concat([str(heard), str(second)], str(twice))
    with heard.open("rb") as a, second.open("rb") as b, twice.open("rb") as c:
        whole, part, joined = (LincFile(stream).audio() for stream in (a, b, c))
    assert whole is not None
    assert part is not None
    assert joined is not None
    assert 0 < len(part.packets) < len(whole.packets)
    assert {p.data for p in part.packets} <= {p.data for p in whole.packets}
    assert part.packets[0].pts * part.time_base < Fraction(1, 20)
    moved = joined.packets[-len(part.packets) :]
    assert [p.data for p in moved] == [p.data for p in part.packets]
    begin = moved[0].pts * joined.time_base - part.packets[0].pts * part.time_base
    assert begin == pytest.approx(0.4, abs=1e-4)
    dts = [packet.dts for packet in joined.packets]
    assert dts == sorted(dts)
    assert verify(twice).frames == 15


def test_files_that_differ_are_not_joined(long: Path, heard: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="width"):
        concat([str(long), str(heard)], str(tmp_path / "x.linc"))
    assert not list(tmp_path.iterdir())


def test_a_still_reads_one_segment(long: Path, tmp_path: Path) -> None:
    output = tmp_path / "still.png"
    done = still(str(long), str(output), 61.0 * 1001 / 30000)
    assert done.bytes_read < 0.05 * long.stat().st_size
    assert Image.open(output).size == (193, 144)  # square samples
    still(str(long), str(output), 61.0 * 1001 / 30000, size=(176, 144), overwrite=True)
    picture = np.asarray(Image.open(output))
    with long.open("rb") as stream:
        info = LincFile(stream).info
    [expected] = rendered(long, [Shot(61, Fraction(0))])
    assert picture.shape == (144, 176, 3)
    assert float(np.abs(picture - to_rgb(expected, info)).max()) <= 1


def test_a_still_between_segments_reads_two(long: Path, tmp_path: Path) -> None:
    output = tmp_path / "still.png"
    done = still(str(long), str(output), 61.5 * 1001 / 30000, size=(88, 72))
    assert done.bytes_read < 0.08 * long.stat().st_size
    assert Image.open(output).size == (88, 72)


def test_a_contact_sheet(long: Path, tmp_path: Path) -> None:
    output = tmp_path / "sheet.png"
    done = contact_sheet(str(long), str(output), (3, 2), size=(88, 72))
    assert (done.width, done.height) == Image.open(output).size == (3 * 92 - 4, 2 * 76 - 4)
    assert len(done.times) == 6
    assert done.times == tuple(sorted(done.times))
    sheet = np.asarray(Image.open(output)).astype(int)
    first, last = sheet[:72, :88], sheet[76:, 184:]
    assert np.abs(first - last).mean() > 3


def test_times_are_places_between_frames() -> None:
    times = Times(Fraction(1, 100), (0, 4, 8, 20), 5)
    assert shot_at(times, 0.0) == Shot(0, Fraction(0))
    assert shot_at(times, 0.05) == Shot(1, Fraction(1, 4))
    assert shot_at(times, 0.14) == Shot(2, Fraction(1, 2))
    assert shot_at(times, 0.22) == Shot(3, Fraction(0))
    assert shot_at(times, -0.05) == Shot(3, Fraction(0))
    for wrong in (0.25, -0.3, 9.0):
        with pytest.raises(UsageError, match="no frame"):
            shot_at(times, wrong)
