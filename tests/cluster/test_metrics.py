"""Figures for Prometheus."""

from __future__ import annotations

import re
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from lincodec.cluster.metrics import MetricsFile, MetricsServer, metrics_for
from lincodec.errors import UsageError

EVENTS = (
    ("batch-begin", {"queued": 3, "unchanged": 5, "adopted": 1}),
    ("file-done", {"frames": 10, "bytes": 2000, "seconds": 0.5}),
    ("file-failed", {"code": 3}),
    ("file-crashed", {"code": -9}),
    ("progress", {"fraction": 0.25, "files": 2, "of": 3, "running": [("a", 0.5)]}),
)


def read(text: str) -> dict[str, float]:
    """Name with labels, and value, of every line; the format's own rules are checked."""
    found = {}
    for line in text.splitlines():
        if not line.startswith("#"):
            match = re.fullmatch(r'([a-z_]+(?:\{[a-z]+="[^"]*"\})?) (\S+)', line)
            assert match, line
            found[match[1]] = float(match[2])
    return found


def test_a_file_is_kept_up_to_date(tmp_path: Path) -> None:
    path = tmp_path / "linc.prom"
    with metrics_for(str(path)) as metrics:
        assert isinstance(metrics, MetricsFile)
        assert read(path.read_text())["linc_crashes_total"] == 0
        for kind, fields in EVENTS:
            metrics.take(kind, fields)
    found = read(path.read_text())
    assert found['linc_files_total{state="unchanged"}'] == 5
    assert found['linc_files_total{state="done"}'] == found['linc_files_total{state="failed"}'] == 1
    assert found['linc_failures_total{code="3"}'] == found["linc_queued_files"] == 1
    assert (found["linc_written_bytes_total"], found["linc_done_ratio"]) == (2000, 0.25)
    assert [each.name for each in tmp_path.iterdir()] == ["linc.prom"]


def test_a_port_answers() -> None:
    with MetricsServer(0) as server:
        server.take(*EVENTS[1])
        base = f"http://127.0.0.1:{server.port}"
        with urllib.request.urlopen(f"{base}/metrics") as answer:
            assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
            assert read(answer.read().decode())["linc_frames_total"] == 10
        with pytest.raises(urllib.error.HTTPError):
            urllib.request.urlopen(f"{base}/etc/passwd")
        with pytest.raises(UsageError, match="cannot listen"):
            metrics_for(str(server.port))
