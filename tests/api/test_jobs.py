"""Encoding, decoding, checking and comparing from Python."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
from api.conftest import FRAMES

import lincodec as lc
from lincodec.cli.main import run


def test_there_and_back(clip: Callable[[str], Path], tmp_path: Path) -> None:
    source, coded, back = clip("carphone"), tmp_path / "clip.linc", tmp_path / "back.mkv"
    said: list[lc.Progress] = []
    done = lc.encode(
        source, coded, preset="instant", progress=said.append, frames=8, start=0.1,
        tags={"title": "a call"},
    )  # fmt: skip
    assert isinstance(done, lc.EncodeReport)
    assert (done.frames, done.width) == (8, 176)
    fractions = [progress.fraction for progress in said]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1
    assert lc.info(coded)["tags"]["title"] == "a call"
    assert lc.verify(coded).depth == "entropy"

    said.clear()
    with pytest.raises(lc.UsageError, match="overwrite=True"):
        lc.encode(source, coded, preset="instant", frames=8)
    wrote = lc.decode(coded, back, progress=said.append, codec="ffv1", size=(88, 72), fps_scale=2)
    assert isinstance(wrote, lc.DecodeReport)
    assert (wrote.frames, wrote.width) == (16, 88)
    assert said[-1].fraction == 1
    wrote = lc.decode(coded, back, codec="ffv1", crop=(80, 40, 16, 8), overwrite=True)
    assert (wrote.width, wrote.height) == (80, 40)
    lc.decode(coded, back, codec="ffv1", overwrite=True)
    found = lc.compare(coded, back, ms_ssim=False)
    assert (found.frames, found.psnr_y) == (8, 100.0)
    assert lc.compare(source, coded, ms_ssim=False, frames=3).frames == 3


def test_it_is_what_the_command_line_writes(clip: Callable[[str], Path], tmp_path: Path) -> None:
    source, ours, theirs = clip("carphone"), tmp_path / "ours.linc", tmp_path / "theirs.linc"
    lc.encode(source, ours, preset="instant", quality=30, frames=6)
    line = ["encode", str(source), "-o", str(theirs), "--preset", "instant", "--quality", "30"]
    assert run([*line, "--frames", "6", "--quiet"]) == 0
    assert ours.read_bytes() == theirs.read_bytes()


def test_stopping(clip: Callable[[str], Path], tmp_path: Path) -> None:
    stop = lc.StopRequest()
    stop.set()
    output = tmp_path / "stopped.linc"
    done = lc.encode(clip("carphone"), output, preset="instant", frames=12, stop=stop)
    assert done.stopped
    assert len(lc.open(output)) == 12


def test_unknown_options_are_named(coded: Path, tmp_path: Path) -> None:
    with pytest.raises(lc.UsageError, match=r"unknown option 'qualty'; there are .*quality, ") as e:
        lc.encode(coded, tmp_path / "x.linc", qualty=3)
    for field in fields(lc.EncodeOptions):
        assert field.name in {"span", "preset"} or field.name in str(e.value)
    with pytest.raises(lc.UsageError, match=r"unknown option 'quality'; there are .*fps_scale"):
        lc.decode(coded, tmp_path / "x.mp4", quality=3)
    with pytest.raises(lc.UsageError, match="expected one of"):
        lc.encode(coded, tmp_path / "x.linc", preset="fastest")
    assert list(tmp_path.iterdir()) == []


def test_files_that_are_not_there(coded: Path, tmp_path: Path) -> None:
    none, out = tmp_path / "none", tmp_path / "out.mkv"
    for call in (
        lambda: lc.encode(none, out, preset="instant"),
        lambda: lc.decode(none, out),
        lambda: lc.decode(tmp_path, out),
        lambda: lc.verify(none),
        lambda: lc.info(none),
        lambda: lc.compare(none, coded),
        lambda: lc.compare(coded, none),
        lambda: lc.open(none),
    ):
        with pytest.raises(lc.InputError):
            call()


def test_verify_renders(clip: Callable[[str], Path], tmp_path: Path) -> None:
    drawn = tmp_path / "drawn.linc"
    lc.encode(clip("carphone"), drawn, preset="instant", kind="spectral", frames=FRAMES)
    report = lc.verify(drawn, render=True)
    assert isinstance(report, lc.VerifyReport)
    assert (report.depth, report.rendered) == ("render", FRAMES)
    assert report.rms is not None
    assert np.isfinite(report.rms)
