"""Running the command line in a process that says whether it loaded torch."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

_PROBE = """
import sys
from lincodec.cli.main import run
code = run(sys.argv[1:])
print("CODE", code, *sorted({"torch"} & set(sys.modules)), file=sys.stderr)
"""


def assert_runs_without_torch(path: Path, arguments: Iterable[str]) -> None:
    """Run ``linc`` with ``arguments``, ``{}`` in them standing for ``path``; it must succeed."""
    command = [sys.executable, "-c", _PROBE, *(part.format(path) for part in arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.stderr.splitlines()[-1] == "CODE 0", done.stderr
