"""Parts fitted by a Ray cluster of two nodes, of which one is killed."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.encodings import Encoding

from lincodec.errors import InputError, ResourceError

ray = pytest.importorskip("ray", reason="Ray is not installed: the extra cluster")

from lincodec.cluster import on_ray  # noqa: E402
from lincodec.cluster.on_ray import RayWorkers  # noqa: E402


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """Two nodes of one core each, on this machine."""
    from ray.cluster_utils import Cluster

    node = {"num_cpus": 1, "object_store_memory": 80_000_000}
    health = {
        "health_check_initial_delay_ms": 1000, "health_check_period_ms": 1000,
        "health_check_timeout_ms": 2000, "health_check_failure_threshold": 3,
    }  # fmt: skip
    made = Cluster(
        initialize_head=True,
        head_node_args={**node, "include_dashboard": False, "_system_config": health},
    )
    made.second = made.add_node(**node)
    yield made
    made.shutdown()


class Watched(RayWorkers):
    """Does something once, after some parts are done."""

    action: Any = None

    def wait(self) -> Any:
        found = super().wait()
        if self.action is not None and found[0] >= 1:
            action, self.action = self.action, None
            action()
        return found


def kill_a_worker() -> None:
    """SIGKILL for a process that works on a part."""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if path.read_bytes().startswith(b"ray::_do"):
                os.kill(int(path.parent.name), signal.SIGKILL)
                return
        except OSError:
            continue


@pytest.mark.parametrize("options", [{}, {"size": 9000}], ids=["quality", "size"])
def test_by_two_nodes(
    cluster: Any, uneven: Path, encoded: Encoding, options: dict[str, Any]
) -> None:
    local, _ = encoded(uneven, segment=3, **options)
    with RayWorkers(cluster.address) as executor:
        assert encoded(uneven, executor, segment=3, **options)[0] == local


def test_a_worker_that_is_killed(cluster: Any, uneven: Path, encoded: Encoding) -> None:
    options = {"segment": 3, "preset": "fast"}
    local, _ = encoded(uneven, **options)
    with Watched(cluster.address) as executor:
        executor.action = kill_a_worker
        assert encoded(uneven, executor, **options)[0] == local
        assert executor.action is None


def test_what_a_node_fails_of(
    cluster: Any, uneven: Path, encoded: Encoding, tmp_path: Path
) -> None:
    source = tmp_path / "copy.mp4"
    source.write_bytes(uneven.read_bytes())
    with RayWorkers(cluster.address) as executor:
        begin = executor.begin

        def gone(*arguments: Any) -> None:
            source.unlink()
            begin(*arguments)

        executor.begin = gone  # type: ignore[method-assign]
        with pytest.raises(InputError, match="no such file"):
            encoded(source, executor, segment=5)


def test_a_node_that_goes_away(
    cluster: Any, uneven: Path, encoded: Encoding, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its parts are given to the other one, if Ray does not do it first."""
    monkeypatch.setattr(on_ray, "_LEAST", 3.0)
    options = {"segment": 3, "preset": "fast"}
    local, _ = encoded(uneven, **options)
    raylet = cluster.second.all_processes["raylet"][0].process.pid
    with Watched(cluster.address) as executor:
        executor.action = lambda: os.kill(raylet, signal.SIGKILL)
        begun = time.monotonic()
        assert encoded(uneven, executor, **options)[0] == local
        assert time.monotonic() - begun < 120


def test_no_cluster_there() -> None:
    with pytest.raises(ResourceError, match=r"--ray 127\.0\.0\.1:1"):
        RayWorkers("127.0.0.1:1")
