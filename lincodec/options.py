"""What the encode and decode jobs take and report: plain frozen dataclasses."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from lincodec.crop import Crop
from lincodec.limits import Limits

#: A frame rate or a factor on one: ``60``, ``2.5``, ``"24000/1001"`` or a ``Fraction``.
Rate = int | float | str | Fraction


@dataclass(frozen=True)
class Span:
    """A trim in seconds or frames; None means the start or the end of the video."""

    start: float | None = None
    """Seconds from the first frame; negative counts from the end."""
    end: float | None = None
    """Seconds, exclusive; negative counts from the end."""
    frames: int | None = None
    """At most this many frames."""


#: How pictures are enlarged without a model.
LANCZOS = "lanczos"

#: Fields of ``EncodeOptions`` that say how much is kept; at most one of them is given.
RATES = ("quality", "psnr", "ms_ssim", "size", "bitrate", "bpp")


@dataclass(frozen=True)
class EncodeOptions:
    """Everything that decides what ``encode`` writes."""

    preset: str = "medium"
    quality: float | None = None
    """Quantiser quality, lower is better and larger (like crf); None: the preset's default."""
    psnr: float | None = None
    """Target RGB PSNR in dB, of every segment."""
    ms_ssim: float | None = None
    """Target MS-SSIM of luma, above 0 and below 1, of every segment."""
    size: int | None = None
    """Target file size in bytes, audio not counted."""
    bitrate: float | None = None
    """Target bits per second, audio not counted."""
    bpp: float | None = None
    """Target bits per luma sample, audio not counted."""
    max_time: float | None = None
    """Seconds after which the fit is finished with what it has."""
    segment: int | None = None
    """Longest segment in frames; None: the preset's."""
    scene_cut: bool | None = None
    """Start a segment at every scene cut; None: the preset decides."""
    model: Mapping[str, str] = field(default_factory=dict)
    """Settings of a paper preset's network as text, see ``InrSettings``."""
    network: bool | None = None
    """Force the network part on or off; None: the preset decides."""
    enhance: bool = False
    """Fit a network to the decoded pictures of partitioned segments too, and keep it where it pays
    for its bytes."""
    kind: str | None = None
    """Kind of all segments, ``partitioned`` or ``spectral``; None: what codes better."""
    trials: bool | None = None
    """Try block side, overlap and segment lengths, or follow a rule; None: the preset decides."""
    refined: bool | None = None
    """Turn temporal bases, weight ends and choose weights by what they cost, or round the weights
    of the KLT; None: the preset decides."""
    hold_out: int = 1
    """Fit every so many-th frame only; the file holds those, at their own times."""
    span: Span = Span()
    audio: bool = True
    tracks: tuple[str, ...] = ("all",)
    """Further tracks to keep: ``all``, ``none``, ``audio``, ``subtitle``, ``audio:1`` (the second
    further one) or ``subtitle:eng``."""
    metadata: bool = True
    """Keep tags, titles, chapters and names of attachments; languages always are."""
    device: str = "auto"
    align: tuple[str, ...] = ()
    """Embedding models to align the latents to; see ``lincodec.semantics.teachers``."""
    align_weight: float = 0.01
    """Lambda of paper Eq. 6, above 0."""
    cache: str | None = None
    """Folder for embeddings of source frames; None: they are not kept."""
    backend: str = "auto"
    """Of the hash grid: auto, torch, csr, triton or tcnn."""
    seed: int = 0
    verify: bool = True
    resume: bool = False
    """Keep finished segments in a journal beside the output, and go on from one that is there."""
    tags: Mapping[str, str] = field(default_factory=dict)
    preset_table: Mapping[str, Any] | None = None
    """What ``preset`` is when it is one of the user's own: ``base``, the preset it is made from,
    and fields that differ; None: it is one of linc's."""


@dataclass(frozen=True)
class DecodeOptions:
    """Everything that decides what ``decode`` renders and how it is written."""

    size: tuple[int, int] | None = None
    """Output (width, height) in samples; None: native times ``scale``."""
    scale: float = 1.0
    """Factor on both sides; used when ``size`` is None."""
    crop: Crop | None = None
    """The part of the stored picture that is scaled to this; None: all of it."""
    upscale: str = LANCZOS
    """How pictures are enlarged: ``lanczos``, or the path of an ONNX model."""
    fps_scale: Rate = 1
    """Output frames per source frame interval (paper Eq. 4)."""
    fps: Rate | None = None
    """Output frames a second, evenly, in place of ``fps_scale``; None: as that says."""
    speed: Rate = 1
    """Seconds of the source for each second of the output; where it is not 1 audio is left out."""
    blend: bool | None = None
    """Show moments between frames, or the frame nearest to each; None: at higher rates only."""
    span: Span = Span()
    codec: str | None = None
    """FFmpeg encoder, or a usual name of it; None: by the format."""
    crf: float | None = None
    encoder_preset: str | None = None
    pix_fmt: str | None = None
    encoder_options: Mapping[str, str] = field(default_factory=dict)
    lossless: bool = False
    """Whether the output encoder keeps every sample."""
    format: str | None = None
    """mp4, mov, mkv, webm, gif, png, jpg, y4m or null; None: from the output name."""
    audio: bool = True
    aac: bool = False
    """Make AAC of audio that is something else; else its packets stay as they are."""
    tracks: tuple[str, ...] = ("all",)
    """Further tracks to pass on, as for ``EncodeOptions``."""
    metadata: bool = True
    """Pass on tags, titles and chapters."""
    device: str = "auto"
    recover: bool = False
    """Play what is intact of a damaged file; a missing frame is replaced by the one before."""
    limits: Limits = field(default_factory=Limits)
    """What the file may declare, and the largest output picture."""
    workers: int = 0
    """Processes that entropy decode ahead, 0: threads of this one. A script that asks for any
    must keep its own work under ``if __name__ == "__main__"``, as ``multiprocessing`` demands."""
    backend: str = "auto"
    """Of the hash grid: auto, torch, csr, triton or tcnn."""
    enhance: bool = True
    """Show what networks add to exact pictures; a reader may leave it out."""


@dataclass(frozen=True)
class Progress:
    """One progress report. ``fraction`` never goes down within a job."""

    stage: str
    """scan, fit, write, verify, decode."""
    fraction: float
    """Of the whole job, 0..1."""
    segment: int | None = None
    segments: int | None = None
    psnr: float | None = None
    bpp: float | None = None
    frames: int | None = None
    detail: str = ""


ProgressCallback = Callable[[Progress], None]


class StopRequest:
    """Set once by the caller to make a running fit finish now and write a valid file."""

    def __init__(self) -> None:
        self.requested = False

    def set(self) -> None:
        """Ask the job to finish with what it has."""
        self.requested = True


@dataclass(frozen=True)
class EncodeReport:
    """What an encode did."""

    output: str
    frames: int
    width: int
    height: int
    fps: Fraction
    segments: int
    seconds: float
    """Wall seconds of the job."""
    bytes: Mapping[str, int]
    """weights, latents, tables, audio, container, total."""
    bpp: float
    """Bits per luma sample of the whole file less passed-through audio."""
    psnr: float
    """Mean over frames of the RGB PSNR in dB, measured on the decoded file."""
    psnr_yuv: float
    ms_ssim: float | None = None
    """MS-SSIM of luma of the worst segment, of every fourth frame, where it was the target."""
    stopped: bool = False
    """True when finished early by a stop request or ``max_time``."""
    resumed: int = 0
    """Segments taken from the journal of an interrupted encode."""
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class DecodeReport:
    """What a decode did."""

    output: str
    frames: int
    width: int
    height: int
    seconds: float
    fps: float
    """Frames rendered and written per wall second."""
    render_seconds: float
    """Seconds spent rendering, the rest is output encoding and start-up."""
    extra: Mapping[str, Any] = field(default_factory=dict)
