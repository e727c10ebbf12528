"""Areas that are weighed by what others have from them: what is written still decodes."""

from __future__ import annotations

import numpy as np
import pytest

from lincodec.core.encoder import PartitionedEncoder
from lincodec.core.partitioned import PartitionedDecoder
from lincodec.core.signatures import Effort, Task
from lincodec.registry import Chroma
from lincodec.types import Planes

WIDTH, HEIGHT, COUNT = 72, 56, 4
NOTHING, ERRORS, STEPS = range(3)
STEP_OFFSETS = 4


def clip() -> list[Planes]:
    """A still texture whose lower half is new noise in every frame."""
    rng = np.random.default_rng(3)
    still = rng.integers(0, 256, (HEIGHT, WIDTH), np.uint8)
    frames: list[Planes] = []
    for _ in range(COUNT):
        luma = still.copy()
        luma[HEIGHT // 2 :] = rng.integers(0, 256, (HEIGHT - HEIGHT // 2, WIDTH), np.uint8)
        frames.append((luma,))
    return frames


def task(display: int, weighing: int) -> Task:
    """A frame predicted from the one before."""
    made = Task(
        display=display,
        level=min(display, 1),
        references=int(display > 0),
        context_source=display - 1,
        tools=8 | (STEP_OFFSETS if weighing == STEPS else 0),
        merge_size=2,
        count_limit=16,
        referenced=int(display < COUNT - 1),
        weighing=weighing,
        effort=Effort(merge_trials=1, intra_trials=1, intra_inter_trials=1, rdo=1, early=2),
    )
    made.reference[:] = max(display - 1, 0), 0
    made.step[:] = 128, 128, 128
    made.chroma_weight[:] = 1.0, 1.0
    setattr(made, "lambda", 0.1)
    return made


def opened() -> PartitionedEncoder:
    return PartitionedEncoder(clip()[0], Chroma.GREY, 8, COUNT)


def error_of(weighing: int, strength: float) -> tuple[float, float]:
    """Mean squared errors of the still upper and the noisy lower half of the first frame."""
    frames, tasks = clip(), [task(display, weighing) for display in range(COUNT)]
    with opened() as encoder:
        for display, planes in enumerate(frames):
            if weighing:
                encoder.glance(display, planes)
        for each in tasks if weighing else ():
            encoder.measure(each)
        if weighing:
            encoder.weigh(tasks, strength)
        for each, planes in zip(tasks, frames, strict=True):
            encoder.source(each.display, planes)
            encoder.code(each)
        made = [encoder.picture(display)[0] for display in range(COUNT)]
        stream = encoder.finish(range(COUNT))
    with PartitionedDecoder(stream, WIDTH, HEIGHT, Chroma.GREY, 8, COUNT) as decoder:
        for planes, wanted in zip(decoder.frames(range(COUNT)), made, strict=True):
            assert np.array_equal(planes[0], wanted)
    squares = (made[0].astype(float) - frames[0][0]) ** 2
    return float(squares[: HEIGHT // 2 - 8].mean()), float(squares[HEIGHT // 2 + 8 :].mean())


@pytest.mark.parametrize("weighing", [ERRORS, STEPS])
def test_what_others_are_predicted_from_is_coded_better(weighing: int) -> None:
    plain, weighed = error_of(NOTHING, 0.0), error_of(weighing, 4.0)
    assert weighed[0] < plain[0]
    assert weighed[1] > plain[1]


def test_what_was_not_seen_cannot_be_weighed() -> None:
    with opened() as encoder:
        with pytest.raises(ValueError, match="status 6"):
            encoder.measure(task(0, ERRORS))
        encoder.glance(1, clip()[1])
        with pytest.raises(ValueError, match="status 6"):  # its reference was not
            encoder.measure(task(1, ERRORS))
        encoder.source(0, clip()[0])
        with pytest.raises(ValueError, match="status 6"):
            encoder.code(task(0, ERRORS))
