"""Motion from estimate to decoded file: it is followed, never across a cut, without a jump."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import torch

from lincodec.bitstream.segment import Field, unpack_segment
from lincodec.container import LincFile
from lincodec.decoder.render import Renderer
from lincodec.decoder.shots import Shot, output_shots
from lincodec.encoder.encode import encode
from lincodec.encoder.motion import grid_size, motion_bound, motion_field
from lincodec.model.devices import PORTIONS
from lincodec.options import EncodeOptions, Span
from lincodec.registry import Role
from lincodec.types import Planes, VideoInfo
from lincodec.video.metrics import mse, psnr
from lincodec.video.reader import FrameReader
from lincodec.video.y4m import Y4mWriter


def info_of(height: int, width: int) -> VideoInfo:
    return VideoInfo(width=width, height=height, fps=Fraction(25))


def scene(height: int, width: int, seed: int) -> np.ndarray:
    """Smooth random texture larger than the picture, float64; the brighter, the higher its seed."""
    rng = np.random.default_rng(seed)
    coarse = torch.from_numpy(rng.normal(0, 1, (1, 1, height // 6, width // 6)))
    fine = torch.nn.functional.interpolate(
        coarse, size=(height + 64, width + 64), mode="bicubic", align_corners=False
    )[0, 0].numpy()
    return np.clip(60 + 10 * seed + 30 * fine, 20, 235)


def panned(height: int, width: int, moves: list[tuple[int, int]], seed: int = 4) -> list[Planes]:
    """Frames in which the picture stands (dx, dy) further to the right and down."""
    whole, frames = scene(height, width, seed), []
    for dx, dy in moves:
        part = whole[32 - dy : 32 - dy + height, 32 - dx : 32 - dx + width]
        luma = np.rint(part).astype(np.uint8)
        chroma = np.full((height // 2, width // 2), 128, np.uint8)
        frames.append((luma, chroma, chroma))
    return frames


@pytest.mark.parametrize("size", [(96, 128), (90, 130), (480, 864)])
def test_a_pan_is_found(size: tuple[int, int]) -> None:
    frames = panned(*size, [(0, 0), (5, -3), (17, -3), (17, -3)])
    field = motion_field(frames, info_of(*size))
    assert field.q.shape == (3, 2, *grid_size(*size))
    found = np.median(field.values, axis=(2, 3))
    assert np.abs(found - [(5, -3), (12, 0), (0, 0)]).max() <= field.step
    assert not field.q[2].any()


def test_threads_change_nothing() -> None:
    frames, info = panned(90, 130, [(0, 0), (5, -3), (7, 1), (7, 2)]), info_of(90, 130)
    one, many = motion_field(frames, info, 1), motion_field(frames, info, 3)
    assert (one.q == many.q).all()
    wide = [(planes[0].astype(np.uint16) << 2,) for planes in frames]
    assert (motion_field(wide, replace(info, bit_depth=10)).q == one.q).all()


@pytest.mark.parametrize("size", [(1, 1), (1, 40), (23, 7)])
def test_small_pictures_have_motion(size: tuple[int, int]) -> None:
    rng = np.random.default_rng(1)
    frames = [(rng.integers(0, 256, size, np.uint8),) for _ in range(2)]
    field = motion_field(frames, info_of(*size))
    assert field.q.shape == (1, 2, *grid_size(*size))
    assert np.isfinite(field.values).all()


def test_grids_follow_the_picture_size() -> None:
    assert grid_size(180, 320) == (12, 20)
    assert grid_size(720, 1280) == (23, 40)
    assert grid_size(2160, 3840) == (17, 30)
    assert motion_bound(info_of(180, 320), 10) == 10 * 2 * 12 * 20


def write(path: Path, frames: list[Planes]) -> Path:
    with path.open("wb") as out:
        height, width = frames[0][0].shape
        writer = Y4mWriter(out, info_of(height, width))
        for planes in frames:
            writer.write(planes)
    return path


@pytest.fixture(scope="module")
def pan(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Planes]]:
    """A .linc file of every second frame of a pan, cut to another scene at frame 12 of 24."""
    folder = tmp_path_factory.mktemp("pan")
    moves = [(2 * n, -n) for n in range(12)]
    frames = panned(96, 128, moves, 3) + panned(96, 128, moves, 11)
    source, output = write(folder / "in.y4m", frames), folder / "out.linc"
    options = EncodeOptions(preset="instant", quality=12.0, segment=4, hold_out=2, motion=True)
    encode(str(source), str(output), options)
    return output, frames


def rendered(path: Path, shots: list[Shot], size: tuple[int, int] | None = None) -> list[Planes]:
    with path.open("rb") as file:
        renderer = Renderer(LincFile(file), size)
        try:
            return list(renderer.frames(shots))
        finally:
            renderer.close()


def luma_psnr(a: Planes, b: Planes) -> float:
    return psnr(mse(a[0], b[0]))


def test_hold_out_keeps_every_second_frame_at_its_time(pan: tuple[Path, list[Planes]]) -> None:
    path, frames = pan
    with path.open("rb") as file:
        linc = LincFile(file)
        assert (linc.n_frames, linc.info.fps) == (12, Fraction(25, 2))
        assert not linc.is_variable_rate
        assert [entry.first_frame for entry in linc.segments] == [0, 3, 6, 9]
        assert [entry.continues for entry in linc.segments] == [False, True, False, True]
    keys = rendered(path, output_shots(0, 12, 1))
    assert min(luma_psnr(a, b) for a, b in zip(keys, frames[::2], strict=True)) > 36


def test_frames_held_out_are_made_up(pan: tuple[Path, list[Planes]]) -> None:
    """Also between the segments of one shot, at frames 5 and 17."""
    path, frames = pan
    shown = rendered(path, output_shots(0, 12, 2))
    for n in (*range(1, 11, 2), *range(13, 23, 2)):
        mixed = tuple(
            (a.astype(int) + b) // 2 for a, b in zip(shown[n - 1], shown[n + 1], strict=True)
        )
        found, faded = luma_psnr(shown[n], frames[n]), luma_psnr(mixed, frames[n])
        assert found > faded + 6
        around = min(luma_psnr(shown[k], frames[k]) for k in (n - 1, n + 1))
        assert found > min(around, 50) - 6


def test_shots_never_mix_and_the_end_is_held(pan: tuple[Path, list[Planes]]) -> None:
    path, _ = pan
    shown = rendered(path, output_shots(4, 7, 5))
    for held in shown[6:10]:
        assert all((a == b).all() for a, b in zip(held, shown[5], strict=True))
    assert luma_psnr(shown[9], shown[10]) < 25
    end = rendered(path, output_shots(11, 12, 3))
    assert all((a == b).all() for later in end[1:] for a, b in zip(later, end[0], strict=True))


def test_any_size_and_any_batch_give_the_same_motion(
    pan: tuple[Path, list[Planes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    path, _ = pan
    shots = output_shots(1, 5, 3)
    native = rendered(path, shots)
    large = rendered(path, shots, (256, 192))
    for small, big in zip(native, large, strict=True):
        means = big[0].reshape(96, 2, 128, 2).mean((1, 3))
        assert float(np.abs(means - small[0]).mean()) < 1.0
    monkeypatch.setitem(PORTIONS, "cpu", replace(PORTIONS["cpu"], rendered=1))
    for one, other in zip(rendered(path, shots), native, strict=True):
        assert all((np.abs(a.astype(int) - b) <= 1).all() for a, b in zip(one, other, strict=True))
    for shot, planes in zip(shots, native, strict=True):
        [alone] = rendered(path, [shot])
        assert (np.abs(alone[0].astype(int) - planes[0]) <= 1).all()


@pytest.mark.parametrize(
    ("preset", "kind", "motion", "stored"),
    [
        ("instant", None, None, False),
        ("instant", None, True, True),
        ("fast", "spectral", None, True),
        ("fast", "spectral", False, False),
        ("fast", "partitioned", None, False),  # its few bytes are not worth it unless asked for
        ("fast", "partitioned", True, True),
    ],
)
def test_the_option_decides(
    preset: str,
    kind: str | None,
    motion: bool | None,
    stored: bool,
    clip: Callable[[str], Path],
    tmp_path: Path,
) -> None:
    output = tmp_path / "out.linc"
    options = EncodeOptions(
        preset=preset, kind=kind, span=Span(frames=6), segment=6, motion=motion, network=False
    )
    encode(str(clip("carphone")), str(output), options)
    with output.open("rb") as file:
        linc = LincFile(file)
        code = unpack_segment(linc.read_segment(0), linc.arch, linc.info.plane_sizes)
    field = code.tensors.get((Role.MOTION, 0))
    assert isinstance(field, Field) is stored
    if field is not None:
        assert not field.q[0].any()


def test_a_real_clip_is_better_with_motion(clip: Callable[[str], Path], tmp_path: Path) -> None:
    """Held-out frames of carphone, where every other interval is still."""
    output, span = tmp_path / "out.linc", Span(frames=25)
    options = EncodeOptions(
        preset="instant", quality=22.0, span=span, hold_out=2, segment=20, motion=True
    )
    encode(str(clip("carphone")), str(output), options)
    with FrameReader(str(clip("carphone")), span=span) as reader:
        frames = [frame.planes for frame in reader]
    shown = rendered(output, output_shots(0, 13, 2))
    gains = []
    for n in range(1, 24, 2):
        faded = ((shown[n - 1][0].astype(float) + shown[n + 1][0]) / 2,)
        gains.append(luma_psnr(shown[n], frames[n]) - luma_psnr(faded, frames[n]))
    assert min(gains) > -0.3
    assert sum(gains) / len(gains) > 0.2
