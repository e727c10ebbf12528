"""The core against itself: random segments there and back, kernels against each other."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))

import core_harness  # noqa: E402


def _run(folder: Path, name: str, *arguments: str, encoder: tuple[str, ...] = ()) -> str:
    """Compile a program of ``tests/core`` with files of the encoder's and run it; its output."""
    parts = (name, "random_segment", "random_decisions")
    files = [core_harness.TESTS / f"{part}.c" for part in parts]
    files += [core_harness.CORE / file for file in encoder]
    command = [*core_harness.any_compiler(), "-O1"]
    program = core_harness.compile_program(folder / name, command, *files)
    done = subprocess.run([program, *arguments], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_random_segments_come_back(tmp_path: Path) -> None:
    """Decisions, levels, states and samples; changed bytes end in a status."""
    assert " 0 failures" in _run(tmp_path, "roundtrip", "1", "10", "3")


def test_kernels_agree(tmp_path: Path) -> None:
    """Planes with blocks, transforms there and back, lanes with numbers."""
    assert "agree" in _run(tmp_path, "kernels", encoder=("enc_phases.c",))
