"""Results for people and for programs: the same figures as text and as JSON fields."""

from __future__ import annotations

import csv
import dataclasses
import enum
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from lincodec.cli.text import human_bytes, human_time, printable, table
from lincodec.errors import UsageError
from lincodec.options import DecodeReport, EncodeReport

if TYPE_CHECKING:
    from lincodec.decoder.stills import StillReport
    from lincodec.decoder.verify import VerifyReport
    from lincodec.encoder.forecast import Forecast
    from lincodec.tools.edit import EditReport
    from lincodec.web.export import ExportReport

_LISTS = {"segment_list", "sections", "alignments"}
_PARTS = ("weights", "latents", "tables", "alignment", "container", "audio")


def plain_fields(report: Any) -> dict[str, Any]:
    """A dataclass as a dictionary of what JSON knows; fractions become ``"num/den"``."""
    found = {f.name: _plain(getattr(report, f.name)) for f in dataclasses.fields(report)}
    if isinstance(getattr(report, "fps", None), Fraction):
        found["fps"] = float(report.fps)
        found["fps_exact"] = _plain(report.fps)
    return found


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return plain_fields(value)
    if isinstance(value, Fraction):
        return f"{value.numerator}/{value.denominator}"
    if isinstance(value, enum.Enum):
        return value.name.lower()
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if value is None or isinstance(value, bool | int | float | str):
        return value
    return str(value)


def encode_fields(report: EncodeReport) -> dict[str, Any]:
    """The fields of ``encode-done``."""
    return plain_fields(report)


def encode_text(report: EncodeReport) -> str:
    """Two lines: what was made, and where its bytes went."""
    length = report.frames / float(report.fps)
    speed = length / report.seconds if report.seconds > 0 else 0.0
    parts = "  ".join(
        f"{name} {human_bytes(report.bytes[name])}" for name in _PARTS if report.bytes.get(name)
    )
    early = "  (finished early)" if report.stopped else ""
    return (
        f"{printable(report.output)}  {report.width}x{report.height}  {report.frames} frames  "
        f"{report.psnr:.2f} dB  {report.bpp:.4f} bpp  {human_bytes(report.bytes['total'])}  "
        f"in {human_time(report.seconds)} ({speed:.2g}x real time){early}\n  {parts}"
    )


def forecast_text(found: Forecast) -> str:
    """One line: what the encode would come to."""
    quality = "" if found.psnr is None else f"about {found.psnr:.1f} dB  "
    return (
        f"{printable(found.output)}  {found.width}x{found.height}  {found.frames} frames  "
        f"{quality}about {human_bytes(found.bytes)} ({found.bpp:.4f} bpp)  "
        f"in about {human_time(found.seconds)}; nothing was written"
    )


def decode_fields(report: DecodeReport) -> dict[str, Any]:
    """The fields of ``decode-done``; what ``extra`` holds is beside the others."""
    fields = plain_fields(report)
    extra = fields.pop("extra")
    return {**extra, **fields}


def decode_text(report: DecodeReport) -> str:
    """One line: what was written and how fast."""
    return (
        f"{printable(report.output)}  {report.width}x{report.height}  {report.frames} frames  "
        f"in {human_time(report.seconds)} ({report.fps:.1f} frames/s)"
    )


def edit_text(report: EditReport) -> str:
    """One line: what a cut or join holds."""
    start = f"  from {human_time(report.start)}" if report.start else ""
    return (
        f"{printable(report.output)}  {report.frames} frames in {report.segments} segments  "
        f"{human_time(report.seconds)}{start}  {human_bytes(report.bytes)}"
    )


def still_text(report: StillReport) -> str:
    """One line: what was written and how little was read for it."""
    count = len(report.times)
    what = f"at {report.times[0]:g} s" if count == 1 else f"{count} pictures"
    return (
        f"{printable(report.output)}  {report.width}x{report.height}  {what}  "
        f"({human_bytes(report.bytes_read)} read)"
    )


def export_text(report: ExportReport) -> str:
    """One line: what was written."""
    size = f"{report.width}x{report.height}  " if report.width else ""
    quality = "" if report.crf is None else f"  (crf {report.crf:g}, {report.tries} tries)"
    return f"{printable(report.output)}  {size}{human_bytes(report.bytes)}{quality}"


def recovery_lines(extra: Mapping[str, Any]) -> list[str]:
    """What a recovery could not read, one line each; none for an ordinary decode."""
    lines = []
    for loss in extra.get("missing", ()):
        first, last = loss["first_frame"], loss["first_frame"] + loss["frames"] - 1
        frames = f"frame {first} is" if first == last else f"frames {first} to {last} are"
        lines.append(f"{frames} missing: {loss['reason']}")
    told = {loss["reason"] for loss in extra.get("missing", ())}
    return lines + [text for text in extra.get("damage", ()) if text not in told]


def info_text(found: Mapping[str, Any]) -> str:
    """A table of what ``info`` found, one fact a line, lists of parts left out."""
    rows = []
    for data in found.get("alignments", ()):
        cosine = f"  cosine {data['cosine']:.3f}" if data["cosine"] else ""
        rows.append(
            (
                "aligned to",
                f"{printable(data['model'])}  {data['dimension']} by {data['by']}{cosine}",
            )
        )
    for key, value in found.items():
        if key not in _LISTS and (shown := _shown(key, value)):
            rows.append((printable(key).replace("_", " "), shown))
    return table(rows)


def sections_text(found: Mapping[str, Any]) -> str:
    """Two tables: the sections with their offsets, and the tensors of every segment."""
    sections = [("section", "offset", "length")]
    for section in found["sections"]:
        name, offset, length = (str(section[key]) for key in ("type", "offset", "length"))
        sections.append((printable(name), offset, length))
    tensors = [("segment", "frames", "tensor", "mode", "shape", "bytes")]
    for index, segment in enumerate(found["segment_list"]):
        first, count = segment["first_frame"], segment["frames"]
        for tensor in segment["tensors"]:
            name = f"{tensor['role']} {tensor['layer']}"
            shape = "x".join(str(side) for side in tensor["dims"])
            frames = f"{first}..{first + count - 1}"
            tensors.append((str(index), frames, name, tensor["mode"], shape, str(tensor["bytes"])))
    return table(sections, head=True) + "\n\n" + table(tensors, head=True)


def _shown(name: str, value: Any, group: str = "") -> str:
    """One value as text; empty when there is nothing to say."""
    if value is None or value == [] or value == {}:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int) and group == "bytes":
        return human_bytes(value)
    if isinstance(value, float):
        return f"{value:.4f}" if name in {"bpp", "ms_ssim"} else f"{value:.6g}"
    if isinstance(value, Mapping):
        shown = ((printable(k), _shown(str(k), v, name)) for k, v in value.items())
        return "  ".join(f"{key.replace('_', ' ')} {text}" for key, text in shown if text)
    if isinstance(value, list | tuple):
        return " ".join(_shown(name, item) for item in value)
    return printable(value)


def verify_text(found: VerifyReport) -> str:
    """One line that says the file is sound, with what was checked."""
    checked = {"structure": "checksums", "entropy": "checksums and every integer"}
    depth = checked.get(found.depth, "checksums, every integer and every frame")
    if found.exact:
        depth += f", {'all' if found.exact == found.frames else found.exact} frames exact"
    if found.peak is not None:
        depth += f", at most {found.peak:.1g} code values from exact arithmetic"
    return (
        f"{printable(found.file)}: sound ({depth}; {found.sections} sections, "
        f"{found.segments} segments, {found.frames} frames, {human_bytes(found.total)})"
    )


def compare_text(fields: Mapping[str, Any]) -> str:
    """A table of the figures of a comparison."""
    units = {"bpp": "", "frames": "", "ssim": "", "ms_ssim": ""}
    rows = []
    for key, value in fields.items():
        if value is not None and not isinstance(value, Mapping | list):
            unit = units.get(key, " dB" if key.startswith("psnr") else "")
            number = f"{value:.4f}" if isinstance(value, float) else printable(value)
            rows.append((key.replace("_", " "), number + unit))
    return table(rows)


def presets_text(found: Sequence[Mapping[str, Any]], clips: Sequence[str], cpu_count: int) -> str:
    """One preset a line: name, what was measured, longest segment, quality, what it does."""
    rows = [("preset", "seconds", "RGB dB", "bpp", "segment", "quality", "")]
    for preset in found:
        figures = preset["measured"]
        measured = ("-", "-", "-")
        if figures:
            seconds, psnr, bpp = figures["seconds"], figures["psnr"], figures["bpp"]
            measured = (f"{seconds:.0f}", f"{psnr:.2f}", f"{bpp:.4f}")
        quality = "-" if preset["inr"] else f"{preset['quality']:g}"
        rows.append(
            (str(preset["name"]), *measured, f"{preset['segment']}", quality, preset["summary"])
        )
    return (
        f"{table(rows, head=True)}\n\nMeasured on {cpu_count} CPU cores, all together: "
        f"{'; '.join(clips)}.\n-: not measured."
    )


def write_csv(path: str, frames: Sequence[Any]) -> None:
    """Write the figures of every frame, one line each, with a header.

    Raises:
        UsageError: the file cannot be written.
    """
    rows = [frame if isinstance(frame, Mapping) else {"psnr_rgb": frame} for frame in frames]
    try:
        with open(path, "w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, ["frame", *(rows[0] if rows else [])])
            writer.writeheader()
            writer.writerows({"frame": i, **row} for i, row in enumerate(rows))
    except OSError as error:
        raise UsageError(f"{path}: cannot be written ({error.strerror})") from error
