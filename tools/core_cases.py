"""Segments that the core's tests decode: random ones, those of the vectors and of any file.

python tools/core_cases.py FOLDER [FILE.linc...]
"""

from __future__ import annotations

import struct
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import core_harness
from core_build import ROOT

sys.path.insert(0, str(ROOT))

from lincodec.container import LincFile, chroma_of
from lincodec.errors import LincError

VECTORS = ROOT / "format_spec" / "vectors" / "good"


def random_cases(folder: Path) -> None:
    """Make segments of random decisions, of every kind of picture."""
    files = [
        core_harness.TESTS / f"{name}.c"
        for name in ("random_segment", "random_decisions", "make_cases")
    ]
    program = core_harness.compile_program(
        core_harness.BUILD / "make_cases", [*core_harness.any_compiler(), "-O2"], *files
    )
    subprocess.run([program, folder], check=True)


def take_apart(path: Path, folder: Path) -> None:
    """Write every partitioned segment of a .linc file as a case (``tests/core/case.h``)."""
    from lincodec.bitstream.pictures import unpack_pictures

    with path.open("rb") as stream:
        file = LincFile(stream, name=str(path))
        info = file.info
        for index in range(len(file.segments)):
            pictures = unpack_pictures(file.read_segment(index), info.plane_sizes[0])
            if pictures is None:
                continue
            header = struct.pack(
                "<HHBBH", info.width, info.height, int(chroma_of(info.chroma_shift)),
                info.bit_depth, pictures.shape[0],
            )  # fmt: skip
            (folder / f"{path.stem}-{index}.case").write_bytes(header + pictures.stream)


def make_cases(given: Sequence[Path], folder: Path) -> list[Path]:
    """The sound cases to start from: those given, .case or .linc; else random ones and vectors."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.case"):
        old.unlink()
    if not given:
        random_cases(folder)
    for path in given or sorted(VECTORS.glob("*.linc")):
        if path.suffix == ".linc":
            take_apart(path, folder)
    return [path for path in given if path.suffix == ".case"] + sorted(folder.glob("*.case"))


if __name__ == "__main__":
    try:
        made = make_cases([Path(name) for name in sys.argv[2:]], Path(sys.argv[1]))
    except (LincError, OSError) as error:
        sys.exit(f"core_cases: {error}")
    print(f"{len(made)} cases")
