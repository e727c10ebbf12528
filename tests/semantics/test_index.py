"""The index: incremental, exact against a scan, and usable after a crash at any point."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from support.engine import Linc

from lincodec.bitstream.embedding import normalised
from lincodec.errors import CorruptError
from lincodec.semantics import vectors
from lincodec.semantics.index import Index
from lincodec.semantics.store import SEGMENT, VIDEO, KnownFile, NewPart, Store


@pytest.fixture
def library(aligned: Path, tmp_path: Path) -> Path:
    """A folder with copies of the aligned files."""
    return Path(shutil.copytree(aligned, tmp_path / "library"))


def add(store: Store, name: str, rows: np.ndarray) -> None:
    """A file of made-up vectors, one a segment."""
    with store.writing():
        space = store.space("made-up", b"r" * 32, rows.shape[1])
        parts = [NewPart(space, SEGMENT, i, i, i + 1.0, row) for i, row in enumerate(rows)]
        store.add(KnownFile(name, b"s" * 32, 1, 1, len(rows), len(rows)), parts)


def made_up(count: int, seed: int = 0) -> np.ndarray:
    return normalised(np.random.default_rng(seed).standard_normal((count, 16)).astype(np.float32))


def test_files_come_and_go(library: Path, tmp_path: Path, linc: Linc) -> None:
    at = ("--index", tmp_path / "ix", "--json")
    first = linc("index", "add", library, *at).lines[-1]
    assert first["type"] == "index-add-done"
    assert [len(first[key]) for key in ("added", "unchanged", "skipped")] == [3, 0, 0]
    again = linc("index", "add", library, *at).lines[-1]
    assert [len(again[key]) for key in ("added", "unchanged", "skipped")] == [0, 3, 0]
    (library / "car1.linc").write_bytes((library / "car2.linc").read_bytes())
    changed = linc("index", "add", library / "car1.linc", *at).lines[-1]
    assert len(changed["added"]) == 1
    listed = linc("index", "list", *at).lines[-1]
    assert [Path(f["file"]).name for f in listed["files"]] == [
        "bikes.linc",
        "car1.linc",
        "car2.linc",
    ]
    assert listed["models"][0]["videos"] == 3
    assert listed["models"][0]["segments"] == 9
    removed = linc("index", "remove", library / "bikes.linc", *at).lines[-1]
    assert len(removed["removed"]) == 1
    (library / "car2.linc").unlink()
    gone = linc("index", "remove", "--missing", *at).lines[-1]["removed"]
    assert [Path(path).name for path in gone] == ["car2.linc"]
    assert len(linc("index", "list", *at).lines[-1]["files"]) == 1


def test_what_cannot_be_indexed(library: Path, tmp_path: Path, linc: Linc) -> None:
    good = Path(__file__).resolve().parents[2] / "format_spec/vectors/good/good-minimal.linc"
    shutil.copy(good, library / "plain.linc")
    (library / "noise.linc").write_bytes(b"noise")
    at = ("--index", tmp_path / "ix")
    done = linc("index", "add", library, *at)
    assert done.code == 0
    assert done.out == "3 added, 0 unchanged, 2 skipped\n"
    assert "plain.linc: is not aligned to any model; run linc align first" in done.err
    assert "noise.linc" in done.err
    for arguments, code in (
        (("add", library / "plain.linc"), 2),
        (("add", library / "gone.linc"), 3),
        (("remove", library / "plain.linc"), 2),
        (("remove",), 2),
    ):
        result = linc("index", *arguments, *at)
        assert (result.code, result.err.count("\n")) == (code, 1), result
    nowhere = linc("index", "list", "--index", tmp_path / "nowhere")
    assert nowhere.code == 2
    assert "no index here" in nowhere.err
    assert not (tmp_path / "nowhere").exists()


def test_merged_and_fresh_vectors_answer_alike(tmp_path: Path) -> None:
    """FAISS and the database together find what an exact scan finds, removed files excepted."""
    rows = {f"f{i}": made_up(40, i) for i in range(6)}
    query = made_up(1, 99)[0]
    with Index(tmp_path / "ix") as index:
        for name in ("f0", "f1", "f2"):
            add(index.store, name, rows[name])
        index.merge(0)
        for name in ("f3", "f4"):
            add(index.store, name, rows[name])
        with index.store.writing():
            assert index.store.remove("f1")
            assert index.store.remove("f3")
        left = [
            (name, i, float(row @ query))
            for name in ("f0", "f2", "f4")
            for i, row in enumerate(rows[name])
        ]
        wanted = sorted(left, key=lambda item: -item[2])[:10]
        for _ in range(3):
            space = index.store.spaces()[0]
            found = index.search(space, query, SEGMENT, 10)
            assert [(f.part.path, f.part.segment) for f in found] == [w[:2] for w in wanted]
            np.testing.assert_allclose([f.score for f in found], [w[2] for w in wanted], atol=2e-3)
            index.merge(0)  # the second time from FAISS alone, the third after nothing to do
        assert len(list((tmp_path / "ix").glob("*.faiss"))) == 1


def test_a_large_index_becomes_an_inverted_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vectors, "EXACT", 500)
    rows = made_up(900)
    with Index(tmp_path / "ix") as index:
        add(index.store, "a", rows[:450])
        index.merge(0)
        add(index.store, "b", rows[450:])
        index.merge(0)
        name = index.store.base(1, SEGMENT)
        assert name is not None
        kind = type(vectors.read(tmp_path / "ix" / name)).__name__
        assert "IVF" in kind
        space = index.store.spaces()[0]
        hits = [index.search(space, row, SEGMENT, 1)[0] for row in rows[::30]]
        assert sum(hit.score > 0.98 for hit in hits) >= 28
        with index.store.writing():
            index.store.remove("a")
        index.merge(0)
        assert {hit.part.path for hit in index.search(space, rows[0], SEGMENT, 50)} == {"b"}


def test_a_damaged_faiss_file_is_named_and_rebuilt(
    library: Path, tmp_path: Path, linc: Linc
) -> None:
    folder = tmp_path / "ix"
    at = ("--index", folder)
    with Index(folder) as index:
        index.add([str(library)])
        index.merge(0)
    for path in folder.glob("*.faiss"):
        path.write_bytes(b"damaged")
    with Index(folder) as index, pytest.raises(CorruptError, match="run linc index rebuild"):
        index.search(index.store.spaces()[0], np.ones(64, np.float32), VIDEO, 1)
    assert linc("index", "rebuild", *at).out == "3 added, 0 unchanged, 0 skipped\n"
    with Index(folder) as index:
        space = index.store.spaces()[0]
        assert len(index.search(space, np.ones(64, np.float32), VIDEO, 5)) == 3
    assert len(list(folder.glob("*.faiss"))) == 2


def test_a_damaged_database_is_one_line(tmp_path: Path, linc: Linc) -> None:
    (tmp_path / "index.sqlite").write_bytes(b"this is no database" * 100)
    result = linc("index", "list", "--index", tmp_path)
    assert result.code == 4
    assert "is damaged" in result.err
    assert "run linc index rebuild" in result.err


def test_a_failed_merge_changes_nothing(
    library: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A crash between the FAISS file and the database leaves the index as it was."""
    query = made_up(1)[0]
    with Index(tmp_path / "ix") as index:
        add(index.store, "a", made_up(20, 1))
        index.merge(0)
        add(index.store, "b", made_up(20, 2))
        before = index.search(index.store.spaces()[0], query, SEGMENT, 40)
        monkeypatch.setattr(index.store, "merged", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            index.merge(0)
        assert len(list((tmp_path / "ix").glob("*.faiss"))) == 2  # one of them nobody names
    with Index(tmp_path / "ix") as index:
        space = index.store.spaces()[0]
        assert index.search(space, query, SEGMENT, 40) == before
        index.merge(0)
        assert len(list((tmp_path / "ix").glob("*.faiss"))) == 1
        after = index.search(space, query, SEGMENT, 40)
        assert [hit.part for hit in after] == [hit.part for hit in before]


_ADDING = """
import sys, time
from lincodec.semantics import index, vectors
real = vectors.write
vectors.write = lambda *a: (print("merging", flush=True), real(*a), time.sleep(0.02))
index.FRESH = 0
with index.Index(sys.argv[1]) as opened:
    for path in sys.argv[2:]:
        sys.stdin.readline()
        print(path, flush=True)
        opened.add([path])
print("done", flush=True)
"""


@pytest.mark.parametrize("moment", range(3))
def test_a_killed_add_leaves_a_usable_index(library: Path, tmp_path: Path, moment: int) -> None:
    for number in range(9):
        shutil.copy(library / "car1.linc", library / f"copy{number}.linc")
    paths = sorted(str(path) for path in library.glob("*.linc"))
    folder = tmp_path / "ix"
    command = [sys.executable, "-c", _ADDING, str(folder), *paths]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin is not None
    assert process.stdout is not None
    count = 2 + 3 * moment
    process.stdin.write("go on\n" * count)
    process.stdin.flush()
    while process.stdout.readline().strip() != paths[count - 1]:
        pass
    time.sleep(0.005 * moment)
    process.send_signal(signal.SIGKILL)
    process.wait()
    with Index(folder) as index:
        known = [file.path for file in index.store.files()]
        assert count - 1 <= len(known) <= count
        space = index.store.spaces()[0]
        found = index.search(space, np.ones(64, np.float32), SEGMENT, 1000)
        assert len(found) == 3 * len(known)
        assert {hit.part.path for hit in found} == set(known)
        done = index.add([str(library)])
        assert len(done.added) + len(done.unchanged) == len(paths)
        assert sorted(done.unchanged) == sorted(known)
        index.merge(0)
        assert len(index.search(space, np.ones(64, np.float32), VIDEO, 1000)) == len(paths)
    assert len([name for name in os.listdir(folder) if name.endswith(".faiss")]) == 2


def test_parquet_holds_every_vector(library: Path, tmp_path: Path, linc: Linc) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    at = ("--index", tmp_path / "ix")
    linc("index", "add", library, *at)
    done = linc("index", "export", "--parquet", tmp_path / "out.parquet", *at, "--json")
    assert done.lines[-1]["rows"] == 9
    table = parquet.read_table(tmp_path / "out.parquet")
    assert table.column_names == ["file", "sha256", "segment", "start", "stop", "vector"]
    assert table.schema.metadata[b"level"] == b"segment"
    rows = np.array(table["vector"].to_pylist(), np.float32)
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-5)
    with Index(tmp_path / "ix") as index:
        ids, fresh = index.store.fresh(1, SEGMENT)
    np.testing.assert_allclose(rows, fresh, atol=1e-6)
    assert len(ids) == 9


def test_a_file_that_is_no_longer_aligned_is_forgotten(
    library: Path, tmp_path: Path, linc: Linc, root: Path
) -> None:
    """Replaced by one without an alignment, or by a damaged one: its old vectors are gone."""
    at = ("--index", tmp_path / "ix", "--json")
    linc("index", "add", library, *at)
    plain = root / "format_spec" / "vectors" / "good" / "good-minimal.linc"
    shutil.copy(plain, library / "car1.linc")
    (library / "car2.linc").write_bytes(b"damaged")
    done = linc("index", "add", library, *at).lines[-1]
    assert len(done["skipped"]) == 2
    listed = linc("index", "list", *at).lines[-1]
    assert [Path(f["file"]).name for f in listed["files"]] == ["bikes.linc"]
    assert listed["models"][0]["videos"] == 1


@pytest.mark.parametrize("damage", ["head", "tail", "all"])
def test_a_damaged_index_is_rebuilt_from_the_names_in_it(
    library: Path, tmp_path: Path, linc: Linc, damage: str
) -> None:
    at = ("--index", tmp_path / "ix", "--json")
    linc("index", "add", library, *at)
    database = tmp_path / "ix" / "index.sqlite"
    data = bytearray(database.read_bytes())
    if damage == "head":
        data[:100] = bytes(100)
    elif damage == "tail":
        data[100:110] = b"\xff" * 10
    else:
        data[:] = b"nothing" * 100
    database.write_bytes(data)
    assert linc("index", "list", *at).code == 4
    result = linc("index", "rebuild", *at)
    if damage == "all":
        assert result.code == 4
        assert "add the files again" in result.err
        return
    assert len(result.lines[-1]["added"]) == 3
    assert linc("index", "list", *at).lines[-1]["models"][0]["videos"] == 3


def test_a_library_with_its_index_may_be_moved(
    library: Path, tmp_path: Path, linc: Linc, tiny_clip: Path
) -> None:
    before, after = tmp_path / "before", tmp_path / "after"
    before.mkdir()
    for name in ("car1", "bikes"):
        (before / f"{name}.linc").write_bytes((library / f"{name}.linc").read_bytes())
    outside = tmp_path / "outside.linc"
    outside.write_bytes((library / "car2.linc").read_bytes())
    assert linc("index", "add", before, outside, "--index", before / "ix").code == 0
    before.rename(after)
    at = ("--index", after / "ix", "--json")
    files = [each["file"] for each in linc("index", "list", *at).lines[-1]["files"]]
    assert files == sorted([*(str(after / f"{n}.linc") for n in ("bikes", "car1")), str(outside)])
    added = linc("index", "add", after, *at).lines[-1]
    assert (added["added"], len(added["unchanged"])) == ([], 2)
    assert linc("index", "remove", after / "car1.linc", *at).code == 0
    database = after / "ix" / "index.sqlite"
    data = database.read_bytes()
    database.write_bytes(bytes(100) + data[100:])
    rebuilt = linc("index", "rebuild", *at).lines[-1]
    assert sorted(rebuilt["added"])[0] == str(after / "bikes.linc")


def test_links_lead_to_a_file_once(library: Path, tmp_path: Path, linc: Linc) -> None:
    (library / "hard.linc").hardlink_to(library / "car1.linc")
    (library / "soft.linc").symlink_to(library / "car1.linc")
    found = linc("index", "add", library, "--index", tmp_path / "ix", "--json").lines[-1]
    assert len(found["added"]) == 3


def test_names_that_are_no_text_are_skipped(library: Path, tmp_path: Path, linc: Linc) -> None:
    name = os.fsdecode(b"bad\xff.linc")
    (library / "car1.linc").rename(library / name)
    done = linc("index", "add", library, "--index", tmp_path / "ix", "--json").lines[-1]
    assert len(done["added"]) == 2
    assert "not UTF-8" in done["skipped"][0]["reason"]
