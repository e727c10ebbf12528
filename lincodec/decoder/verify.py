"""Is a .linc file whole? Structure, then every integer, then every frame."""

from __future__ import annotations

import hashlib
import importlib
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from lincodec.bitstream import segment
from lincodec.bitstream.embedding import check_heads
from lincodec.bitstream.pictures import unpack_pictures
from lincodec.container import LincFile
from lincodec.container.open import open_file
from lincodec.decoder.pictures import proved_frames, within
from lincodec.decoder.render import Renderer
from lincodec.decoder.shots import Shot
from lincodec.errors import VerifyError
from lincodec.limits import Limits
from lincodec.options import Progress, ProgressCallback


@dataclass(frozen=True)
class VerifyReport:
    """What a verification covered; it ends in a report only when nothing is wrong."""

    file: str
    depth: str
    """structure, entropy or render: the deepest check that was made."""
    sections: int
    segments: int
    frames: int
    total: int
    """Bytes of the file."""
    sha256: str
    """SHA-256 of the bytes before DONE, hexadecimal."""
    digest: str | None
    """SHA-256 of all decoded integers, hexadecimal; None when they were not decoded."""
    digest_stored: bool
    """Whether the file holds a digest that ``digest`` was compared with."""
    exact: int
    """Frames that were decoded and are, sample by sample, those that the encoder had."""
    rendered: int
    """Frames that networks or latents draw, or add to, rendered."""
    rms: float | None = None
    """Largest root mean square difference from exact arithmetic of the frames compared."""
    peak: float | None = None
    """Largest difference of a sample; both in 8-bit code values, None where none was rendered."""
    warnings: tuple[str, ...] = ()


def verify(
    path: str | os.PathLike[str],
    *,
    render: bool = False,
    structure_only: bool = False,
    limits: Limits | None = None,
    progress: ProgressCallback | None = None,
) -> VerifyReport:
    """Check a file.

    Always: the structure, every CRC and the SHA-256 of the file. Unless ``structure_only``:
    every tensor is entropy-decoded and the integers are compared with the stored digest, and exact
    pictures are decoded and compared with theirs. With ``render``: all other frames are rendered
    as well, and the middle one of every segment compared with exact arithmetic (spec clause 8.8;
    this loads torch).

    Raises:
        InputError: the file cannot be opened.
        CorruptError: and its subclasses, for the first broken rule of the format.
        UnsupportedError: the file needs a newer version.
        LimitError: it declares more than ``limits`` allow.
        VerifyError: the integers do not match the digest, a frame is missing, or rendering
            is not within the tolerance.
    """
    report = progress or (lambda _: None)
    name = os.fspath(path)
    with open_file(path) as stream:
        file = LincFile(stream, limits, name=name)
        structure = file.verify_structure()
        warnings = [f"unknown section {kind} was skipped" for kind in structure.unknown]
        digest, stored, exact = None, file.digest(), 0
        if not structure_only:
            digest = decoded_digest(file, report, share=0.5 if render else 1.0)
            _compare(name, digest, stored, warnings)
            check_heads(file)
            exact = sum(file.segments[index].n_frames for index in _exact(file, enhanced=True))
        rendered, rms, peak = _render(file, report) if render else (0, None, None)
    depths = ("structure", "entropy", "render")
    return VerifyReport(
        file=name,
        depth=depths[0 if structure_only and not render else 2 if render else 1],
        sections=len(structure.sections),
        segments=len(file.segments),
        frames=file.n_frames,
        total=file.size,
        sha256=structure.sha256.hex(),
        digest=None if digest is None else digest.hex(),
        digest_stored=stored is not None,
        exact=exact,
        rendered=rendered,
        rms=rms,
        peak=peak,
        warnings=tuple(warnings),
    )


def decoded_digest(
    file: LincFile, report: Callable[[Progress], None], *, share: float = 1.0
) -> bytes:
    """SHA-256 of the integers of every tensor of every segment (spec clause 6.8).

    Exact pictures are decoded and compared with the digests that their segments state.

    Args:
        file: An open file.
        report: Told after each segment.
        share: Fraction of the whole job that this is.

    Raises:
        VerifyError: pictures are not those of their digest.
    """
    digest, total = hashlib.sha256(), len(file.segments)
    sizes = file.info.plane_sizes
    for index in range(total):
        data = file.read_segment(index)
        digest.update(segment.segment_digest_bytes(data, file.arch, sizes))
        pictures = unpack_pictures(data, sizes[0])
        if pictures is not None:
            with within(index):
                for _ in proved_frames(pictures, file.info, file.limits):
                    pass
        report(Progress("verify", share * (index + 1) / total, segment=index + 1, segments=total))
    return digest.digest()


def _compare(name: str, digest: bytes, stored: bytes | None, warnings: list[str]) -> None:
    if stored is None:
        warnings.append("no digest is stored, so the decoded integers were not compared")
    elif stored != digest:
        raise VerifyError(
            f"{name}: decoded integers have digest {digest.hex()[:16]}, the file states "
            f"{stored.hex()[:16]}; do not trust this file, or report a bug in linc"
        )


def _exact(file: LincFile, *, enhanced: bool = False) -> list[int]:
    """Indices of the segments that hold exact pictures, and show nothing else or ``enhanced``."""
    headers = [file.read_segment_header(index) for index in range(len(file.segments))]
    return [
        index
        for index, header in enumerate(headers)
        if header.pictures is not None and (enhanced or not header.is_enhanced)
    ]


def _render(
    file: LincFile, report: Callable[[Progress], None]
) -> tuple[int, float | None, float | None]:
    """Render, at native size, all frames that are not exact or that a network adds to.

    Returns:
        Number of frames, and deviation from exact arithmetic: None where there are none.
    """
    exact = set(_exact(file))
    rest = [index for index in range(len(file.segments)) if index not in exact]
    if not rest:
        return 0, None, None
    shots = [
        Shot(frame, Fraction(0))
        for entry in (file.segments[index] for index in rest)
        for frame in range(entry.first_frame, entry.end_frame)
    ]
    renderer, count = Renderer(file), 0
    try:
        for planes in renderer.frames(shots):
            found, expected = tuple(plane.shape for plane in planes), file.info.plane_sizes
            if found != expected:
                raise VerifyError(f"{file.name}: frame {count} has planes {found}, not {expected}")
            count += 1
            report(Progress("verify", 0.5 + 0.4 * count / len(shots), frames=count))
        rms, peak = _deviation(file, rest, renderer, report)
    finally:
        renderer.close()
    if count != len(shots):
        raise VerifyError(f"{file.name}: {count} frames were rendered, not {len(shots)}")
    return count, rms, peak


def _deviation(
    file: LincFile,
    segments: Sequence[int],
    renderer: Renderer,
    report: Callable[[Progress], None],
) -> tuple[float, float]:
    """Largest (rms, peak) over the middle frames of segments, checked against the tolerance."""
    precision = importlib.import_module("lincodec.decoder.precision")
    quality = file.quality()
    rms_limit, peak_limit = precision.TOLERANCE
    if quality is not None and quality.tolerance_rms > 0 and quality.tolerance_peak > 0:
        rms_limit, peak_limit = quality.tolerance_rms, quality.tolerance_peak
    worst = (0.0, 0.0)
    for done, index in enumerate(segments):
        middle = file.segments[index].n_frames // 2
        drawn = renderer.samples(index, middle)
        rms, peak = precision.deviation(renderer.model(index), middle, drawn)
        if rms > rms_limit or peak > peak_limit:
            raise VerifyError(
                f"{file.name}: segment {index} renders {rms:.3g} rms, {peak:.3g} peak away from "
                f"exact arithmetic, allowed are {rms_limit:g} and {peak_limit:g}; report it"
            )
        worst = (max(worst[0], rms), max(worst[1], peak))
        report(Progress("verify", 0.9 + 0.1 * (done + 1) / len(segments)))
    return worst
