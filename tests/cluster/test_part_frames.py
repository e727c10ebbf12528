"""Reading frames of parts again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lincodec.cluster import part_frames
from lincodec.cluster.part_frames import PartFrames
from lincodec.container import LincArch
from lincodec.encoder.first_pass import scan_source
from lincodec.encoder.parts import Plan
from lincodec.errors import InputError
from lincodec.options import EncodeOptions, Span


def plan_for(source: Path, **options: Any) -> tuple[Plan, Any]:
    wanted = EncodeOptions(**options)
    scan = scan_source(str(source), wanted, lambda _: 5, lambda *_: None, prints=True)
    plan = Plan(
        str(source), wanted, scan.info, scan.ranges, scan.times, scan.prints, LincArch(4, 2, 8)
    )
    return plan, scan.held


@pytest.mark.parametrize("span", [Span(), Span(0.1, 1.1), Span(-0.8, None)], ids=str)
@pytest.mark.parametrize("every", [1, 3])
@pytest.mark.parametrize("seeking", [True, False])
def test_the_frames_of_the_plan(
    uneven: Path, span: Span, every: int, seeking: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan, held = plan_for(uneven, span=span, hold_out=every)
    if not seeking:
        monkeypatch.setattr(PartFrames, "_sought", lambda *_: None)
    elif every == 1 and (span.start or 0) >= 0:
        monkeypatch.setattr(part_frames, "_NEAR", -1)
        begin = PartFrames._begin

        def sought(frames: PartFrames, where: Span, at: int) -> Any:
            assert at or where.start == pytest.approx(span.start or 0, abs=1e-6)
            return begin(frames, where, at)

        monkeypatch.setattr(PartFrames, "_begin", sought)
    with PartFrames(plan) as frames:
        for first, count in ((5, 2), (0, 3), (2, len(held) - 2), (4, 1)):
            found = frames.read(first, count)
            for frame, wanted in zip(found, held[first : first + count], strict=True):
                assert frame.pts == wanted.pts
                assert all(map(np.array_equal, frame.planes, wanted.planes))


def test_seeks_beyond_five_seconds(uneven: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a reader really seeks; here it takes everything for far."""
    monkeypatch.setattr("lincodec.video.reader._SEEK_SECONDS", 0.05)
    plan, held = plan_for(uneven)
    with PartFrames(plan) as frames:
        for first in range(0, 28, 3):
            found = frames.read(first, 2)
            assert np.array_equal(found[1].planes[0], held[first + 1].planes[0])


def test_one_part_after_the_other_is_read_once(
    uneven: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[int] = []
    begin = PartFrames._begin

    def counted(frames: PartFrames, span: Span, at: int) -> Any:
        opened.append(at)
        return begin(frames, span, at)

    monkeypatch.setattr(PartFrames, "_begin", counted)
    plan, _ = plan_for(uneven)
    with PartFrames(plan) as frames:
        for first in (3, 9, 12, 20, 6):
            frames.read(first, 3)
    assert opened == [3, 6]


def test_other_frames_are_refused(uneven: Path) -> None:
    plan, _ = plan_for(uneven)
    changed = replace(plan, prints=(*plan.prints[:7], 0, *plan.prints[8:]))
    with PartFrames(changed) as frames:
        assert len(frames.read(2, 5)) == 5
        with pytest.raises(InputError, match="frames 5 to 9 are not those of the first pass"):
            frames.read(5, 5)
