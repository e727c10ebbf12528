"""Figures of a running batch in the text format of Prometheus, as a file or over HTTP."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from lincodec.errors import UsageError
from lincodec.system.atomic import atomic_output

_TYPE = "text/plain; version=0.0.4; charset=utf-8"
#: Seconds between writes of the file.
_EVERY = 1.0

#: Name, kind and help of every figure.
_FIGURES = {
    "linc_files_total": ("counter", "Files by what became of them."),
    "linc_failures_total": ("counter", "Files that failed, by exit code."),
    "linc_crashes_total": ("counter", "Workers that died over a file."),
    "linc_frames_total": ("counter", "Frames encoded."),
    "linc_written_bytes_total": ("counter", "Bytes of finished files."),
    "linc_encode_seconds_total": ("counter", "Wall seconds of finished files, all workers."),
    "linc_queued_files": ("gauge", "Files of this run that are not finished."),
    "linc_running_files": ("gauge", "Files being encoded."),
    "linc_done_ratio": ("gauge", "Share of this run's source bytes that is done."),
    "linc_last_event_timestamp_seconds": ("gauge", "When something happened last."),
}


class Metrics:
    """Counts the events of a batch; see ``cluster/batch.py`` for them."""

    def __init__(self) -> None:
        self._values: defaultdict[tuple[str, str], float] = defaultdict(float)
        self._lock = threading.Lock()

    def take(self, kind: str, fields: Mapping[str, Any]) -> None:
        """Count one event."""
        with self._lock:
            values = self._values
            values["linc_last_event_timestamp_seconds", ""] = time.time()
            if kind == "file-done":
                values["linc_files_total", 'state="done"'] += 1
                values["linc_frames_total", ""] += fields["frames"]
                values["linc_written_bytes_total", ""] += fields["bytes"]
                values["linc_encode_seconds_total", ""] += fields["seconds"]
            elif kind == "file-failed":
                values["linc_files_total", 'state="failed"'] += 1
                values["linc_failures_total", f'code="{fields["code"]}"'] += 1
            elif kind == "file-crashed":
                values["linc_crashes_total", ""] += 1
            elif kind == "batch-begin":
                for state in ("unchanged", "adopted"):
                    values["linc_files_total", f'state="{state}"'] = fields[state]
                values["linc_queued_files", ""] = fields["queued"]
            elif kind == "progress":
                values["linc_queued_files", ""] = fields["of"] - fields["files"]
                values["linc_running_files", ""] = len(fields["running"])
                values["linc_done_ratio", ""] = fields["fraction"]

    def text(self) -> str:
        """All figures."""
        lines = []
        with self._lock:
            known = sorted(self._values.items())
        for name, (kind, told) in _FIGURES.items():
            lines += [f"# HELP {name} {told}", f"# TYPE {name} {kind}"]
            found = [(labels, value) for (each, labels), value in known if each == name]
            for labels, value in found or [("", 0)]:
                lines.append(
                    f"{name}{{{labels}}} {value:.15g}" if labels else f"{name} {value:.15g}"
                )
        return "\n".join(lines) + "\n"


class MetricsFile:
    """Keeps a file up to date, as a node exporter's text collector reads it."""

    def __init__(self, path: Path) -> None:
        self.path, self.metrics = path, Metrics()
        self._last = -_EVERY

    def __enter__(self) -> MetricsFile:
        self._write()
        return self

    def __exit__(self, *_: object) -> None:
        self._write()

    def take(self, kind: str, fields: Mapping[str, Any]) -> None:
        """Count one event."""
        self.metrics.take(kind, fields)
        if time.monotonic() - self._last >= _EVERY:
            self._write()

    def _write(self) -> None:
        self._last = time.monotonic()
        with atomic_output(self.path, overwrite=True) as temporary:
            temporary.write_text(self.metrics.text(), encoding="utf-8")


class MetricsServer:
    """Answers ``/metrics`` on a port of this machine."""

    def __init__(self, port: int) -> None:
        """
        Args:
            port: to listen on; 0: any that is free.

        Raises:
            UsageError: somebody else does.
        """
        self.metrics = metrics = Metrics()

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                if self.path not in ("/metrics", "/healthz"):
                    self.send_error(404)
                    return
                body = metrics.text().encode() if self.path == "/metrics" else b"ok\n"
                self.send_response(200)
                self.send_header("Content-Type", _TYPE)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Nobody wants to know."""

        try:
            self._server = ThreadingHTTPServer(("", port), Handler)
        except OSError as error:
            raise UsageError(f"--metrics {port}: cannot listen: {error.strerror}") from error
        self.port = self._server.server_address[1]

    def __enter__(self) -> MetricsServer:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def take(self, kind: str, fields: Mapping[str, Any]) -> None:
        """Count one event."""
        self.metrics.take(kind, fields)


class NoMetrics:
    """Counts nothing."""

    def __enter__(self) -> NoMetrics:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing was opened."""

    def take(self, kind: str, fields: Mapping[str, Any]) -> None:
        """Ignore the event."""


def metrics_for(where: str | None) -> MetricsFile | MetricsServer | NoMetrics:
    """What ``--metrics`` asks for: a file, a port, or nothing.

    Raises:
        UsageError: the port is taken.
    """
    if where is None:
        return NoMetrics()
    return MetricsServer(int(where)) if where.isdecimal() else MetricsFile(Path(where))
