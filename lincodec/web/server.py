"""Running the server of ``linc serve``."""

from __future__ import annotations

import secrets
import socket
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lincodec.errors import ResourceError, UsageError
from lincodec.system.cores import usable_cores
from lincodec.web.library import Library

#: Bytes of rendered windows that are kept on disk.
CACHE_BYTES = 2_000_000_000
_MOST_FLIGHTS = 12


@dataclass(frozen=True)
class ServeOptions:
    """How to serve."""

    host: str = "127.0.0.1"
    port: int = 0
    """0: one that is free."""
    cache: str = ""
    """Folder of the cache."""
    cache_bytes: int = CACHE_BYTES
    index: str | None = None
    model: str | None = None
    models: str | None = None
    """Folder where embedding models keep what they compute once."""
    workers: int | None = None
    """Threads that render; None: by the cores."""
    token: str | None = None
    """None: a new one."""
    idle: float | None = None
    """Seconds without a request after which ``run`` ends; None: it does not."""


class Server:
    """The server of some files; it listens from the start, and answers while ``run`` runs."""

    def __init__(self, roots: Sequence[str], options: ServeOptions) -> None:
        """
        Raises:
            InputError: a file or folder does not exist.
            ResourceError: the port cannot be had, or a library is missing.
        """
        from lincodec.system import extras

        self._uvicorn: Any = extras.need("uvicorn", "web")
        extras.need("starlette", "web")
        self.library = Library(roots)
        self.token = options.token or secrets.token_urlsafe(24)
        self._socket = _listening(options.host, options.port)
        self.port: int = self._socket.getsockname()[1]
        self.host = options.host
        self._idle = options.idle
        self._site, self._guard = self._application(options)
        config = self._uvicorn.Config(
            self._guard, log_level="warning", access_log=False, timeout_graceful_shutdown=2,
            server_header=False, ws="none", lifespan="off",
        )  # fmt: skip
        self._server = self._uvicorn.Server(config)

    def address(self, view: str | None = None) -> str:
        """The URL to open, with the token; ``view``: the id of a file to begin with."""
        more = "" if view is None else f"&open={view}"
        return f"{self._base}/?token={self.token}{more}"

    def stream_address(self, view: str) -> str:
        """The URL of a file's stream for players without cookies."""
        return f"{self._base}/video/{view}/master.m3u8?token={self.token}"

    def run(self, ready: Callable[[], None] = lambda: None) -> None:
        """Answer until ``stop``, an interrupt, or what ``idle`` says.

        Args:
            ready: called when it listens.
        """
        ready()
        if self._idle is not None:
            threading.Thread(target=self._watch, args=(self._idle,), daemon=True).start()
        try:
            self._server.run(sockets=[self._socket])
        finally:
            self._site.close()

    def stop(self) -> None:
        """Have ``run`` end, from another thread."""
        self._server.should_exit = True

    def _watch(self, idle: float) -> None:
        """Stop when nobody asked for so long."""
        while not self._server.should_exit:
            left = self._guard.asked + idle - time.monotonic()
            if left <= 0:
                self.stop()
            else:
                time.sleep(min(left, 5))

    @property
    def _base(self) -> str:
        host = "127.0.0.1" if self.host in ("0.0.0.0", "::") else self.host
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"

    def _application(self, options: ServeOptions) -> tuple[Any, Any]:
        from lincodec.web.app import application
        from lincodec.web.disk_cache import DiskCache
        from lincodec.web.finder import Finder
        from lincodec.web.flights import Flights
        from lincodec.web.guard import Guard
        from lincodec.web.jobs import Jobs
        from lincodec.web.site import Site
        from lincodec.web.windows import Renderers

        folder = next((root for root in self.library.roots if root.is_dir()), None)
        workers = options.workers or max(1, min(4, usable_cores() // 2))
        site = Site(
            self.library,
            DiskCache(Path(options.cache), options.cache_bytes),
            Finder(self.library, options.index, options.model, options.models),
            Flights(workers, _MOST_FLIGHTS),
            Renderers(2 * workers),
            Jobs(folder),
        )
        names: tuple[str, ...] = ("127.0.0.1", "localhost", "[::1]")
        if options.host not in names:
            names += (options.host, socket.gethostname().lower(), *_addresses(options.host))
        return site, Guard(application(site), self.token, names, self.port)


def _addresses(host: str) -> tuple[str, ...]:
    """Addresses of this machine, where it listens at all of them."""
    if host not in ("0.0.0.0", "::"):
        return ()
    found = socket.getaddrinfo(socket.gethostname(), None, type=socket.SOCK_STREAM)
    return tuple({str(address[4][0]) for address in found})


def _listening(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    found = socket.socket(family, socket.SOCK_STREAM)
    try:
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind((host, port))
        found.listen(128)  # who comes before it runs waits
    except socket.gaierror as error:
        found.close()
        raise UsageError(
            f"--host {host}: {error.strerror}; expected an address of this machine"
        ) from error
    except OSError as error:
        found.close()
        raise ResourceError(
            f"{host}:{port} cannot be listened at: {error.strerror}; choose another --port"
        ) from error
    return found
