"""Going on with an encode that was stopped: nothing is lost, and nothing is fitted twice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from lincodec.cli.main import run
from lincodec.container import pack_section
from lincodec.decoder.verify import verify
from lincodec.encoder.engine import Fitted, SegmentTask
from lincodec.encoder.journal import Journal, identity, journal_path, open_journal
from lincodec.encoder.linc.engine import LincEngine
from lincodec.encoder.segments import Range
from lincodec.errors import InputError, UsageError
from lincodec.options import EncodeOptions, Span

FRAMES = 24
PLAIN = {"preset": "instant", "network": False, "span": Span(frames=FRAMES)}


class Fits:
    """Counts fits; raises KeyboardInterrupt instead of the one numbered ``stop``."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.parts: list[tuple[int, int]] = []
        self.stop: int | None = None
        real = LincEngine.fit

        def fit(engine: LincEngine, task: SegmentTask) -> Fitted:
            if len(self.parts) == self.stop:
                raise KeyboardInterrupt
            self.parts.append((task.part.first, task.part.count))
            return real(engine, task)

        monkeypatch.setattr(LincEngine, "fit", fit)


@pytest.fixture
def fits(monkeypatch: pytest.MonkeyPatch) -> Fits:
    return Fits(monkeypatch)


@pytest.fixture
def source(clip: Callable[[str], Path]) -> str:
    return str(clip("carphone"))


def encode(source: str, output: Path, **options: Any) -> Any:
    from lincodec.encoder.encode import encode as work

    return work(source, str(output), EncodeOptions(**{**PLAIN, **options}), overwrite=True)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize(
    "options",
    [{"segment": 4}, {"segment": 4, "bpp": 0.3}, {"kind": "spectral", "span": Span(frames=110)}],
    ids=["fixed", "rate", "layout"],
)
def test_every_segment_is_fitted_once(
    source: str, tmp_path: Path, fits: Fits, options: dict[str, Any]
) -> None:
    whole = tmp_path / "whole.linc"
    segments = encode(source, whole, **options).segments
    assert segments > 1
    for stop in range(0, segments, 1 + segments // 3):
        fits.parts, fits.stop = [], stop
        output = tmp_path / "out.linc"
        with pytest.raises(KeyboardInterrupt):
            encode(source, output, resume=True, **options)
        assert len(fits.parts) == stop
        kept = [journal_path(output).name] if stop else []
        assert names(tmp_path) == sorted([*kept, "whole.linc"])
        fits.stop = None
        report = encode(source, output, resume=True, **options)
        assert report.resumed == stop
        assert len(fits.parts) == len(set(fits.parts)) == segments
        assert output.read_bytes() == whole.read_bytes()
        output.unlink()
        assert names(tmp_path) == ["whole.linc"]


def stopped(source: str, output: Path, fits: Fits, after: int = 3) -> Path:
    """The journal of an encode in segments of four that was stopped."""
    fits.parts, fits.stop = [], after
    with pytest.raises(KeyboardInterrupt):
        encode(source, output, resume=True, segment=4)
    fits.parts, fits.stop = [], None
    return journal_path(output)


def test_a_torn_or_damaged_journal_loses_only_what_is_torn(
    source: str, tmp_path: Path, fits: Fits
) -> None:
    output = tmp_path / "out.linc"
    path = stopped(source, output, fits)
    data = path.read_bytes()
    key = identity(source, EncodeOptions(**PLAIN, segment=4, scene_cut=True))
    counts = []
    for size in (*range(0, len(data), 11), len(data)):
        path.write_bytes(data[:size])
        with open_journal(str(output), key) as journal:
            counts.append(journal.finished)
            journal.settle({"again": "yes"})  # what is appended after the cut is found again
            with path.open("r+b") as file:
                assert Journal(path, file).finished == counts[-1]
    assert counts == sorted(counts)
    assert set(counts) == {0, 1, 2, 3}
    at = data.rindex(b"LATS") + 20
    path.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
    report = encode(source, output, resume=True, segment=4)
    assert report.resumed == 2
    assert verify(output).segments == 6


def test_another_source_or_other_options_are_refused(
    source: str, tmp_path: Path, fits: Fits
) -> None:
    output, copy = tmp_path / "out.linc", tmp_path / "copy.mp4"
    copy.write_bytes(Path(source).read_bytes())
    path = stopped(str(copy), output, fits)
    before = path.read_bytes()
    for options, name in (
        ({"quality": 30.0}, "quality"), ({"seed": 1}, "seed"), ({"segment": 5}, "segment"),
        ({"span": Span(frames=20)}, "span"),
    ):  # fmt: skip
        with pytest.raises(UsageError, match=f"begun with {name} ") as refused:
            encode(str(copy), output, **{"resume": True, "segment": 4, **options})
        assert str(path) in str(refused.value)
        assert path.read_bytes() == before
    os.utime(copy, (1, 1))
    with pytest.raises(UsageError, match="source time"):
        encode(str(copy), output, resume=True, segment=4)
    assert path.read_bytes() == before


def test_options_that_change_no_segment_may_change(source: str, tmp_path: Path, fits: Fits) -> None:
    output = tmp_path / "out.linc"
    stopped(source, output, fits)
    report = encode(source, output, resume=True, segment=4, tags={"title": "x"}, max_time=60.0)
    assert report.resumed == 3


def test_two_encodes_of_one_output(source: str, tmp_path: Path, fits: Fits) -> None:
    output = tmp_path / "out.linc"
    with open_journal(str(output), {"a": "b"}):
        with pytest.raises(UsageError, match="another linc"):
            encode(source, output, resume=True, segment=4)
        assert names(tmp_path) == [".out.linc.journal"]
    assert names(tmp_path) == []


def test_standard_input_cannot_be_resumed(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="standard input"):
        encode("-", tmp_path / "out.linc", resume=True)


def test_a_source_that_goes_away(tmp_path: Path, source: str) -> None:
    with pytest.raises(InputError):
        encode(str(tmp_path / "gone.mp4"), tmp_path / "out.linc", resume=True)
    assert names(tmp_path) == []


def lines(path: Path) -> Iterator[int]:
    """Journal sizes while a process writes it."""
    while True:
        yield path.stat().st_size if path.exists() else 0
        time.sleep(0.05)


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")
def test_killed_and_resumed(
    source: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "out.linc"
    arguments = [
        "encode", source, "-o", str(output), "--frames", "24", "--segment", "4", "--resume",
        "--preset", "medium", "--max-time", "60", "--quiet",
    ]  # fmt: skip
    process = subprocess.Popen([sys.executable, "-m", "lincodec", *arguments])
    for size in lines(journal_path(output)):
        if size > 3000:  # a segment or two
            break
        assert process.poll() is None
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert len(names(tmp_path)) == 2  # the journal and a temporary file
    arguments[arguments.index("60")] = "2"
    assert run([*arguments, "--json"]) == 0
    assert '"resumed": 0' not in capsys.readouterr().out
    assert names(tmp_path) == ["out.linc"]
    assert verify(output).segments == 6


@pytest.mark.parametrize(
    "sections",
    [
        [(b"KEYS", b"[1, 2]")],
        [(b"KEYS", b"not json")],
        [(b"KEYS", b'{"preset": 3}')],
        [(b"CUTS", b"[[0, 8, false, null], [0, 99, false, null]]")],
        [(b"CUTS", b"[[0, 8, false, null], [0, 3, false, null], [4, 4, false, null]]")],
        [(b"CUTS", b"[" * 5000)],
        [(b"FIGS", b'{"part": [0, 8, false], "errors": [NaN], "yuv": [], "similar": null}\nx')],
        [(b"PART", b'{"part": [0, 8, false]}\n')],
        [(b"TEMP", b"\xff\xfe")],
    ],
)
def test_a_journal_that_says_nonsense_is_begun_anew(
    tmp_path: Path, sections: list[tuple[bytes, bytes]]
) -> None:
    path = journal_path(tmp_path / "o.linc")
    path.write_bytes(b"linc journal 2\n" + b"".join(pack_section(*each) for each in sections))
    with open_journal(str(tmp_path / "o.linc"), {"preset": "fast"}) as journal:
        assert journal.finished == 0
        assert journal.cut(Range(0, 8, False)) is None
        assert path.read_bytes().startswith(b"linc journal 2\nKEYS"[:15])


@pytest.mark.parametrize("name", [b"victim.txt", b"../victim.txt", b".o.linc.tmp\0", b"/etc/x"])
def test_a_journal_removes_nothing_but_temporary_files(tmp_path: Path, name: bytes) -> None:
    folder = tmp_path / "inner"
    folder.mkdir()
    victims = [folder / "victim.txt", tmp_path / "victim.txt"]
    for victim in victims:
        victim.touch()
    path = journal_path(folder / "o.linc")
    path.write_bytes(b"linc journal 2\n" + pack_section(b"TEMP", name))
    with open_journal(str(folder / "o.linc"), {}):
        assert all(victim.exists() for victim in victims)
