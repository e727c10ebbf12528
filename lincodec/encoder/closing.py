"""The end of an encode: what stands after the segments, the check of the file, the report."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from lincodec import __version__, registry
from lincodec.container import (
    LincFile,
    LincWriter,
    Quality,
    pack_audio,
    pack_beside,
    pack_metadata,
    pack_track,
)
from lincodec.container.cursor import single
from lincodec.decoder.info import info as read_info
from lincodec.encoder.measure import Tally
from lincodec.encoder.pacing import Pace
from lincodec.errors import LimitError, UsageError, VerifyError
from lincodec.limits import Limits
from lincodec.options import EncodeOptions, EncodeReport, Span
from lincodec.semantics.aligner import Alignments
from lincodec.types import AudioTrack, Beside, VideoInfo
from lincodec.video.pipes import reads_once


@dataclass
class Outcome:
    """What is known of an encode beside its segments and their figures."""

    info: VideoInfo | None = None
    """The video, once it was opened."""
    aligned: Alignments = field(default_factory=lambda: Alignments(()))
    software: str = ""
    """That fitted it, as qLTY names it."""
    cut_short: bool = False
    """Whether time or the user ended a fit early."""
    resumed: int = 0
    """Segments of an earlier session."""
    warnings: list[str] = field(default_factory=list)


def close(
    writer: LincWriter,
    outcome: Outcome,
    tally: Tally,
    audio: AudioTrack | None,
    beside: Beside,
    tags: Mapping[str, str],
) -> None:
    """Write everything after the segments, in canonical order."""
    if audio:
        writer.add(registry.AUDI, pack_audio(audio))
    write_beside(writer, beside)
    writer.add(registry.DGST, tally.digest.digest())
    figures = Quality(
        psnr_rgb=single(tally.rgb.mean),
        psnr_yuv=single(tally.mean_yuv),
        segments=tuple(single(p) for p in tally.segments),
        device=outcome.software,
    )
    writer.add(registry.QLTY, figures.pack())
    for payload in outcome.aligned.sections():
        writer.add(registry.ALGN, payload)
    writer.add(registry.META, pack_metadata({"encoder": f"linc {__version__}", **tags}))
    writer.finish()


def write_beside(writer: LincWriter, beside: Beside) -> None:
    """Write what the source held beside pictures and first audio, if it held anything."""
    for track in beside.tracks:
        writer.add(registry.TRKS, pack_track(track))
    said = pack_beside(beside)
    if said:
        writer.add(registry.SRCE, said)


def verify(path: Path, pace: Pace) -> None:
    """Check the finished file's structure, checksums and stored digest.

    Raises:
        VerifyError: the digest is not that of what was encoded.
    """
    pace.verifying(0.0)
    with path.open("rb") as file:
        linc = LincFile(file, Limits.unlimited())
        linc.verify_structure()
        if linc.digest() != pace.tally.digest.digest():
            raise VerifyError(
                f"{path.name}: stored digest differs from the encoder's; please report"
            )


def report(
    source: str, output: str, path: Path, options: EncodeOptions, pace: Pace, outcome: Outcome
) -> EncodeReport:
    """Figures of the finished file.

    Args:
        source: path of the video, or ``-``.
        output: the name that the file will have,
        path: and the one that it has.
        options: of the encode.
        pace: its clock, with what was measured.
        outcome: what else is known.
    """
    found, warnings = read_info(str(path), Limits.unlimited()), list(outcome.warnings)
    try:
        read_info(str(path))
    except LimitError as error:
        warnings.append(f"readers refuse this file by default: {error}")
    pace.verifying(1.0)
    if not reads_once(source) and options.span == Span():
        warnings += _if_larger(found["bytes"]["total"], source)
    info, tally = outcome.info, pace.tally
    if info is None:
        raise UsageError("report before run")
    return EncodeReport(
        output=output,
        frames=pace.done_frames,
        width=info.width,
        height=info.height,
        fps=info.fps,
        segments=len(tally.segments),
        seconds=pace.spent,
        bytes=found["bytes"],
        bpp=found["bpp"],
        psnr=tally.rgb.mean,
        psnr_yuv=tally.mean_yuv,
        ms_ssim=min(tally.similar) if tally.similar else None,
        stopped=pace.stop.requested or outcome.cut_short,
        resumed=outcome.resumed,
        warnings=tuple(dict.fromkeys(warnings)),
    )


def _if_larger(size: int, source: str) -> list[str]:
    """A warning when a whole file has become larger."""
    before = os.path.getsize(source)
    if size <= before:
        return []
    larger = f"{size} bytes are more than the {before} of {source}"
    return [f"{larger}; a higher --quality, or --size, makes it smaller"]
