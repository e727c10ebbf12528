"""What the engine of architecture linc states of its segments beforehand."""

from __future__ import annotations

from fractions import Fraction

import pytest

from lincodec.container import LincArch
from lincodec.encoder.engine import Setting
from lincodec.encoder.linc.engine import LincEngine
from lincodec.encoder.presets import PRESETS
from lincodec.limits import Limits
from lincodec.options import EncodeOptions
from lincodec.types import VideoInfo


@pytest.mark.parametrize("size", [(176, 144), (1920, 1080), (3840, 2160), (7680, 4320)])
@pytest.mark.parametrize("preset", ["instant", "medium"])
def test_files_of_any_usual_size_are_within_default_limits(
    size: tuple[int, int], preset: str
) -> None:
    info = VideoInfo(*size, Fraction(30), n_frames=900)
    engine = object.__new__(LincEngine)
    engine.setting = Setting(EncodeOptions(preset=preset), PRESETS[preset], info, 900)
    engine.arch = LincArch(5, 2, 1)
    assert 0 < engine.bound < Limits().params
