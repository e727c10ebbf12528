"""What the core computes in binary32, in C alone: where possible under sanitizers."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tools"))

import core_build  # noqa: E402
import core_harness  # noqa: E402

CORE = ROOT / "lincodec" / "core"


def test_random_planes_and_arguments_that_cannot_be(tmp_path: Path) -> None:
    program, command = tmp_path / "floats", core_harness.any_compiler()
    checks = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
    parts = ("codes.c", "spectral*.c", "resample*.c")
    files = [path for part in parts for path in sorted(CORE.glob(part))]
    core_build.compile_into(
        [
            *command, *core_build.COMMON, "-g1", "-O1", *(checks if len(command) == 1 else []),
            "-I", CORE, ROOT / "tests" / "core" / "floats.c", *files,
        ],
        program,
    )  # fmt: skip
    done = subprocess.run([program, "1", "100"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "100 planes, 0 failures" in done.stdout
