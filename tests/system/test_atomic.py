"""Outputs appear complete or not at all."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from lincodec.errors import UsageError
from lincodec.limits import Limits
from lincodec.system.atomic import atomic_output


def write_half(final: Path, error: type[BaseException]) -> None:
    with atomic_output(final, overwrite=True) as path:
        path.write_bytes(b"half")
        raise error


def test_success_leaves_only_the_output(tmp_path: Path) -> None:
    final = tmp_path / "a.mp4"
    with atomic_output(final) as path:
        assert path.parent == tmp_path
        assert path.suffix == ".mp4"
        assert path.name.startswith(".")
        path.write_bytes(b"hello")
        assert not final.exists()
    assert final.read_bytes() == b"hello"
    assert os.listdir(tmp_path) == ["a.mp4"]


def test_permissions_follow_the_umask(tmp_path: Path) -> None:
    old = os.umask(0o027)
    try:
        with atomic_output(tmp_path / "a") as path:
            path.write_bytes(b"")
    finally:
        os.umask(old)
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o640


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt, SystemExit])
def test_failure_leaves_nothing(tmp_path: Path, error: type[BaseException]) -> None:
    with pytest.raises(error):
        write_half(tmp_path / "a", error)
    assert os.listdir(tmp_path) == []


def test_existing_files(tmp_path: Path) -> None:
    final = tmp_path / "a"
    final.write_bytes(b"old")
    with pytest.raises(UsageError, match="already exists"), atomic_output(final):
        pass
    with pytest.raises(RuntimeError):
        write_half(final, RuntimeError)
    assert final.read_bytes() == b"old"
    with atomic_output(final, overwrite=True) as path:
        path.write_bytes(b"new")
    assert final.read_bytes() == b"new"
    assert os.listdir(tmp_path) == ["a"]


def test_a_file_that_appears_meanwhile_is_kept(tmp_path: Path) -> None:
    final = tmp_path / "a"
    with pytest.raises(UsageError, match="already exists"), atomic_output(final):
        final.write_bytes(b"other")
    assert final.read_bytes() == b"other"
    assert os.listdir(tmp_path) == ["a"]


def test_a_link_is_followed(tmp_path: Path) -> None:
    target, link = tmp_path / "target", tmp_path / "link"
    target.write_bytes(b"old")
    link.symlink_to(target)
    with atomic_output(link, overwrite=True) as path:
        path.write_bytes(b"new")
    assert link.is_symlink()
    assert target.read_bytes() == b"new"


def test_devices_are_written_directly() -> None:
    with atomic_output(os.devnull) as path:
        assert path == Path(os.devnull)
        path.write_bytes(b"x")
    assert not Path(os.devnull).is_file()


def test_places_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="directory"), atomic_output(tmp_path):
        pass
    with pytest.raises(UsageError, match="No such file"), atomic_output(tmp_path / "no" / "a"):
        pass
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(UsageError, match="written"), atomic_output(tmp_path / "file" / "a"):
        pass


def test_limits_from_text() -> None:
    assert Limits().replaced("frames=10").frames == 10
    for bad in ("frames", "frames=", "frames=-1", "frames=0", "other=3", "frames=1e3"):
        with pytest.raises(UsageError):
            Limits().replaced(bad)
    assert Limits.unlimited().check("area", 1 << 60, "x") == 1 << 60
