"""``linc decode`` around the engine: names, sizes, rates, results."""

from __future__ import annotations

import os
from fractions import Fraction
from pathlib import Path

import pytest
from support.engine import Engine, Linc

from lincodec.crop import Crop
from lincodec.options import DecodeOptions, Span


@pytest.fixture
def coded(tmp_path: Path) -> Path:
    """A file that passes for a .linc file before the engine is asked."""
    path = tmp_path / "clip.linc"
    path.write_bytes(b"not really")
    return path


def test_the_default_output_is_not_the_original(linc: Linc, engine: Engine, coded: Path) -> None:
    result = linc("decode", coded)
    assert result.code == 0
    [(_, _, written, options, _)] = engine.calls
    assert written == str(coded.with_name("clip.decoded.mp4"))
    assert options == DecodeOptions()
    assert "26.4 frames/s" in result.out


def test_every_option_reaches_the_engine(linc: Linc, engine: Engine, coded: Path) -> None:
    arguments = (
        "--res 1920x800 --fps-scale 4 --start 1 --end -1 --codec libx265 --crf 16.5 "
        "--speed 0.5 --blend "
        "--enc-preset slow --pix-fmt yuv420p10le --enc-opt tune=grain --format mkv --audio none"
    )
    assert linc("decode", coded, *arguments.split()).code == 0
    assert engine.calls[0][2] == str(coded.with_name("clip.decoded.mkv"))
    assert engine.calls[0][3] == DecodeOptions(
        size=(1920, 800),
        fps_scale=4,
        speed=Fraction(1, 2),
        blend=True,
        span=Span(1.0, -1.0),
        codec="libx265",
        crf=16.5,
        encoder_preset="slow",
        pix_fmt="yuv420p10le",
        encoder_options={"tune": "grain"},
        format="mkv",
        audio=False,
    )


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ("--fps 60", DecodeOptions(fps=60)),
        ("--fps 23.976", DecodeOptions(fps=Fraction(24000, 1001))),
        ("--fps 24000/1001 --no-blend", DecodeOptions(fps=Fraction(24000, 1001), blend=False)),
        ("--fps-scale 2.5", DecodeOptions(fps_scale=Fraction(5, 2))),
        ("--fps-scale 5/2", DecodeOptions(fps_scale=Fraction(5, 2))),
        ("--speed 1/4", DecodeOptions(speed=Fraction(1, 4))),
    ],
)
def test_rates(
    linc: Linc, engine: Engine, coded: Path, arguments: str, expected: DecodeOptions
) -> None:
    assert linc("decode", coded, *arguments.split()).code == 0
    assert engine.calls[-1][3] == expected


def test_one_rate_at_most(linc: Linc, engine: Engine, coded: Path) -> None:
    result = linc("decode", coded, "--fps", "60", "--fps-scale", "2")
    assert result.code == 2
    assert "--fps and --fps-scale cannot be used together" in result.err
    assert not engine.calls


@pytest.mark.parametrize(
    ("text", "size", "scale"),
    [
        ("4k", (3840, 2160), 1.0),
        ("1080p", (1920, 1080), 1.0),
        ("x2", None, 2.0),
        ("100x30", (100, 30), 1.0),
    ],
)
def test_resolutions(
    linc: Linc,
    engine: Engine,
    coded: Path,
    text: str,
    size: tuple[int, int] | None,
    scale: float,
) -> None:
    assert linc("decode", coded, "--res", text).code == 0
    options = engine.calls[-1][3]
    assert (options.size, options.scale) == (size, scale)


def test_a_box_takes_the_shape_of_the_crop(linc: Linc, engine: Engine, coded: Path) -> None:
    arguments = ("--crop", "32x32+8+8", "--res", "1080p")
    assert linc("decode", coded, *arguments).code == 0
    options = engine.calls[-1][3]
    assert (options.crop, options.size) == (Crop(32, 32, 8, 8), (1080, 1080))


def test_frames_are_counted_at_the_files_rate(linc: Linc, engine: Engine, coded: Path) -> None:
    assert linc("decode", coded, "--start", "50f").code == 0
    assert engine.calls[-1][3].span == Span(2.0)


def test_standard_output(linc: Linc, engine: Engine, coded: Path) -> None:
    result = linc("decode", coded, "-o", "-")
    assert result.code == 0
    assert result.out == "YUV4MPEG2\n"
    assert "528 frames" in result.err
    assert linc("decode", coded, "-o", "-", "--format", "mp4").code == 2
    assert linc("decode", coded, "-o", "-", "--json").code == 2


def test_the_null_format_needs_no_name(linc: Linc, engine: Engine, coded: Path) -> None:
    result = linc("decode", coded, "--format", "null", "--json")
    assert result.code == 0
    assert engine.calls[0][2] == os.devnull
    [done] = result.lines
    assert done["type"] == "decode-done"
    assert done["frames"] == 528
    assert done["device"] == "cpu"


def test_overwriting(linc: Linc, engine: Engine, coded: Path) -> None:
    target = coded.with_name("out.mp4")
    target.write_bytes(b"precious")
    assert linc("decode", coded, "-o", target).code == 2
    assert linc("decode", coded, "-o", coded, "-y").code == 2
    assert not engine.calls
    assert linc("decode", coded, "-o", target, "-y").code == 0


def test_an_interrupt_stops(linc: Linc, engine: Engine, coded: Path) -> None:
    engine.error = KeyboardInterrupt()
    result = linc("decode", coded)
    assert result.code == 130
    assert "Traceback" not in result.err


def test_a_closed_pipe_is_not_an_error_to_talk_about(
    linc: Linc, engine: Engine, coded: Path
) -> None:
    engine.error = BrokenPipeError(32, "Broken pipe")
    result = linc("decode", coded, "-o", "-", "-q")
    assert (result.code, result.err) == (141, "")
