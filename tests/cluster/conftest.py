"""A small clip with scene cuts, sound and uneven times, and how it is encoded."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from support.encodings import Encoding

from lincodec.encoder.encode import encode
from lincodec.options import EncodeOptions

FRAMES, WIDTH, HEIGHT = 30, 80, 64


def picture(index: int) -> np.ndarray:
    """Noise that moves, of another kind after every 13 frames."""
    rng = np.random.default_rng(index // 13)
    scene = rng.integers(0, 256, (HEIGHT // 8, WIDTH // 8, 3), np.uint8)
    large = np.kron(scene, np.ones((8, 8, 1), np.uint8))
    return np.ascontiguousarray(np.roll(large, index * 2, axis=1))


@pytest.fixture(scope="session")
def uneven(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """30 frames in H.264 with B frames, at uneven times that begin after 0; with AAC."""
    path = tmp_path_factory.mktemp("clips") / "uneven.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25, options={"g": "8", "bf": "2"})
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.codec_context.time_base = stream.time_base = Fraction(1, 1000)
        sound = container.add_stream("aac", rate=8000, layout="mono")
        for index in range(FRAMES):
            frame = av.VideoFrame.from_ndarray(picture(index), "rgb24")
            frame.pts, frame.time_base = 6200 + 40 * index + index % 3 * 9, Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
        tone = av.AudioFrame.from_ndarray(np.zeros((1, 8000), np.float32), "fltp", "mono")
        tone.sample_rate, tone.pts = 8000, 6 * 8000
        container.mux(sound.encode(tone))
        container.mux(sound.encode())
    return path


@pytest.fixture
def encoded(tmp_path: Path) -> Encoding:
    """``encoded(source, executor=..., preset=...)``: the bytes of an encode, and its report."""

    def run(source: Path, executor: Any = None, store: Any = None, **options: Any) -> Any:
        output = tmp_path / "out.linc"
        report = encode(
            str(source), str(output), EncodeOptions(**{"preset": "instant", **options}),
            executor=executor, store=store, overwrite=True,
        )  # fmt: skip
        return output.read_bytes(), report

    return run
