"""Kinds of video that collections rarely have, made with PyAV from moving shapes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

FRAMES = 8
WIDTH, HEIGHT = 96, 64


def picture(index: int, channels: int = 3) -> NDArray[np.uint8]:
    """A gradient with a square that moves, uint8 [HEIGHT, WIDTH, channels]."""
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    planes = [(x * 2 + 4 * index) % 256, (y * 3) % 256, (x + y) % 256, np.full_like(x, 255)]
    image = np.stack(planes[:channels], -1).astype(np.uint8)
    image[16:40, 8 + 6 * index : 32 + 6 * index, :3] = (250, 200, 40)
    if channels == 4:
        image[:, : WIDTH // 2, 3] = 90
    return image


def write(
    path: Path, codec: str, pix_fmt: str, *, rate: Fraction = Fraction(25), frames: int = FRAMES,
    options: dict[str, str] | None = None, color: tuple[int, int, int] | None = None,
    change: Callable[[Any, Any], None] | None = None, pts: list[int] | None = None,
    container_options: dict[str, str] | None = None, channels: int = 3,
) -> Path:  # fmt: skip
    """One video stream; ``change`` may alter the codec context or a frame before use."""
    with av.open(str(path), "w", container_options=container_options or {}) as container:
        stream: Any = container.add_stream(codec, rate=rate, options=options or {})
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, pix_fmt
        if color is not None:
            context = stream.codec_context
            context.color_primaries, context.color_trc, context.colorspace = color
        if change is not None:
            change(stream.codec_context, None)
        if pts is not None:
            stream.codec_context.time_base = Fraction(1, 1000)
        kind = "rgba" if channels == 4 else "rgb24"
        for index in range(frames):
            frame = av.VideoFrame.from_ndarray(picture(index, channels), format=kind)
            frame = frame.reformat(format=pix_fmt)
            if pts is not None:
                frame.pts, frame.time_base = pts[index], Fraction(1, 1000)
            if change is not None:
                change(None, frame)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def _gif(folder: Path) -> Path:
    return write(folder / "a.gif", "gif", "rgb8", rate=Fraction(10))


def _apng(folder: Path) -> Path:
    return write(folder / "a.apng", "apng", "rgba", channels=4)


def _png(folder: Path) -> Path:
    return write(folder / "one.png", "png", "rgb24", frames=1)


def _one_frame(folder: Path) -> Path:
    return write(folder / "one.mp4", "libx264", "yuv420p", frames=1)


def _interlaced(folder: Path) -> Path:
    return write(
        folder / "interlaced.ts",
        "libx264",
        "yuv420p",
        options={"x264-params": "interlaced=1:tff=1"},
    )


def _hdr10(folder: Path) -> Path:
    display = "G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,1)"
    params = f"log-level=error:hdr10=1:repeat-headers=1:master-display={display}:max-cll=1000,400"
    return write(
        folder / "hdr10.mp4", "libx265", "yuv420p10le", color=(9, 16, 9),
        options={"x265-params": params},
    )  # fmt: skip


def _hlg(folder: Path) -> Path:
    return write(
        folder / "hlg.mkv", "libx265", "yuv422p10le", color=(9, 18, 9),
        options={"x265-params": "log-level=error"},
    )  # fmt: skip


def _alpha(folder: Path) -> Path:
    return write(folder / "alpha.mov", "png", "rgba", channels=4)


def _prores(folder: Path) -> Path:
    return write(folder / "prores.mov", "prores_ks", "yuv444p10le")


def _grey16(folder: Path) -> Path:
    return write(folder / "grey16.mkv", "ffv1", "gray16le")


def _packed(folder: Path) -> Path:
    return write(folder / "packed.avi", "rawvideo", "yuyv422")


def _thin_chroma(folder: Path) -> Path:
    return write(folder / "410.avi", "ffv1", "yuv410p")


def _variable(folder: Path) -> Path:
    return write(
        folder / "vfr.mkv", "libx264", "yuv420p", pts=[0, 40, 80, 300, 310, 320, 900, 1000],
    )  # fmt: skip


def _edit_list(folder: Path) -> Path:
    """B-frames: the first frame is not shown at 0 of the stream, and an edit list says so."""
    return write(folder / "edit.mp4", "libx264", "yuv420p", options={"bf": "3", "g": "8"})


def _fragmented(folder: Path) -> Path:
    return write(
        folder / "fragments.mp4", "libx264", "yuv420p",
        container_options={"movflags": "frag_keyframe+empty_moov+default_base_moof"},
    )  # fmt: skip


def _lossless(folder: Path) -> Path:
    return write(folder / "444.mp4", "libx264", "yuv444p", options={"qp": "0"})


def _cut(folder: Path) -> Path:
    data = _edit_list(folder).read_bytes()
    path = folder / "cut.mp4"
    path.write_bytes(data[: len(data) // 2])
    return path


def _cut_transport(folder: Path) -> Path:
    data = _interlaced(folder).read_bytes()
    path = folder / "cut.ts"
    path.write_bytes(data[: len(data) * 3 // 4])
    return path


def _noise_in_tail(folder: Path) -> Path:
    data = bytearray(_one_frame_longer(folder).read_bytes())
    middle = len(data) // 2
    data[middle : middle + 200] = bytes((i * 37) % 256 for i in range(200))
    path = folder / "noise.ts"
    path.write_bytes(data)
    return path


def _one_frame_longer(folder: Path) -> Path:
    return write(folder / "plain.ts", "libx264", "yuv420p", frames=16, options={"g": "4"})


def _sound_only(folder: Path) -> Path:
    path = folder / "sound.wav"
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream("pcm_s16le", rate=8000, layout="mono")
        frame = av.AudioFrame.from_ndarray(
            np.zeros((1, 800), np.int16), format="s16", layout="mono"
        )
        frame.sample_rate = 8000
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


KINDS: dict[str, Callable[[Path], Path]] = {
    "animated GIF": _gif,
    "animated PNG with alpha": _apng,
    "a single PNG": _png,
    "one frame": _one_frame,
    "interlaced H.264 in a transport stream": _interlaced,
    "HDR10 with mastering data": _hdr10,
    "HLG 10-bit 4:2:2": _hlg,
    "QuickTime with alpha": _alpha,
    "ProRes 4:4:4 10-bit": _prores,
    "grey 16-bit": _grey16,
    "packed 4:2:2": _packed,
    "4:1:0": _thin_chroma,
    "variable frame rate": _variable,
    "edit list": _edit_list,
    "fragmented MP4": _fragmented,
    "lossless 4:4:4": _lossless,
    "MP4 cut in half": _cut,
    "transport stream cut short": _cut_transport,
    "transport stream with noise in it": _noise_in_tail,
    "sound only": _sound_only,
}


def make_all(folder: Path) -> Iterator[tuple[str, Path]]:
    """(kind, path) of every kind, made in ``folder``."""
    for name, make in KINDS.items():
        yield name, make(folder)
