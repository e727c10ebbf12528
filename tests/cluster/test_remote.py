"""Sources behind URIs."""

from __future__ import annotations

import importlib.util
import os
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import fsspec
import pytest

from lincodec.cli.main import run
from lincodec.cluster.batch import batch_identity
from lincodec.cluster.library import find, outputs
from lincodec.cluster.remote import SourceCache, _held, below, is_remote, stamp
from lincodec.encoder.encode import encode
from lincodec.errors import InputError, ResourceError
from lincodec.options import EncodeOptions


@pytest.fixture
def memory(uneven: Path) -> Iterator[Any]:
    """Three videos, and a text, in memory."""
    system = fsspec.filesystem("memory")
    for name in ("a.mp4", "sub/b.mp4", "sub/c.mkv", "sub/note.txt", "sub/.d.mp4"):
        system.pipe(f"/lib/{name}", uneven.read_bytes())
    yield system
    system.rm("/lib", recursive=True)


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.rglob("*") if path.is_file() and path.name != "lock"}


def test_what_is_a_uri() -> None:
    assert all(map(is_remote, ("s3://b/a.mp4", "https://x/y", "git+ssh://x")))
    assert not any(map(is_remote, ("a.mp4", "/a:b//c", "C:\\x", "://x", "-")))


def test_a_library_in_memory(memory: Any) -> None:
    sources = find(["memory://lib"])
    assert [source.name for source in sources] == ["a.mp4", "sub/b.mp4", "sub/c.mkv"]
    assert [source.path for source in sources][:1] == ["memory://lib/a.mp4"]
    assert outputs(sources, Path("o"))["sub/b.mp4"] == Path("o/sub/b.linc")
    assert [s.name for s in find(["memory://lib/sub/note.txt"])] == ["note.txt"]
    with pytest.raises(InputError, match="memory://none: nothing there"):
        below("memory://none")
    with pytest.raises(InputError, match="cannot be read"):
        stamp("memory://none.mp4")
    with pytest.raises(InputError, match="nosuch://x"):
        stamp("nosuch://x")


def test_content_is_known_wherever_it_is(memory: Any, uneven: Path) -> None:
    options = EncodeOptions(preset="instant")
    assert batch_identity("memory://lib/a.mp4", options) == batch_identity(str(uneven), options)
    memory.pipe("/lib/a.mp4", uneven.read_bytes()[:-1] + b"x")
    assert batch_identity("memory://lib/a.mp4", options) != batch_identity(str(uneven), options)


def test_copies_make_room_for_one_another(memory: Any, uneven: Path, tmp_path: Path) -> None:
    size = uneven.stat().st_size
    cache = SourceCache(tmp_path, 2 * size + 10)
    for name in ("a.mp4", "sub/b.mp4"):
        with cache.local(f"memory://lib/{name}") as path:
            assert Path(path).read_bytes() == uneven.read_bytes()
            os.utime(Path(path).parent, (5, 5) if name == "a.mp4" else (6, 6))
    with cache.local("memory://lib/a.mp4"):  # the other one is now the oldest
        assert names(tmp_path) == {"a.mp4", "b.mp4"}
    with cache.local("memory://lib/sub/c.mkv"):
        assert names(tmp_path) == {"a.mp4", "c.mkv"}
        with cache.local("memory://lib/sub/b.mp4"):  # what is in use stays
            assert names(tmp_path) == {"b.mp4", "c.mkv"}
    memory.pipe("/lib/a.mp4", b"other")
    with cache.local("memory://lib/a.mp4") as path:
        assert Path(path).read_bytes() == b"other"
    with (
        pytest.raises(ResourceError, match="--cache-size"),
        SourceCache(tmp_path, 9).local("memory://lib/sub/note.txt"),
    ):
        pass
    with cache.local(str(uneven)) as path:
        assert path == str(uneven)


def test_one_process_has_a_copy_at_a_time(tmp_path: Path) -> None:
    done = []
    with _held(tmp_path / "k"):

        def wait() -> None:
            with _held(tmp_path / "k"):
                done.append(1)

        other = threading.Thread(target=wait)
        other.start()
        other.join(0.3)
        assert done == []
    other.join(30)
    assert done == [1]


def test_an_interrupted_copy_leaves_nothing(
    memory: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ConnectionResetError("gone")

    monkeypatch.setattr("lincodec.cluster.remote.shutil.copyfileobj", broken)
    with (
        pytest.raises(InputError, match="gone"),
        SourceCache(tmp_path, 10**9).local("memory://lib/a.mp4"),
    ):
        pass
    assert names(tmp_path) == set()


def test_encode_of_a_uri(
    memory: Any, uneven: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    assert run(["encode", "memory://lib/a.mp4", "--preset", "instant", "-q"]) == 0
    encode(str(uneven), "local.linc", EncodeOptions(preset="instant"))
    assert Path("a.linc").read_bytes() == Path("local.linc").read_bytes()
    assert run(["encode", "memory://lib/none.mp4", "--preset", "instant", "-q"]) == 3


@pytest.mark.skipif(importlib.util.find_spec("aiohttp") is None, reason="the extra cloud")
def test_a_batch_over_http(uneven: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Quiet(SimpleHTTPRequestHandler):
        def __init__(self, *arguments: Any) -> None:
            super().__init__(*arguments, directory=str(uneven.parent))

        def log_message(self, *_: object) -> None:
            pass

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    server = ThreadingHTTPServer(("127.0.0.1", 0), Quiet)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    uri = f"http://127.0.0.1:{server.server_address[1]}/uneven.mp4"
    command = ["batch", uri, "-o", str(tmp_path / "out"), "--preset", "instant", "-q"]
    assert run(command) == 0
    assert names(tmp_path / "out") >= {"uneven.linc"}
    assert run(command) == 0
    server.shutdown()


@pytest.mark.skipif(
    importlib.util.find_spec("s3fs") is None or importlib.util.find_spec("moto") is None,
    reason="the extra cloud, and moto",
)
def test_a_batch_from_s3(
    uneven: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(port=0)
    server.start()
    host, port = server.get_host_and_port()
    for name, value in {
        "XDG_CACHE_HOME": str(tmp_path / "cache"), "AWS_ENDPOINT_URL": f"http://{host}:{port}",
        "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b", "AWS_DEFAULT_REGION": "us-east-1",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    system = fsspec.filesystem("s3")
    system.mkdir("bucket")
    for name in ("x/a.mp4", "x/y/b.mp4"):
        system.pipe(f"bucket/{name}", uneven.read_bytes())
    command = ["batch", "s3://bucket/x", "-o", str(tmp_path / "out"), "--preset", "instant"]
    assert run([*command, "--jobs", "2"]) == 0
    assert names(tmp_path / "out") >= {"a.linc", "b.linc"}
    capsys.readouterr()
    assert run(command) == 0
    assert "2 unchanged" in capsys.readouterr().out
    server.stop()
