"""Fixtures of the player's tests: Node, Chromium, a server of files and small videos."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from support.asker import HOSTILE, Asker
from support.axe import AXE
from support.chromium import Chromium, Page, executable
from support.small_video import write_source

import lincodec
from lincodec.container import LincFile
from lincodec.web.server import ServeOptions, Server

PLAYER = Path(__file__).resolve().parents[2] / "lincodec" / "web" / "player"


@pytest.fixture(scope="session")
def player() -> Path:
    """The player's folder."""
    missing = "the player's decoder is missing: make install, or tools/core_build.py --player"
    assert (PLAYER / "decoder.wasm").is_file(), missing
    return PLAYER


@pytest.fixture(scope="session")
def node() -> str:
    """Node; tests skip where it is missing."""
    program = shutil.which("node")
    if program is None:
        pytest.skip("no node")
    return program


@pytest.fixture(scope="session")
def browser() -> Iterator[Chromium]:
    """One browser for all tests of a process; they skip where it is missing."""
    if executable() is None:
        pytest.skip("no Chromium")
    with Chromium() as chromium:
        yield chromium


@pytest.fixture
def tab(browser: Chromium) -> Iterator[Page]:
    """A new tab, closed after the test."""
    page = browser.page()
    yield page
    page.close()


class _Handler(SimpleHTTPRequestHandler):
    """Files, or their ranges where they are asked for below ``/ranges/``."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_: Any) -> None:
        """Nothing."""

    def do_GET(self) -> None:
        asked = self.headers.get("Range")
        if not self.path.startswith("/ranges/"):
            del self.headers["Range"]
            with suppress(ConnectionError):  # a tab that is left drops what it was loading
                super().do_GET()
            return
        self.path = self.path.removeprefix("/ranges")
        data = Path(self.translate_path(self.path)).read_bytes()
        if asked is None:
            self.send_error(400, "a range was expected")
            return
        first, last = (int(part) for part in asked.removeprefix("bytes=").split("-"))
        part = data[first : last + 1]
        self.send_response(206)
        self.send_header("Content-Range", f"bytes {first}-{first + len(part) - 1}/{len(data)}")
        self.send_header("Content-Length", str(len(part)))
        self.end_headers()
        self.wfile.write(part)


@pytest.fixture(scope="session")
def served() -> Iterator[Callable[[Path], str]]:
    """``served(folder)`` is the URL of a folder; below its ``/ranges/`` files come in ranges."""
    servers: list[ThreadingHTTPServer] = []

    def serve(folder: Path) -> str:
        handler = partial(_Handler, directory=str(folder))
        server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_address[1]}"

    yield serve
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A .linc file of 3 s at 20 frames a second, 96x64, in two segments, with AAC sound."""
    folder = tmp_path_factory.mktemp("small")
    write_source(folder / "small.mp4")
    lincodec.encode(folder / "small.mp4", folder / "small.linc", preset="instant")
    return folder / "small.linc"


@pytest.fixture
def library(small: Path, tmp_path: Path) -> Path:
    """A folder: a sound file with its source, one in a folder, damaged ones, a hostile name."""
    folder = tmp_path / "library"
    (folder / "sub").mkdir(parents=True)
    data = bytearray(small.read_bytes())
    (folder / "clip.linc").write_bytes(data)
    shutil.copy(small.with_suffix(".mp4"), folder / "clip.mp4")
    (folder / "sub" / HOSTILE).write_bytes(data)
    (folder / "truncated.linc").write_bytes(data[: len(data) // 3])
    with small.open("rb") as stream:
        entry = LincFile(stream).segments[0]
    data[entry.offset + entry.length // 2] ^= 0x55
    (folder / "broken.linc").write_bytes(data)
    return folder


@pytest.fixture
def server(library: Path, tmp_path: Path) -> Iterator[Server]:
    """``linc serve`` of the library."""
    running = Server([str(library)], ServeOptions(cache=str(tmp_path / "cache"), workers=2))
    thread = threading.Thread(target=running.run, daemon=True)
    thread.start()
    yield running
    running.stop()
    thread.join(20)
    assert not thread.is_alive()


@pytest.fixture
def asker(server: Server) -> Asker:
    """Asks the server as its page does."""
    return Asker(server)


@pytest.fixture
def axe() -> None:
    """Skips where axe-core is missing."""
    if not AXE.is_file():
        pytest.skip("no axe-core: npm install --prefix build/npm axe-core@4.14.1")
