"""What every benchmark says of its run, and how it reads lists."""

from __future__ import annotations

import json
import os
import platform
import shlex
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import av
import torch

from lincodec import __version__

#: The folder of results.
RESULTS = Path(__file__).resolve().parent.parent / "results"


def command() -> str:
    """This run as it was typed."""
    spec = sys.modules["__main__"].__spec__
    return shlex.join(["python", "-m", spec.name if spec else sys.argv[0], *sys.argv[1:]])


def machine() -> dict[str, Any]:
    """What the figures were taken on and with."""
    return {
        "cpu_count": os.cpu_count(),
        "machine": platform.machine(),
        "python": platform.python_version(),
        "torch": torch.__version__,
        "torch_threads": torch.get_num_threads(),
        "av": av.__version__,
        "linc": __version__,
    }


def write_report(folder: Path, name: str, page: str, **figures: Any) -> None:
    """Figures and what they were taken on as ``name``.json, and the page as ``name``.md."""
    report = {
        "command": command(),
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine(),
        **figures,
    }
    out = folder / f"{name}.json"
    out.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    out.with_suffix(".md").write_text(page, encoding="utf-8")


def listed(kind: Callable[[str], Any]) -> Callable[[str], list[Any]]:
    """A parser of comma-separated values; empty text is an empty list."""
    return lambda text: [kind(item) for item in text.split(",") if item]
