"""What can go wrong around an encode: nothing is lost, nothing is left lying about."""

from __future__ import annotations

import errno
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from lincodec.cli.main import run
from lincodec.container import writer
from lincodec.decoder import paint
from lincodec.decoder.verify import verify
from lincodec.encoder.engine import Fitted, SegmentTask
from lincodec.encoder.linc.engine import LincEngine
from lincodec.options import EncodeOptions, Progress, Span
from lincodec.system import atomic

Clip = Callable[[str], Path]


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


#: Two frames that torch draws.
NETWORK = Path(__file__).parents[1] / "format_spec" / "vectors" / "good" / "good-network-2.linc"


def arguments(clip: Clip, output: Path, *more: str) -> list[str]:
    given = ["--frames", "12", "--segment", "4", "--preset", "instant", "--no-network", "-q"]
    return ["encode", str(clip("carphone")), "-o", str(output), *given, *more]


@pytest.mark.parametrize("resume", [False, True], ids=["plain", "resume"])
def test_a_full_disk(
    clip: Clip, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, resume: bool,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    output, more = tmp_path / "out.linc", ["--resume"] if resume else []
    real, left = writer.LincWriter._append, 2500

    def append(self: writer.LincWriter, data: bytes) -> None:
        if self.position + len(data) > left:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        real(self, data)

    monkeypatch.setattr(writer.LincWriter, "_append", append)
    assert run(arguments(clip, output, *more)) == 8
    assert "free some space" in capsys.readouterr().err
    assert names(tmp_path) == ([".out.linc.journal"] if resume else [])
    monkeypatch.undo()
    assert run(arguments(clip, output, *more)) == 0
    assert names(tmp_path) == ["out.linc"]


def test_a_full_disk_at_the_last_moment(
    clip: Clip, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def flush(path: Path) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(atomic, "_flush", flush)
    assert run(arguments(clip, tmp_path / "out.linc")) == 8
    assert names(tmp_path) == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
def test_standard_output_on_a_full_disk(clip: Clip, tmp_path: Path) -> None:
    import subprocess

    assert run(arguments(clip, tmp_path / "out.linc")) == 0
    with open("/dev/full", "wb") as full:
        command = [sys.executable, "-m", "lincodec", "decode", str(tmp_path / "out.linc")]
        done = subprocess.run([*command, "-o", "-"], stdout=full, stderr=subprocess.PIPE)
    assert done.returncode == 8
    assert done.stderr.count(b"\n") == 1


@pytest.mark.skipif(sys.platform == "win32", reason="an open file cannot be removed")
def test_the_output_folder_vanishes(
    clip: Clip, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    at_second_segment(monkeypatch, lambda: shutil.rmtree(folder))
    assert run(arguments(clip, folder / "out.linc")) == 2
    captured = capsys.readouterr()
    assert captured.err.count("\n") == 1
    assert "out.linc" in captured.err
    assert names(tmp_path) == []


def at_second_segment(monkeypatch: pytest.MonkeyPatch, action: Callable[[], object]) -> None:
    """Do something while the second segment is being fitted."""
    real, count = LincEngine.fit, 0

    def fit(self: LincEngine, *given: Any) -> Any:
        nonlocal count
        count += 1
        if count == 2:
            action()
        return real(self, *given)

    monkeypatch.setattr(LincEngine, "fit", fit)


@pytest.mark.parametrize("change", ["grown", "replaced", "gone"])
def test_the_source_changes_underneath(
    clip: Clip, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: str,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    source = tmp_path / "in.mp4"
    shutil.copy(clip("carphone"), source)

    def touch() -> None:
        if change == "grown":
            with source.open("ab") as file:
                file.write(b"more")
        elif change == "gone":
            source.unlink()
        else:
            other = tmp_path / "other.mp4"
            shutil.copy(source, other)
            other.replace(source)

    at_second_segment(monkeypatch, touch)
    given = arguments(clip, tmp_path / "out.linc")
    given[1] = str(source)
    assert run(given) == 3
    assert "in.mp4" in capsys.readouterr().err
    assert names(tmp_path) == ([] if change == "gone" else ["in.mp4"])


def test_memory_runs_out_while_fitting(
    clip: Clip, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from lincodec.encoder.encode import encode

    real = LincEngine.fit

    def fit(self: LincEngine, task: SegmentTask) -> Fitted:
        if task.part.count > 2:
            torch.empty(1 << 60)  # the error that torch itself raises
        return real(self, task)

    monkeypatch.setattr(LincEngine, "fit", fit)
    output = tmp_path / "out.linc"
    options = EncodeOptions("instant", segment=5, span=Span(frames=12), network=False)
    report = encode(str(clip("carphone")), str(output), options)
    assert "memory ran out: a segment was cut in two" in report.warnings
    assert verify(output).frames == 12
    assert report.segments > 5


def test_memory_runs_out_for_a_single_frame(
    clip: Clip, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fit(*given: Any) -> Any:
        raise MemoryError

    monkeypatch.setattr(LincEngine, "fit", fit)
    assert run(arguments(clip, tmp_path / "out.linc")) == 8
    assert "out of memory" in capsys.readouterr().err
    assert names(tmp_path) == []


def test_memory_runs_out_while_rendering(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    plain, small = tmp_path / "plain.y4m", tmp_path / "small.y4m"
    decoding = ["decode", str(NETWORK), "-q", "--res", "x2", "-o"]
    assert run([*decoding, str(plain)]) == 0
    real, sizes, most = paint.Painter._batch, [], 1

    def batch(self: paint.Painter, index: int, shots: Any, last: int, **more: Any) -> Any:
        sizes.append(len(shots))
        if len(shots) > most:
            torch.empty(1 << 60)
        return real(self, index, shots, last, **more)

    monkeypatch.setattr(paint.Painter, "_batch", batch)
    assert run([*decoding, str(small)]) == 0
    few, all_at_once = (np.frombuffer(path.read_bytes(), np.uint8) for path in (small, plain))
    assert int(np.abs(few.astype(int) - all_at_once).max()) <= 1  # sums in another order
    assert sizes[:2] == [2, 1]
    most = 0
    capsys.readouterr()
    assert run([*decoding, str(tmp_path / "none.y4m")]) == 8
    assert "--res" in capsys.readouterr().err
    assert names(tmp_path) == ["plain.y4m", "small.y4m"]


def test_two_encodes_without_a_journal(
    clip: Clip, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second to finish is refused, unless it may overwrite; the file is whole either way."""
    output = tmp_path / "out.linc"
    inner: list[int] = []

    def other() -> None:
        monkeypatch.undo()
        inner.append(run(arguments(clip, output)))

    at_second_segment(monkeypatch, other)
    assert run(arguments(clip, output)) == 2
    assert inner == [0]
    assert names(tmp_path) == ["out.linc"]
    assert verify(output).frames == 12


def test_an_error_in_the_progress_callback_leaves_nothing(clip: Clip, tmp_path: Path) -> None:
    from lincodec.encoder.encode import encode

    def report(progress: Progress) -> None:
        if progress.stage == "verify":
            raise ZeroDivisionError

    options = EncodeOptions("instant", span=Span(frames=4), network=False)
    with pytest.raises(ZeroDivisionError):
        encode(str(clip("carphone")), str(tmp_path / "out.linc"), options, progress=report)
    assert names(tmp_path) == []
