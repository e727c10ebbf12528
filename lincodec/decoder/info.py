"""What a .linc file says about itself, from its headers alone."""

from __future__ import annotations

import os
from collections import Counter
from typing import Any

from lincodec import registry
from lincodec.container import LincFile, SegmentHeader, arch_name
from lincodec.container.arch import Arch, LincArch
from lincodec.container.open import open_file
from lincodec.decoder.pictures import opened, within
from lincodec.limits import Limits

#: What a frame is by the number of its references.
_REFERENCES = ("intra", "one_reference", "two_references")
CHROMA_NAMES = {None: "grey", (1, 1): "4:2:0", (1, 0): "4:2:2", (0, 0): "4:4:4"}


def info(path: str | os.PathLike[str], limits: Limits | None = None) -> dict[str, Any]:
    """Describe a file; reads headers, tensor tables and small optional sections only.

    Returns:
        A dict that JSON can hold. Always present: ``file``, ``version``, ``arch``,
        ``width``, ``height`` (stored samples), ``frames``, ``fps`` (float, per second),
        ``fps_exact`` (``"30000/1001"``), ``duration`` (seconds), ``segments``, ``bytes``
        (``weights latents tables audio alignment container total``), ``bpp`` (bits per luma
        sample of the whole file less audio), ``psnr`` (mean RGB PSNR in dB the encoder measured,
        or None), ``quality`` (dict or None), ``bit_depth``, ``chroma``, ``color`` (H.273
        code points), ``sar``, ``rotation`` (degrees), ``mirrored``, ``vfr``,
        ``audio`` (dict or None),
        ``alignments`` (list of dicts),
        ``network``, ``kinds`` (segments by kind), ``tools`` (frames of partitioned segments by the
        tools that they use), ``tags``, ``segment_list``, ``sections``.

    Raises:
        InputError: the file cannot be opened.
        CorruptError: and the other errors of ``LincFile``.
    """
    with open_file(path) as stream:
        return describe(LincFile(stream, limits, name=os.fspath(path)))


def check_headers(path: str | os.PathLike[str], limits: Limits | None = None) -> None:
    """Read everything but payloads, to refuse a file before time goes into it.

    Raises:
        InputError: the file cannot be opened.
        CorruptError: and the other errors of ``LincFile``.
    """
    with open_file(path) as stream:
        file = LincFile(stream, limits, name=os.fspath(path))
        for index in range(len(file.segments)):
            file.read_segment_header(index)


def describe(file: LincFile) -> dict[str, Any]:
    """The same as ``info`` for an open file."""
    video, quality = file.info, file.quality()
    headers = [file.read_segment_header(index) for index in range(len(file.segments))]
    sizes = byte_counts(file, headers)
    times = file.times()
    ticks = times.pts[-1] - times.pts[0] + times.last_duration
    color = video.color
    kinds = Counter(_kind(file.arch, header) for header in headers)
    return {
        "file": file.name,
        "version": file.head.version_written,
        "arch": arch_name(file.arch),
        "width": video.width,
        "height": video.height,
        "frames": file.n_frames,
        "fps": float(video.fps),
        "fps_exact": str(video.fps),
        "duration": float(ticks * times.time_base),
        "segments": len(file.segments),
        "bytes": sizes,
        "bpp": bits_per_sample(file, sizes),
        "psnr": quality.psnr_rgb if quality and quality.psnr_rgb else None,
        "quality": _quality(file),
        "bit_depth": video.bit_depth,
        "chroma": CHROMA_NAMES[video.chroma_shift],
        "color": {
            "primaries": color.primaries,
            "transfer": color.transfer,
            "matrix": color.matrix,
            "full_range": color.full_range,
        },
        "sar": str(video.sar),
        "rotation": video.rotation,
        "mirrored": video.mirrored,
        "vfr": file.is_variable_rate,
        "audio": _audio(file),
        **_beside(file),
        "alignments": _alignments(file),
        "network": _network(file.arch),
        "kinds": dict(sorted(kinds.items())),
        "tools": _tools(file, headers),
        "enhanced": sum(header.is_enhanced for header in headers),
        "tags": file.tags(),
        "segment_list": [_segment(file, index, header) for index, header in enumerate(headers)],
        "sections": [
            {"type": section.name, "offset": section.offset, "length": section.length}
            for section in file.sections
        ],
    }


def byte_counts(file: LincFile, headers: list[SegmentHeader]) -> dict[str, int]:
    """Where the bytes of the file go; the parts add up to ``total``.

    ``weights``, ``latents`` and ``tables`` are the payloads of WGTS, LATS and SEGM,
    ``audio`` is all of aUDi and tRKS, ``alignment`` of aLGN, ``container`` everything else.
    """
    parts = {
        "weights": sum(header.weights_length for header in headers),
        "latents": sum(header.latents_length for header in headers),
        "tables": sum(header.packed_length for header in headers),
        "audio": file.section_length(registry.AUDI) + file.section_length(registry.TRKS),
        "alignment": file.section_length(registry.ALGN),
    }
    return {**parts, "container": file.size - sum(parts.values()), "total": file.size}


def bits_per_sample(file: LincFile, sizes: dict[str, int]) -> float:
    """Bits of the whole file less audio, per luma sample of every frame."""
    samples = file.head.width * file.head.height * file.n_frames
    return 8 * (sizes["total"] - sizes["audio"]) / samples


def _quality(file: LincFile) -> dict[str, Any] | None:
    quality = file.quality()
    if quality is None:
        return None
    return {
        "psnr_rgb": quality.psnr_rgb or None,
        "psnr_yuv": quality.psnr_yuv or None,
        "ms_ssim": quality.ms_ssim or None,
        "tolerance_rms": quality.tolerance_rms,
        "tolerance_peak": quality.tolerance_peak,
        "segments": list(quality.segments),
        "device": quality.device,
    }


def _audio(file: LincFile) -> dict[str, Any] | None:
    track = file.audio()
    if track is None:
        return None
    return {
        "codec": track.codec,
        "sample_rate": track.sample_rate,
        "layout": track.layout,
        "bit_rate": track.bit_rate,
        "packets": len(track.packets),
    }


def _beside(file: LincFile) -> dict[str, Any]:
    """What the source held beside its pictures and its first audio track."""
    found = file.beside()
    display = {
        key: list(value)
        for key, value in vars(found.display).items()
        if value is not None
    }  # fmt: skip
    return {
        "audio_tags": dict(found.audio),
        "tracks": [
            {
                "kind": track.kind,
                "codec": track.codec,
                "packets": len(track.packets),
                "dispositions": list(track.dispositions),
                "tags": dict(track.tags),
            }
            for track in found.tracks
        ],
        "chapters": [
            {"start": float(c.start), "end": float(c.end), "title": c.tags.get("title")}
            for c in found.chapters
        ],
        "source_tags": {**found.video, **found.tags},
        "attachments": list(found.attachments),
        "display": display,
    }


def _alignments(file: LincFile) -> list[dict[str, Any]]:
    """The embedding models that the latents are aligned to."""
    return [
        {
            "model": data.model,
            "revision": data.revision.hex(),
            "preprocessing": data.preprocessing,
            "dimension": data.dimension,
            "by": "head" if data.first is None else "latent",
            "weight": data.weight,
            "cosine": data.cosine or None,
        }
        for data in file.alignments()
    ]


def _network(arch: Arch) -> bool:
    """Whether there is a nonlinear network."""
    return not isinstance(arch, LincArch) or arch.net_layers > 0


def _kind(arch: Arch, header: SegmentHeader) -> str:
    """What a segment is made of."""
    if header.pictures is not None:
        return "partitioned"
    return "spectral" if isinstance(arch, LincArch) else "network"


def _tools(file: LincFile, headers: list[SegmentHeader]) -> dict[str, int]:
    """In how many frames of partitioned segments each tool is used, from their headers."""
    found: Counter[str] = Counter()
    for index, header in enumerate(headers):
        if header.pictures is not None:
            with within(index), opened(file.read_segment(index), file.info, file.limits) as decoder:
                for record in decoder.records:
                    found[_REFERENCES[len(record.references)]] += 1
                    found.update(str(tool.name).lower() for tool in record.tools)
    return dict(sorted(found.items()))


def _segment(file: LincFile, index: int, header: SegmentHeader) -> dict[str, Any]:
    entry = file.segments[index]
    return {
        "first_frame": entry.first_frame,
        "frames": entry.n_frames,
        "continues": entry.continues,
        "kind": _kind(file.arch, header),
        "offset": entry.offset,
        "length": entry.length,
        "tensors": [
            {
                "role": tensor.role.name.lower(),
                "layer": tensor.layer,
                "mode": tensor.mode.name.lower(),
                "dims": list(tensor.dims),
                "bytes": tensor.payload_length,
            }
            for tensor in header.tensors
        ],
    }
