"""Spectral segments come from the core, as array programs render them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from support.partitioned_files import pictures_code, spectral_code, video, write
from torch_probe import assert_runs_without_torch

from lincodec.bitstream.segment import Raw
from lincodec.container import LincFile
from lincodec.crop import Crop
from lincodec.decoder.drawn import DrawnDecoder
from lincodec.decoder.render import Renderer
from lincodec.decoder.shots import output_shots
from lincodec.errors import CorruptError
from lincodec.registry import Role
from lincodec.types import Planes, VideoInfo

FORMATS = [
    video(72, 40),
    video(1, 1),
    video(65, 17, (1, 0), 10),
    video(7, 33, (0, 0), 12),
    video(64, 64, None, 16),
]


def differences(found: list[Planes], expected: list[Planes]) -> np.ndarray:
    pairs = [
        (a, b) for f, e in zip(found, expected, strict=True) for a, b in zip(f, e, strict=True)
    ]
    assert all(a.shape == b.shape and a.dtype == b.dtype for a, b in pairs)
    return np.concatenate([np.abs(a.astype(int) - b).ravel() for a, b in pairs])


@pytest.mark.parametrize("info", FORMATS, ids=lambda i: f"{i.width}x{i.height}-{i.bit_depth}")
def test_the_core_and_array_programs_agree(info: VideoInfo, tmp_path: Path) -> None:
    codes = [spectral_code(4, 0, 5, info), spectral_code(6, 5, 12, info, continues=True)]
    path = write(tmp_path / "clip.linc", info, codes)
    with path.open("rb") as stream:
        renderer = Renderer(LincFile(stream))
        shots = output_shots(0, 17, 1)
        try:
            found = list(renderer.frames(shots))
            assert renderer._made is None
            expected = list(renderer._painter.frames(range(17)))
        finally:
            renderer.close()
    away = differences(found, expected)
    # by binary32 only: one code of 8 bits at the rounding of both, more where codes are finer
    assert away.max() <= max(1, 2 ** (info.bit_depth - 8) * 1e-3)
    assert (away > 0).mean() < 0.01 or info.bit_depth > 12
    assert len({frame[0].tobytes() for frame in found}) > 2 or info.width == 1


@pytest.mark.parametrize("info", FORMATS, ids=lambda i: f"{i.width}x{i.height}-{i.bit_depth}")
@pytest.mark.parametrize("scale", [0.5, 0.25, 0.7, 2, 3.3])
def test_they_agree_at_other_sizes(info: VideoInfo, scale: float, tmp_path: Path) -> None:
    """Of exact pictures too."""
    codes = [spectral_code(4, 0, 3, info), pictures_code(3, 3, 6, info)[0]]
    path = write(tmp_path / "clip.linc", info, codes)
    size = (max(1, round(info.width * scale)), max(1, round(info.height * scale)))
    crop = None if min(info.width, info.height) < 17 else Crop(32, 16, 4, 0)
    with path.open("rb") as stream:
        renderer = Renderer(LincFile(stream), size, crop)
        try:
            found = list(renderer.frames(output_shots(0, 6, 1)))
            assert renderer._made is None
            away = differences(found, list(renderer._painter.frames(range(6))))
            assert away.max() <= max(1, 2 ** (info.bit_depth - 8) * 1e-3)
            assert (away > 0).mean() < 0.01 or info.bit_depth > 12
        finally:
            renderer.close()


def test_kinds_may_follow_one_another_and_be_cropped(tmp_path: Path) -> None:
    info = video(72, 40)
    first, shown = pictures_code(3, 0, 5, info)
    path = write(tmp_path / "clip.linc", info, [first, spectral_code(4, 5, 9, info)])
    with path.open("rb") as stream:
        file = LincFile(stream)
        whole, part = Renderer(file), Renderer(file, crop=Crop(32, 16, 4, 2))
        try:
            frames = list(whole.frames(output_shots(0, 14, 1)))
            parts = list(part.frames(output_shots(0, 14, 1)))
            again = list(whole.frames(output_shots(6, 7, 1)))
        finally:
            whole.close()
            part.close()
    assert all((a == b).all() for a, b in zip(frames[2], shown[2], strict=True))
    assert (again[0][0] == frames[6][0]).all()
    for frame, cut in zip(frames, parts, strict=True):
        assert (cut[0] == frame[0][2:18, 4:36]).all()
        assert (cut[1] == frame[1][1:9, 2:18]).all()


def test_latents_of_other_frames_are_refused(tmp_path: Path) -> None:
    info = video(72, 40)
    code = spectral_code(4, 0, 5, info)
    wrong = {**code.tensors, (Role.LATENT, 0): Raw(np.ones((2, 4), np.float32))}
    path = write(tmp_path / "clip.linc", info, [replace(code, tensors=wrong)])
    with path.open("rb") as stream:
        renderer = Renderer(LincFile(stream))
        with pytest.raises(CorruptError, match=r"segment 0: .*latents of sizes"):
            list(renderer.frames(output_shots(0, 5, 1)))
        renderer.close()


def test_samples_without_a_number_are_refused(tmp_path: Path) -> None:
    info = video(72, 40)
    code = spectral_code(4, 0, 5, info)
    huge = {**code.tensors, (Role.LATENT, 0): Raw(np.full((2, 5), 3e38, np.float32))}
    path = write(tmp_path / "clip.linc", info, [replace(code, tensors=huge)])
    with path.open("rb") as stream:
        file = LincFile(stream)
        decoder = DrawnDecoder(file.read_segment(0), file.arch, info)  # type: ignore[arg-type]
        with pytest.raises(CorruptError, match="not finite"):
            list(decoder.frames(range(5)))
        decoder.close()


@pytest.mark.parametrize(
    "arguments",
    [
        ("decode", "{}", "--format", "null"),
        ("decode", "{}", "-o", "{}.y4m", "--crop", "16x8+4+2"),
        ("decode", "{}", "-o", "{}.y4m", "--res", "x0.5"),
        ("decode", "{}", "-o", "{}.y4m", "--res", "100x90"),
        ("frame", "{}", "-o", "{}.png", "-t", "0", "-y"),
        ("verify", "{}"),
    ],
    ids=lambda a: a[0],
)
def test_they_need_no_torch(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    info = video(72, 40)
    path = write(tmp_path / "clip.linc", info, [spectral_code(4, 0, 5, info)])
    assert_runs_without_torch(path, arguments)
