"""What the tests of the command line share: a result, and an engine that only pretends."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

from lincodec.limits import Limits
from lincodec.options import DecodeOptions, DecodeReport, EncodeOptions, EncodeReport, Progress

PARTS = {
    "weights": 9000,
    "latents": 700,
    "tables": 90,
    "audio": 0,
    "container": 210,
    "total": 10000,
}


@dataclass
class Result:
    """What one run of the command line did."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[dict[str, Any]]:
        """Standard output as NDJSON."""
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def progress(self) -> list[dict[str, Any]]:
        """Standard error as NDJSON."""
        return [json.loads(line) for line in self.err.splitlines()]


Linc = Callable[..., Result]


@dataclass
class Engine:
    """Stands in for encode, decode and info, remembers its calls, raises what it is told to."""

    calls: list[tuple[str, str, str, Any, dict[str, Any]]] = field(default_factory=list)
    error: BaseException | None = None
    reports: list[Progress] = field(
        default_factory=lambda: [
            Progress("scan", 0.0),
            Progress("fit", 0.5, 1, 2, 30.25, 0.04),
            Progress("fit", 0.4, 2, 2, 31.5, 0.041),
            Progress("verify", 1.0, frames=132),
        ]
    )
    warnings: tuple[str, ...] = ()
    on_work: Callable[[], None] = lambda: None

    def encode(self, source: str, output: str, options: EncodeOptions, **rest: Any) -> EncodeReport:
        self._job("encode", source, output, options, rest)
        Path(output).write_bytes(b"linc")
        return EncodeReport(
            output, 132, 1280, 720, Fraction(30000, 1001), 2, 44.0, PARTS, 0.0277, 31.5, 33.0,
            stopped=rest["stop"].requested, warnings=self.warnings,
        )  # fmt: skip

    def decode(self, source: str, output: str, options: DecodeOptions, **rest: Any) -> DecodeReport:
        self._job("decode", source, output, options, rest)
        if output == "-":
            sys.stdout.write("YUV4MPEG2\n")
        return DecodeReport(output, 528, 3840, 2160, 20.0, 26.4, 12.0, {"device": "cpu"})

    def check_headers(self, path: str, limits: Limits | None = None) -> None:
        if self.error is not None:
            raise self.error

    def info(self, path: str, limits: Limits | None = None) -> dict[str, Any]:
        if self.error is not None:
            raise self.error
        return {
            "width": 1280,
            "height": 720,
            "frames": 132,
            "fps": 25.0,
            "segments": 4,
            "arch": "linc",
            "bytes": PARTS,
            "bpp": 0.0277,
            "psnr": 31.5,
            "tags": {"title": "evil\x1b[2Jtitle"},
            "segment_list": [],
            "sections": [],
        }

    def _job(self, name: str, source: str, output: str, options: Any, rest: dict[str, Any]) -> None:
        self.calls.append((name, source, output, options, rest))
        for report in self.reports:
            rest["progress"](report)
        self.on_work()
        if self.error is not None:
            raise self.error
