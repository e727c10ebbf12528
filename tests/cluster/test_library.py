"""Finding videos, and naming what comes of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from lincodec.cluster.library import find, listed, outputs
from lincodec.cluster.shards import Shard
from lincodec.errors import InputError, UsageError


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name in (
        "lib/a.mp4", "lib/a.mov", "lib/sub/B.MKV", "lib/sub/b.txt", "lib/.hidden/c.mp4",
        "lib/sub/.d.mp4", "lib/sub/e.webm", "other/a.mp4", "other/x.dat",
    ):  # fmt: skip
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    (tmp_path / "lib/loop").symlink_to(tmp_path / "lib")
    (tmp_path / "lib/link.mp4").symlink_to(tmp_path / "other/a.mp4")
    return tmp_path


def names(*paths: Path | str) -> list[str]:
    return [source.name for source in find(map(str, paths))]


def test_folders_files_and_patterns(tree: Path) -> None:
    inside = ["a.mov", "a.mp4", "link.mp4", "sub/B.MKV", "sub/e.webm"]
    assert names(tree / "lib") == inside
    assert names(tree / "lib", tree / "lib" / "a.mp4") == inside
    assert names(tree / "other" / "x.dat") == ["x.dat"]
    assert names(f"{tree}/lib/*.mo*") == ["a.mov"]
    assert names(f"{tree}/lib/s*/e.*") == ["sub/e.webm"]
    assert len(names(f"{tree}/**/e.webm")) == 1
    assert names(tree / "lib", tree / "other") == inside  # a link leads to the other a.mp4
    assert names(tree / "other", tree / "lib") == [
        "a.mov", "lib/a.mp4", "other/a.mp4", "sub/B.MKV", "sub/e.webm",
    ]  # fmt: skip
    with pytest.raises(InputError, match="no such file, folder or pattern"):
        names(tree / "none*.mp4")


def test_two_roots_of_one_name(tree: Path) -> None:
    (tree / "deep" / "other").mkdir(parents=True)
    (tree / "deep" / "other" / "a.mp4").write_bytes(b"y")
    with pytest.raises(UsageError, match=r"other/a\.mp4: several videos"):
        names(tree / "other", tree / "deep" / "other")


def test_outputs_keep_the_tree_and_never_meet(tree: Path) -> None:
    found = outputs(find([str(tree / "lib")]), Path("out"))
    assert {name: path.as_posix() for name, path in found.items()} == {
        "a.mp4": "out/a.mp4.linc", "a.mov": "out/a.mov.linc", "link.mp4": "out/link.linc",
        "sub/B.MKV": "out/sub/B.linc", "sub/e.webm": "out/sub/e.linc",
    }  # fmt: skip


def test_shards_share_all_files_out(tmp_path: Path) -> None:
    for index in range(60):
        (tmp_path / f"{index}.mp4").write_bytes(b"x")
    sources = find([str(tmp_path)])
    shares = [[s.name for s in sources if s.belongs(Shard(k, 4))] for k in range(4)]
    assert sorted(name for share in shares for name in share) == sorted(s.name for s in sources)
    assert min(map(len, shares)) > 5


def test_lists(tmp_path: Path) -> None:
    path = tmp_path / "list"
    path.write_text("a b.mp4\n\nc.mp4\r\n")
    assert listed(str(path)) == ["a b.mp4", "c.mp4"]
    with pytest.raises(InputError, match="cannot be read"):
        listed(str(tmp_path / "none"))
