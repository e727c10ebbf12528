"""Outputs appear complete or not at all."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from lincodec.errors import UsageError
from lincodec.limits import Limits
from lincodec.system.atomic import atomic_output, is_temporary
from lincodec.system.locks import lock


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


def test_what_killed_processes_left_is_swept(tmp_path: Path) -> None:
    """By the next run for the same output, and only that, and only when nobody holds it."""
    stale, held, other = (
        tmp_path / name
        for name in (
            ".out.linc.tmp0123abcd.mp4", ".out.linc.tmp0123abce.mp4", ".else.linc.tmp0123abcd.mp4",
        )
    )  # fmt: skip
    for path in (stale, held, other):
        path.write_bytes(b"half")
        os.utime(path, (1, 1))
    young = tmp_path / ".out.linc.tmp0123abcf.mp4"
    young.write_bytes(b"")
    with held.open("rb+") as file:
        assert lock(file)
        with atomic_output(tmp_path / "out.mp4") as temporary:
            temporary.write_bytes(b"whole")
    assert not stale.exists()
    assert held.exists()
    assert other.exists()
    assert young.exists()
    assert (tmp_path / "out.mp4").read_bytes() == b"whole"


@pytest.mark.parametrize("name", ["神" * 80 + ".mp4", "é" * 120 + ".linc", "x" * 250])
def test_long_names_are_cut_by_bytes(tmp_path: Path, name: str) -> None:
    with atomic_output(tmp_path / name) as temporary:
        assert len(os.fsencode(temporary.name)) < 200
        temporary.write_bytes(b"whole")
    assert (tmp_path / name).read_bytes() == b"whole"


def test_names_of_temporary_files() -> None:
    assert is_temporary(".out.linc.tmp0123abcd.mp4")
    for name in (
        "victim.txt",
        "../.o.linc.tmp01234567.x",
        ".o.linc.tmpzzzzzzzz.x",
        ".o.linc.tmp12",
    ):
        assert not is_temporary(name)
