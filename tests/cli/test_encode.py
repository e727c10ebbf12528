"""``linc encode`` around the engine: names, overwriting, options, results, interrupts."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from support.engine import Engine, Linc

from lincodec.errors import TargetError
from lincodec.options import EncodeOptions, Span


def test_the_default_output_is_beside_the_input(linc: Linc, engine: Engine, source: Path) -> None:
    result = linc("encode", source)
    assert result.code == 0
    [(name, read, written, options, rest)] = engine.calls
    assert (name, read, written) == ("encode", str(source), str(source.with_suffix(".linc")))
    assert options == EncodeOptions()
    assert rest["overwrite"] is False
    assert "31.50 dB" in result.out
    assert "weights 9 kB" in result.out


def test_every_option_reaches_the_engine(linc: Linc, engine: Engine, source: Path) -> None:
    arguments = (
        "--preset fast --size 2MB --max-time 10m --segment 48 --no-scene-cut --no-network "
        "--start 00:01 --duration 2.5 --frames 100 --audio none --device cpu --seed 7 "
        "--no-verify --tag title=A=B --tag year=2008 --align one --align two --align-weight 0.1"
    )
    assert linc("encode", source, *arguments.split()).code == 0
    assert engine.calls[0][3] == EncodeOptions(
        preset="fast",
        size=2_000_000,
        max_time=pytest.approx(600, abs=1),  # less what loading took
        segment=48,
        scene_cut=False,
        network=False,
        span=Span(1.0, 3.5, 100),
        audio=False,
        device="cpu",
        seed=7,
        verify=False,
        tags={"title": "A=B", "year": "2008"},
        align=("one", "two"),
        align_weight=0.1,
        cache=engine.calls[0][3].cache,
    )
    assert str(engine.calls[0][3].cache).endswith("linc")


@pytest.mark.parametrize(
    ("arguments", "field", "value"),
    [
        ("--quality 24", "quality", 24.0),
        ("--psnr 34", "psnr", 34.0),
        ("--bitrate 800k", "bitrate", 800e3),
        ("--bpp 0.04", "bpp", 0.04),
        ("--network", "network", True),
    ],
)
def test_rates(
    linc: Linc, engine: Engine, source: Path, arguments: str, field: str, value: object
) -> None:
    assert linc("encode", source, *arguments.split()).code == 0
    assert getattr(engine.calls[0][3], field) == value


def test_two_rates_are_one_too_many(linc: Linc, engine: Engine, source: Path) -> None:
    result = linc("encode", source, "--size", "2MB", "--psnr", "34")
    assert result.code == 2
    assert result.err == "linc: error: --psnr and --size cannot be used together\n"
    assert not engine.calls


def test_an_existing_output_stays_off_a_terminal(linc: Linc, engine: Engine, source: Path) -> None:
    target = source.with_suffix(".linc")
    target.write_bytes(b"precious")
    assert linc("encode", source, "-n").code == 0
    for arguments in ((), ("-y", "-n")):
        result = linc("encode", source, *arguments)
        assert result.code == 2
        assert result.err.count("\n") == 1
    assert target.read_bytes() == b"precious"
    assert not engine.calls
    assert linc("encode", source, "-y").code == 0
    assert engine.calls[0][4]["overwrite"] is True


def test_the_input_is_never_the_output(linc: Linc, engine: Engine, source: Path) -> None:
    alias = source.with_name("alias.linc")
    hard = source.with_name("hard.linc")
    alias.symlink_to(source)
    os.link(source, hard)
    for target in (source, alias, hard, source.parent / "." / source.name):
        result = linc("encode", source, "-y", "-o", target)
        assert result.code == 2
        assert "is the input" in result.err
    assert not engine.calls
    assert source.read_bytes() == b"not really"


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("nowhere/out.linc", "there is no folder"),
        ("folder", "is a directory"),
        ("clip.mp4/out.linc", "there is no folder"),
        ("x" * 300 + ".linc", "cannot be written"),
        ("-", "standard output"),
    ],
)
def test_outputs_that_cannot_be(
    linc: Linc, engine: Engine, source: Path, target: str, words: str
) -> None:
    folder = source.parent
    (folder / "folder").mkdir()
    result = linc("encode", source, "-o", target if target == "-" else folder / target)
    assert result.code == 2
    assert words in result.err
    assert result.err.count("\n") == 1
    assert not engine.calls
    assert {path.name for path in folder.iterdir()} == {"clip.mp4", "folder"}


@pytest.mark.parametrize(("name", "words"), [("gone.mp4", "no such file"), ("", "directory")])
def test_inputs_that_are_not_there(
    linc: Linc, engine: Engine, tmp_path: Path, name: str, words: str
) -> None:
    result = linc("encode", tmp_path / name)
    assert result.code == 3
    assert words in result.err
    assert not engine.calls


def test_a_pipe_needs_an_output_name(linc: Linc, engine: Engine, tmp_path: Path) -> None:
    assert linc("encode", "-").code == 2
    assert linc("encode", "-", "-o", tmp_path / "x.linc").code == 0
    assert engine.calls[0][1] == "-"
    result = linc("encode", "-", "-o", tmp_path / "y.linc", "--start", "10f")
    assert result.code == 2
    assert "--frames" in result.err


def test_the_result_as_json(linc: Linc, engine: Engine, source: Path) -> None:
    engine.warnings = ("3 damaged frames\nskipped",)
    result = linc("encode", source, "--json", "--progress", "json")
    assert result.code == 0
    [done] = result.lines
    assert done["type"] == "encode-done"
    assert done["frames"] == 132
    assert done["fps_exact"] == "30000/1001"
    assert done["fps"] == pytest.approx(29.97, abs=0.001)
    assert done["bytes"]["total"] == 10000
    assert done["bpp"] == 0.0277
    assert done["stopped"] is False
    assert result.progress[-1] == {"type": "warning", "message": "3 damaged frames skipped"}
    percents = [line["percent"] for line in result.progress if line["type"] == "progress"]
    assert percents == sorted(percents)
    assert percents[-1] == 100


def test_an_error_as_json(linc: Linc, engine: Engine, source: Path) -> None:
    engine.error = TargetError("best 33.1 dB < 34.0 dB; kept as clip.linc")
    result = linc("encode", source, "--json", "--progress", "json")
    assert result.code == 6
    assert result.lines == [
        {"type": "encode-error", "code": 6, "error": "TargetError", "message": str(engine.error)}
    ]
    assert result.progress[-1] == {"type": "error", "message": str(engine.error)}


def test_quiet_says_nothing(linc: Linc, engine: Engine, source: Path) -> None:
    engine.warnings = ("something",)
    result = linc("encode", source, "-q")
    assert (result.code, result.out, result.err) == (0, "", "")


def test_the_first_interrupt_finishes(linc: Linc, engine: Engine, source: Path) -> None:
    engine.on_work = lambda: os.kill(os.getpid(), signal.SIGINT)
    result = linc("encode", source, "--json")
    assert result.code == 0
    assert result.lines[-1]["stopped"] is True


@pytest.mark.parametrize("second", [signal.SIGINT, signal.SIGTERM])
def test_the_second_interrupt_stops(
    linc: Linc, engine: Engine, source: Path, second: signal.Signals
) -> None:
    def twice() -> None:
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), second)

    engine.on_work = twice
    result = linc("encode", source)
    assert result.code == 128 + second
    assert result.out == ""
    assert not source.with_suffix(".linc").exists()
