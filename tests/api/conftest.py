"""Small files for the tests of the API, each made once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from lincodec.encoder.encode import encode
from lincodec.options import EncodeOptions, Span
from lincodec.video.color import change_depth
from lincodec.video.reader import FrameReader
from lincodec.video.writer import FrameWriter

SEGMENT = 6
FRAMES = 24


@pytest.fixture(scope="session")
def coded(clip: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """24 frames of carphone, 176x144, in segments of six."""
    output = tmp_path_factory.mktemp("api") / "clip.linc"
    options = EncodeOptions(
        preset="instant", segment=SEGMENT, scene_cut=False, span=Span(frames=FRAMES)
    )
    assert encode(str(clip("carphone")), str(output), options).segments == FRAMES // SEGMENT
    return output


@pytest.fixture(scope="session")
def turned(clip: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Nine frames of 64x40 and 10 bits, to be turned by 90 degrees, at uneven times."""
    folder = tmp_path_factory.mktemp("turned")
    with FrameReader(str(clip("carphone")), span=Span(frames=9)) as reader:
        frames = [frame.planes for frame in reader]
        info = replace(reader.info, width=64, height=40, bit_depth=10, rotation=90)
    source = folder / "source.mkv"
    with FrameWriter(str(source), info, Fraction(1, 1000), codec="ffv1") as writer:
        for index, (y, u, v) in enumerate(frames):
            planes = (y[30:70, 50:114], u[15:35, 25:57], v[15:35, 25:57])
            deep = change_depth(planes, 8, 10, full_range=False)
            writer.write(
                tuple(np.ascontiguousarray(plane) for plane in deep), 40 * index + index**2, 40
            )
    output = folder / "turned.linc"
    options = EncodeOptions(preset="instant", segment=4, quality=20)
    assert encode(str(source), str(output), options).frames == 9
    return output


@pytest.fixture(scope="session")
def predicted(root: Path) -> Path:
    """Frames that are predicted from each other, so that they are not had at random."""
    return root / "format_spec" / "vectors" / "good" / "good-pictures-pyramid.linc"
