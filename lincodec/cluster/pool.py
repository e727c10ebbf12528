"""Who fits the parts of an encode."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from lincodec.cluster.inline import Inline
from lincodec.cluster.local import LocalWorkers

if TYPE_CHECKING:
    from lincodec.cluster.on_ray import RayWorkers


def workers(jobs: int, ray: str | None = None) -> Inline | LocalWorkers | RayWorkers:
    """An executor with so many processes, one: this one; or a Ray cluster.

    Args:
        jobs: processes on this machine.
        ray: address of a cluster, or ``auto``.

    Raises:
        ResourceError: there is no such cluster.
    """
    if ray is not None:
        found: RayWorkers = importlib.import_module("lincodec.cluster.on_ray").RayWorkers(ray)
        return found
    return Inline() if jobs == 1 else LocalWorkers(jobs)
