"""``linc batch`` as it is used: watching, interrupted, and with an index in the same pass."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from lincodec.cli.main import run


def until(path: Path, process: subprocess.Popen[str]) -> None:
    """Wait for a file."""
    while not path.exists():
        assert process.poll() is None, process.communicate()
        time.sleep(0.05)


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_files_that_come_are_encoded_until_ctrl_c(uneven: Path, tmp_path: Path) -> None:
    library, out = tmp_path / "lib", tmp_path / "out"
    (library / "sub").mkdir(parents=True)
    process = subprocess.Popen(
        [sys.executable, "-m", "lincodec", "batch", str(library), "-o", str(out), "--preset",
         "instant", "--frames", "4", "--watch", "--settle", "0.2", "--json"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    for name in ("a", "sub/b"):
        (library / f"{name}.mp4").write_bytes(uneven.read_bytes())
        until(out / f"{name}.linc", process)
    time.sleep(0.5)  # so that the end of the second file is noted
    process.send_signal(signal.SIGINT)
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 130
    last = json.loads(said.splitlines()[-1])
    assert (last["type"], last["done"], last["failed"]) == ("batch-done", 2, 0)


def test_an_index_in_the_same_pass_is_the_one_that_a_rebuild_makes(
    uneven: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from support.tiny_models import make_clip

    model = make_clip(tmp_path / "model")
    library, index = tmp_path / "lib", str(tmp_path / "index")
    library.mkdir()
    for name in ("a", "b", "c"):
        (library / f"{name}.mp4").write_bytes(uneven.read_bytes() + name.encode())
    (library / "bad.mp4").write_bytes(b"no video")
    command = [
        "batch", str(library), "-o", str(tmp_path / "out"), "--preset", "instant", "--frames", "5",
        "--align", str(model), "--index", index, "-q",
    ]  # fmt: skip
    assert run(command) == 9
    capsys.readouterr()
    listed = []
    for arguments in (["list"], ["rebuild"], ["list"]):
        assert run(["index", *arguments, "--index", index, "--json"]) == 0
        listed.append(json.loads(capsys.readouterr().out))
    assert listed[0] == listed[2]
    assert [Path(each["file"]).name for each in listed[0]["files"]] == [
        "a.linc",
        "b.linc",
        "c.linc",
    ]
    assert listed[1]["skipped"] == []
    assert run(command) == 9
