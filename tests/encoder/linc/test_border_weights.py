"""Frames at the ends of a segment are brought up to those beside them, and no further."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import cast

import numpy as np
import pytest
import torch

from lincodec.bitstream.segment import code_bits
from lincodec.container import LincArch
from lincodec.encoder.linc.border_weights import end_weights
from lincodec.encoder.linc.mode_decision import score
from lincodec.encoder.linc.segment_fit import SegmentFit
from lincodec.encoder.presets import step_of
from lincodec.encoder.segments import Range
from lincodec.options import Span
from lincodec.video.reader import FrameReader


class Measured:
    """A fit whose frames have the PSNRs it is given."""

    def __init__(self, psnrs: list[float]) -> None:
        self.psnrs, self.frames = psnrs, len(psnrs)

    def quantise(self, *_: object, **__: object) -> None:
        """What the PSNRs are of does not matter."""

    def frame_psnrs(self, _: object, __: object, which: list[int]) -> list[float]:
        """Those of some frames."""
        return [self.psnrs[frame] for frame in which]


def weights_of(psnrs: list[float], *, continues: bool = True) -> list[float]:
    fit = cast(SegmentFit, Measured(psnrs))
    return [round(w, 3) for w in end_weights(fit, 20.0, continues).tolist()]


def test_weights_follow_what_an_end_is_behind() -> None:
    psnrs = [28.0, 29.5, 30.0, 30.0, 33.0, 30.0, 30.0, 29.85, 29.8]
    first, second = round(10 ** (1.8 / 7), 3), round(10 ** (0.3 / 7), 3)
    assert weights_of(psnrs) == [first, second, 1, 1, 1, 1, 1, 1, 1]
    assert weights_of(psnrs, continues=False) == [1] * 9
    assert weights_of(psnrs[::-1], continues=False)[-2:] == [second, first]
    assert weights_of([0.0, *psnrs[1:]])[0] == 2
    assert weights_of([20.0] + [30.0] * 6) == [1] * 7  # too short to tell


def test_the_end_of_a_real_segment_comes_up(clip: Callable[[str], Path]) -> None:
    count, step = 24, step_of(38)
    with FrameReader(str(clip("carphone")), span=Span(frames=count)) as reader:
        frames, info = [frame.planes for frame in reader], reader.info
    fit = SegmentFit(frames, info, LincArch(4, 2, count))
    found = []
    for weights in (torch.ones(count, dtype=torch.float64), end_weights(fit, step, True)):
        fit.weigh(weights)
        coded = fit.quantise(step)
        bits = code_bits(fit.code(Range(0, count, False), coded))
        found.append((np.array(fit.frame_psnrs(coded, None, range(count))), bits))
    assert 1 < float(weights.max()) <= 2
    assert float(weights[2:-2].max()) == 1
    (plain, less), (even, more) = found
    worst = int(weights.argmax())
    assert even[worst] - plain[worst] > 0.2
    assert score(more, even.mean()) < score(less, plain.mean()) + 0.05


@pytest.mark.parametrize("scale", [1.0, 3.0])
def test_equal_weights_change_nothing(clip: Callable[[str], Path], scale: float) -> None:
    with FrameReader(str(clip("carphone")), span=Span(frames=6)) as reader:
        frames, info = [frame.planes for frame in reader], reader.info
    fit = SegmentFit(frames, info, LincArch(4, 2, 6))
    before = fit.basis.clone()
    fit.weigh(torch.full((6,), scale, dtype=torch.float64))
    torch.testing.assert_close(fit.basis, before, atol=1e-6, rtol=0)
