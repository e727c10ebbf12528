"""Commands over several files, and batches from the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.engine import Linc


def test_info_and_verify_of_several_files(linc: Linc, coded: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.linc"
    bad.write_bytes(b"no")
    for command in ("info", "verify"):
        assert linc(command, coded, coded).code == 0
        found = linc(command, coded, bad, coded, "--json")
        kinds = [json.loads(line)["type"] for line in found.out.splitlines()]
        assert kinds == [f"{command}-done", f"{command}-error", f"{command}-done"]
        assert found.code == 9
        assert linc(command, bad).code == 4


def test_several_outputs_in_one_folder(linc: Linc, engine: object, tmp_path: Path) -> None:
    sources = [tmp_path / name for name in ("a.mp4", "b.mp4", "a.mov")]
    for source in sources:
        source.write_bytes(b"not really")
    out = tmp_path / "out"
    assert linc("encode", *sources[:2], "--out-dir", out).code == 0
    assert sorted(path.name for path in out.iterdir()) == ["a.linc", "b.linc"]
    assert linc("encode", *sources[:2]).code == 0
    assert (tmp_path / "b.linc").exists()
    twice = linc("encode", *sources, "--out-dir", out)
    assert (twice.code, "the output of two sources" in twice.err) == (2, True)
    assert linc("encode", *sources[:2], "-o", out / "x.linc").code == 2
    folder = linc("encode", tmp_path)
    assert (folder.code, "linc batch" in folder.err) == (3, True)


def test_alignments_of_several_files_need_no_output(linc: Linc, coded: Path) -> None:
    found = linc("align", coded, coded, "--model", "conse", "-o", "x.linc")
    assert (found.code, "-o and --source are of one file" in found.err) == (2, True)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "name files or folders"),
        (["lib", "--index", "i"], "--align"),
        (["lib", "--max-time", "5"], "--max-time"),
        (["lib", "--start", "10f"], "times in frames"),
        (["lib", "--size", "1MB", "--psnr", "30"], "cannot be used together"),
    ],
)
def test_batches_that_make_no_sense(
    linc: Linc, tmp_path: Path, arguments: list[str], said: str
) -> None:
    (tmp_path / "lib").mkdir()
    given = [str(tmp_path / "lib") if a == "lib" else a for a in arguments]
    found = linc("batch", *given, "-o", tmp_path / "out")
    assert (found.code, said in found.err) == (2, True), found.err


def test_a_batch_and_what_it_would_come_to(linc: Linc, clip: object, tmp_path: Path) -> None:
    lib, out = tmp_path / "lib", tmp_path / "out"
    lib.mkdir()
    (lib / "car.mp4").write_bytes(Path(clip("carphone")).read_bytes())  # type: ignore[operator]
    (lib / "bad.mp4").write_bytes(b"no video")
    given = [lib, "-o", out, "--preset", "instant", "--frames", "4", "--json"]
    told = json.loads(linc("batch", *given, "--dry-run").out)
    assert (told["type"], told["queued"], told["failed"]) == ("batch-done", 2, 1)
    assert told["bytes"] > 500
    assert not out.exists()
    found = linc("batch", *given, "--progress", "json")
    lines = [json.loads(line) for line in found.out.splitlines()]
    assert found.code == 9
    assert sorted(line["type"] for line in lines) == [
        "batch-begin", "batch-done", "file-done", "file-failed",
    ]  # fmt: skip
    assert lines[-1]["type"] == "batch-done"
    assert (lines[-1]["done"], lines[-1]["failed"]) == (1, 1)
    progress = [json.loads(line) for line in found.err.splitlines()]
    assert {line["type"] for line in progress} >= {"progress"}
    assert "car.linc" in linc("batch", *given[:-1], "--retry-failed", "--quality", "44").out
