"""Whole processes as benchmarks measure them: seconds on the clock and of processors, memory."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass

#: Runs a module as a program and says at its end how much memory it has held. What `wait4` says
#: would be that of the parent where it is larger.
_RUN = """
import runpy, sys
sys.argv = sys.argv[1:]
code = 0
try:
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
except SystemExit as end:
    code = end.code or 0
with open("/proc/self/status", encoding="ascii") as file:
    held = file.read().split("VmHWM:")[1].split()[0]
sys.stdout.flush()
print("held", held, file=sys.stderr)
sys.exit(code)
"""


@dataclass(frozen=True)
class Finished:
    """One process that has ended well."""

    wall: float
    """Seconds from its start to its end."""
    cpu: float
    """Seconds of all its threads, user and system."""
    megabytes: float
    """The most memory it held."""
    output: str
    """What it wrote to standard output."""


def finished(module: str, *arguments: object) -> Finished:
    """Run ``python -m module`` to its end.

    Raises:
        RuntimeError: it failed; with what it said.
    """
    command = [sys.executable, "-c", _RUN, module, *map(str, arguments)]
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as said:
        begun = time.perf_counter()
        process = subprocess.Popen(command, stdout=output, stderr=said)
        _, status, used = os.wait4(process.pid, 0)
        wall = time.perf_counter() - begun
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0), said.seek(0)
        lines = said.read().decode().split("\n")
        if process.returncode:
            raise RuntimeError(f"{module} ended with {process.returncode}: {' '.join(lines)}")
        held = next(line for line in reversed(lines) if line.startswith("held "))
        return Finished(
            wall, used.ru_utime + used.ru_stime, int(held.split()[1]) / 1024,
            output.read().decode(),
        )  # fmt: skip
