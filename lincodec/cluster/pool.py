"""Who fits the parts of an encode."""

from __future__ import annotations

from lincodec.cluster.inline import Inline
from lincodec.cluster.local import LocalWorkers


def workers(jobs: int) -> Inline | LocalWorkers:
    """An executor with so many processes; one: this one."""
    return Inline() if jobs == 1 else LocalWorkers(jobs)
