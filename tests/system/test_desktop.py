"""Files of the desktop: there, of the right form, and gone again."""

from __future__ import annotations

import configparser
import shlex
from pathlib import Path

import pytest

from lincodec.cli.main import run
from lincodec.system.desktop import MIME_TYPE, install, uninstall

ROOT = Path(__file__).resolve().parents[2]


def entry(path: Path, section: str) -> configparser.SectionProxy:
    parser = configparser.ConfigParser(interpolation=None)
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    parser.read(path, "utf-8")
    return parser[section]


def test_what_is_installed_goes_again(tmp_path: Path) -> None:
    written = install(tmp_path, ["/opt/my linc/bin/linc"])
    assert all(path.is_file() for path in written)
    xml = (tmp_path / "mime/packages/linc.xml").read_text("utf-8")
    assert xml == (ROOT / "format_spec" / "linc.xml").read_text("utf-8")
    application = entry(tmp_path / "applications/linc.desktop", "Desktop Entry")
    assert application["MimeType"] == f"{MIME_TYPE};"
    assert shlex.split(application["Exec"]) == [
        "/opt/my linc/bin/linc", "play", "--idle", "10", "%f"
    ]  # fmt: skip
    thumbnailer = entry(tmp_path / "thumbnailers/linc.thumbnailer", "Thumbnailer Entry")
    assert shlex.split(thumbnailer["Exec"])[:2] == ["/opt/my linc/bin/linc", "frame"]
    install(tmp_path, ["linc"])  # again, over it
    assert sorted(uninstall(tmp_path)) == sorted(written)
    assert not [path for path in written if path.exists()]
    assert uninstall(tmp_path) == []


def test_what_is_special_in_a_name_is_escaped(tmp_path: Path) -> None:
    install(tmp_path, ['/odd/$HOME "100%"/linc'])
    exec_line = entry(tmp_path / "applications/linc.desktop", "Desktop Entry")["Exec"]
    assert exec_line.startswith('"/odd/\\\\$HOME \\\\"100%%\\\\"/linc" play')


def test_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert run(["install-desktop"]) == 0
    assert "linc.desktop" in capsys.readouterr().out
    line = entry(tmp_path / "thumbnailers/linc.thumbnailer", "Thumbnailer Entry")["Exec"]
    vector = ROOT / "format_spec/vectors/good/good-pictures-two-segments.linc"
    out = tmp_path / "thumb.png"
    words = line.replace("%i", str(vector)).replace("%o", str(out)).replace("%s", "128")
    arguments = shlex.split(words)
    assert run(arguments[arguments.index("frame") :]) == 0  # what a file manager would run
    assert out.read_bytes().startswith(b"\x89PNG")
    assert run(["install-desktop", "--remove", "-q"]) == 0
    assert not (tmp_path / "applications/linc.desktop").exists()
