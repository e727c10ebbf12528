"""Options of output encoders, and what is said where an encoder's device is missing."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import pytest

from lincodec.errors import ResourceError, UsageError
from lincodec.types import VideoInfo
from lincodec.video.outputs import Coding
from lincodec.video.quality import encoder_options, is_hardware
from lincodec.video.writer import FrameWriter

HD = VideoInfo(width=1280, height=720, fps=Fraction(25))


QUICK = {"preset": "superfast", "b_strategy": "0", "weightp": "0"}


@pytest.mark.parametrize(
    ("size", "speed"),
    [((176, 144), {"preset": "medium"}), ((1280, 720), QUICK), ((1920, 1080), QUICK)],
)
def test_the_usual_speed_keeps_up_with_decoding(
    size: tuple[int, int], speed: dict[str, str]
) -> None:
    info = VideoInfo(*size, Fraction(25))
    assert encoder_options(Coding("libx264", None, None, None, {}), info) == {"crf": "16", **speed}


def test_what_is_given_wins() -> None:
    given = encoder_options(
        Coding("libx264", 20, "slow", None, {"crf": "9", "preset": "placebo"}), HD
    )
    assert given == {"crf": "9", "preset": "placebo"}
    given = encoder_options(Coding("libx264", None, None, None, {"preset": "fast"}), HD)
    assert given == {"crf": "16", "preset": "fast"}
    assert encoder_options(Coding("libx264", 20, "slow", None, {}), HD) == {
        "crf": "20",
        "preset": "slow",
    }
    assert encoder_options(Coding("libx264", None, None, None, {"b": "1M"}), HD)["b"] == "1M"
    assert "crf" not in encoder_options(Coding("libx264", None, None, None, {"b": "1M"}), HD)
    assert encoder_options(Coding("libsvtav1", None, None, None, {}), HD) == {"crf": "22"}
    with pytest.raises(UsageError, match="no preset 'warp'"):
        encoder_options(Coding("libx265", None, "warp", None, {}), HD)


def test_devices_have_names_of_their_own_for_quality() -> None:
    assert encoder_options(Coding("h264_nvenc", 20, None, None, {}), HD) == {
        "rc": "vbr",
        "cq": "20",
        "b": "0",
    }
    assert encoder_options(Coding("h264_nvenc", None, None, None, {}), HD)["cq"] == "19"
    assert encoder_options(Coding("hevc_qsv", 20, None, None, {}), HD) == {"global_quality": "20"}
    assert is_hardware("hevc_videotoolbox")
    assert not is_hardware("libx264")


@pytest.mark.skipif(not Path("/proc").exists(), reason="devices of Linux")
@pytest.mark.parametrize("codec", ["h264_nvenc", "h264_v4l2m2m"])
def test_a_device_that_is_missing_is_said(codec: str, tmp_path: Path) -> None:
    if codec not in av.codecs_available or list(Path("/dev").glob("nvidia*")):
        pytest.skip("no such encoder is compiled in, or its device may be there")
    info = VideoInfo(width=64, height=64, fps=Fraction(25))
    with pytest.raises(ResourceError, match=f"{codec} does not start: .* use --codec libx264"):
        FrameWriter(str(tmp_path / "x.mp4"), info, Fraction(1, 25), codec=codec)
