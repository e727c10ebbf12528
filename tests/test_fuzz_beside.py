"""A small part of ``fuzz/beside.py``: files beside .linc files, and arguments."""

from __future__ import annotations

import beside
import pytest

COUNTS = {"journal": 150, "index": 60, "config": 60, "plot": 300, "y4m": 150, "api": 60, "cli": 60}


@pytest.mark.parametrize("target", beside.TARGETS)
def test_hostile_input(target: str) -> None:
    if target == "index":
        pytest.importorskip("faiss")
    ends = beside.fuzz(target, COUNTS[target], seed=7)
    assert sum(ends.values()) == COUNTS[target]
