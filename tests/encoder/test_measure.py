"""What an encode proves of its own bytes."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import numpy as np
import pytest
from support.partitioned_files import ARCH, pictures_code, video

from lincodec.bitstream.pictures import Pictures
from lincodec.bitstream.segment import SegmentCode, digest_bytes, pack_segment
from lincodec.container import SegmentData
from lincodec.encoder.measure import Shown, Tally, prove
from lincodec.errors import VerifyError
from lincodec.registry import Role
from lincodec.types import Frame
from lincodec.video.metrics import rgb_error

INFO = video()


def data_of(code: SegmentCode) -> SegmentData:
    return SegmentData(0, *pack_segment(code))


def test_pictures_are_proved_and_measured() -> None:
    code, shown = pictures_code(1, 0, 9, INFO)
    read, digest = prove(data_of(code), code, ARCH, INFO)
    found = Shown(INFO, similar=True)
    found.measure(read, [Frame(planes, at) for at, planes in enumerate(shown)], ARCH)
    tally = Tally()
    tally.add(found.figures(digest))
    assert tally.mean_yuv == 100.0
    assert len(tally.rgb.errors) == 9
    assert tally.similar == pytest.approx([1.0])
    assert tally.digest.digest() == hashlib.sha256(digest_bytes(code)).digest()


def test_figures_are_in_the_order_of_the_frames() -> None:
    """Whichever thread is done first: the n-th source frame here differs by n."""
    code, shown = pictures_code(1, 0, 9, INFO)
    sources = [tuple(plane ^ np.uint8(at) for plane in planes) for at, planes in enumerate(shown)]
    found = Shown(INFO, similar=True, threads=3)
    found.measure(code, [Frame(planes, at) for at, planes in enumerate(sources)], ARCH)
    expected = [rgb_error(a, b, INFO) for a, b in zip(sources, shown, strict=True)]
    assert found.errors == expected
    assert len(found.scores) == 3


def test_pictures_that_are_not_those_of_the_encoder_are_found() -> None:
    code, shown = pictures_code(1, 0, 9, INFO)
    assert isinstance(code.pictures, Pictures)
    wrong = replace(code.pictures, digest=bytes(16))
    broken = replace(code, tensors={**code.tensors, (Role.PICTURES, 0): wrong})
    read, _ = prove(data_of(broken), None, ARCH, INFO)
    with pytest.raises(VerifyError, match="segment 0: decoded pictures have digest"):
        Shown(INFO).measure(read, [Frame(planes, at) for at, planes in enumerate(shown)], ARCH)


def test_bytes_that_decode_to_something_else_are_found() -> None:
    code, _ = pictures_code(1, 0, 9, INFO)
    other, _ = pictures_code(2, 0, 9, INFO)
    with pytest.raises(VerifyError, match="segment 0: does not decode to what was encoded"):
        prove(data_of(other), code, ARCH, INFO)
