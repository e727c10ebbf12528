"""What programs rely on: exit codes, one line of JSON, finite numbers, hints that help."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.engine import Engine, Linc

from lincodec.cli.values import parse_moment, parse_number, parse_resolution
from lincodec.errors import UsageError


def only_line(out: str) -> dict[str, object]:
    assert out.count("\n") == 1
    found: dict[str, object] = json.loads(out)
    return found


# ---------------------------------------------------------------- one line of JSON


@pytest.mark.parametrize(
    ("arguments", "kind"),
    [
        (["encode", "--json"], "encode-error"),
        (["encode", "x.mp4", "--json", "--nope"], "encode-error"),
        (["encode", "nowhere.mp4", "--json"], "encode-error"),
        (["decode", "--json", "x.linc", "--crf", "abc"], "decode-error"),
        (["index", "nope", "--json"], "index-error"),
        (["index", "add", "--json", "--nope"], "index-add-error"),
        (["nope", "--json"], "linc-error"),
        (["--json"], "linc-error"),
        (["presets", "--json"], "presets-done"),
    ],
)
def test_every_outcome_is_one_line(linc: Linc, arguments: list[str], kind: str) -> None:
    result = linc(*arguments)
    found = only_line(result.out)
    assert found["type"] == kind
    assert found.get("code", 0) == result.code


def test_an_interrupt_is_one_line_too(
    linc: Linc, engine: Engine, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(sys.modules["lincodec.encoder.encode"], "encode", interrupted)
    result = linc("encode", source, "--json")
    assert result.code == 130
    assert only_line(result.out) == {
        "type": "encode-error", "code": 130, "error": "Interrupted", "message": "stopped",
    }  # fmt: skip


# ---------------------------------------------------------------- skipped is done


@pytest.mark.parametrize("flag", ["-n", "--resume"])
def test_what_is_there_is_skipped_with_success(
    linc: Linc, engine: Engine, source: Path, flag: str
) -> None:
    target = source.with_suffix(".linc")
    target.write_bytes(b"precious")
    result = linc("encode", source, flag, "--json")
    assert result.code == 0
    assert only_line(result.out) == {
        "type": "encode-done", "output": str(target), "skipped": True,
    }  # fmt: skip
    assert not engine.calls
    assert target.read_bytes() == b"precious"


def test_an_unfinished_encode_is_gone_on_with(linc: Linc, engine: Engine, source: Path) -> None:
    target = source.with_suffix(".linc")
    target.write_bytes(b"of an earlier run")
    target.with_name(".clip.linc.journal").write_bytes(b"")
    assert linc("encode", source, "--resume", "-y").code == 0
    assert engine.calls


# ---------------------------------------------------------------- numbers


@pytest.mark.parametrize(
    "arguments",
    [
        ("--quality", "nan"), ("--quality", "1e308"), ("--quality", "inf"), ("--psnr", "nan"),
        ("--psnr", "101"), ("--bpp", "nan"), ("--bpp", "-1"), ("--ms-ssim", "1"),
        ("--align-weight", "inf"), ("--quality", "1/0"),
    ],
)  # fmt: skip
def test_numbers_that_are_none(
    linc: Linc, engine: Engine, source: Path, arguments: tuple[str, str]
) -> None:
    result = linc("encode", source, *arguments)
    assert result.code == 2
    assert "expected" in result.err
    assert not engine.calls


def test_fractions_where_people_write_them() -> None:
    assert parse_number("1/4") == 0.25
    assert parse_number("2e-3") == 0.002
    assert parse_moment("3/2").seconds == 1.5
    assert parse_resolution("x1/2").scale == 0.5
    for wrong in ("nan", "1/0", "--1", "1e999", ""):
        with pytest.raises(UsageError, match="is not a number"):
            parse_number(wrong)


# ---------------------------------------------------------------- suggestions


@pytest.mark.parametrize(
    ("arguments", "meant"),
    [
        (("encode", "x.mp4", "--crf", "20"), "did you mean --quality?"),
        (("encode", "x.mp4", "--presset", "fast"), "did you mean --preset?"),
        (("decode", "x.linc", "--quality", "20"), "did you mean --crf?"),
        (("decode", "x.linc", "--resolution", "4k"), "did you mean --res?"),
        (("decode", "x.linc", "-an"), "there is no option -a"),
        (("compress", "x.mp4"), "did you mean encode?"),
        (("encod", "x.mp4"), "did you mean encode?"),
        (("info", "x.linc", "--zzz"), "there is no option --zzz; see linc info --help"),
    ],
)
def test_suggestions(linc: Linc, arguments: tuple[str, ...], meant: str) -> None:
    result = linc(*arguments)
    assert result.code == 2
    assert meant in result.err
    assert "--verify" not in result.err


# ---------------------------------------------------------------- environment


def test_variables_that_mean_nothing_are_refused(
    linc: Linc, engine: Engine, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LINC_ENCODE_PRESTE", "fast")
    result = linc("encode", source)
    assert result.code == 2
    assert "did you mean LINC_ENCODE_PRESET?" in result.err
    assert linc("decode", "nowhere.linc").code == 3
    monkeypatch.delenv("LINC_ENCODE_PRESTE")
    monkeypatch.setenv("LINC_PRESET", "fast")
    assert "LINC_PRESET is set, but means nothing" in linc("encode", source).err
    monkeypatch.delenv("LINC_PRESET")
    monkeypatch.setenv("LINC_DECODE_FORMAT", "mkv")
    coded = source.with_suffix(".linc")
    coded.write_bytes(b"")
    assert linc("decode", coded).code == 0
    assert str(engine.calls[-1][2]).endswith(".decoded.mkv")


# ---------------------------------------------------------------- closed streams


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&- <&-", ">/dev/full"])
def test_closed_or_full_standard_streams(root: Path, closed: str) -> None:
    command = f'"{sys.executable}" -m lincodec presets --json {closed}'
    done = subprocess.run(
        ["sh", "-c", command], cwd=root, capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONPATH": str(root)},
    )  # fmt: skip
    assert done.returncode == (8 if "full" in closed else 0)
    assert "Traceback" not in done.stderr
