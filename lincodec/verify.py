"""Is a .linc file whole? Structure, then every integer, then every frame."""

from __future__ import annotations

import hashlib
import importlib
import os
from collections.abc import Callable
from dataclasses import dataclass

from lincodec import bitstream
from lincodec.container import LincFile
from lincodec.errors import VerifyError
from lincodec.info import open_file
from lincodec.jobs import Progress, ProgressCallback
from lincodec.limits import Limits


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
    rendered: int
    """Frames rendered."""
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
    every tensor is entropy-decoded and the integers are compared with the stored
    digest. With ``render``: every frame is rendered as well (this loads torch).

    Raises:
        InputError: the file cannot be opened.
        CorruptError: and its subclasses, for the first broken rule of the format.
        UnsupportedError: the file needs a newer version.
        LimitError: it declares more than ``limits`` allow.
        VerifyError: the integers do not match the digest, or a frame is missing.
    """
    report = progress or (lambda _: None)
    name = os.fspath(path)
    with open_file(path) as stream:
        file = LincFile(stream, limits, name=name)
        structure = file.verify_structure()
        warnings = [f"unknown section {kind} was skipped" for kind in structure.unknown]
        digest, stored = None, file.digest()
        if not structure_only:
            digest = decoded_digest(file, report, share=0.5 if render else 1.0)
            _compare(name, digest, stored, warnings)
        rendered = _render(file, report) if render else 0
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
        rendered=rendered,
        warnings=tuple(warnings),
    )


def decoded_digest(
    file: LincFile, report: Callable[[Progress], None], *, share: float = 1.0
) -> bytes:
    """SHA-256 of the integers of every tensor of every segment (spec clause 6.8).

    Args:
        file: An open file.
        report: Told after each segment.
        share: Fraction of the whole job that this is.
    """
    digest, total = hashlib.sha256(), len(file.segments)
    sizes = file.info.plane_sizes
    for index in range(total):
        digest.update(bitstream.segment_digest_bytes(file.read_segment(index), file.arch, sizes))
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


def _render(file: LincFile, report: Callable[[Progress], None]) -> int:
    """Render every frame at native size and check its shape; the number of frames."""
    decode = importlib.import_module("lincodec.decode")  # needs torch, so only when asked for
    renderer, count, total = decode.Renderer(file), 0, file.n_frames
    try:
        for planes in renderer.frames(decode.output_shots(0, total, 1)):
            found, expected = tuple(plane.shape for plane in planes), file.info.plane_sizes
            if found != expected:
                raise VerifyError(f"{file.name}: frame {count} has planes {found}, not {expected}")
            count += 1
            report(Progress("verify", 0.5 + 0.5 * count / total, frames=count))
    finally:
        renderer.close()
    if count != total:
        raise VerifyError(f"{file.name}: {count} frames were rendered, the file has {total}")
    return count
