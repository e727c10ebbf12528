"""Parts of the picture: the same samples as in the whole one, at any size and rate."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from lincodec.container import LincFile
from lincodec.crop import Crop
from lincodec.decoder.decode import decode
from lincodec.decoder.render import Renderer
from lincodec.decoder.shots import output_shots
from lincodec.encoder.encode import encode
from lincodec.errors import UsageError
from lincodec.options import DecodeOptions, EncodeOptions, Span
from lincodec.types import Planes, VideoInfo
from lincodec.video.reader import FrameReader

VECTORS = Path(__file__).resolve().parent.parent / "format_spec" / "vectors" / "good"
FRAMES = 8
SIZE = (176, 144)
#: Four parts of different sizes that fill the picture.
TILES = [
    Crop(100, 64, 0, 0), Crop(76, 64, 100, 0), Crop(100, 80, 0, 64), Crop(76, 80, 100, 64),
]  # fmt: skip


@pytest.fixture(scope="module")
def coded(clip: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two segments of one shot of carphone."""
    output = tmp_path_factory.mktemp("crop") / "coded.linc"
    span = Span(start=1.5, frames=FRAMES)
    options = EncodeOptions(preset="instant", quality=26, segment=4, span=span)
    assert encode(str(clip("carphone")), str(output), options).segments == 2
    return output


def rendered(
    path: Path, size: tuple[int, int] | None = None, crop: Crop | None = None, rate: int = 1
) -> list[Planes]:
    with path.open("rb") as file:
        linc = LincFile(file)
        renderer = Renderer(linc, size, crop=crop)
        try:
            return list(renderer.frames(output_shots(0, linc.n_frames, rate)))
        finally:
            renderer.close()


def part(planes: Planes, crop: Crop, scale: Fraction = Fraction(1)) -> Planes:
    """The samples of a 4:2:0 picture at ``scale`` that a crop shows."""
    out = []
    for index, plane in enumerate(planes):
        unit = scale / (2 if index else 1)
        rows = slice(int(crop.y * unit), int((crop.y + crop.height) * unit))
        out.append(plane[rows, int(crop.x * unit) : int((crop.x + crop.width) * unit)])
    return tuple(out)


def assert_near(found: Planes, expected: Planes) -> None:
    """Equal within one code value."""
    for ours, theirs in zip(found, expected, strict=True):
        assert ours.shape == theirs.shape
        assert int(np.abs(ours.astype(int) - theirs.astype(int)).max()) <= 1


@pytest.mark.parametrize("scale", [Fraction(1), Fraction(2), Fraction(1, 2), Fraction(3, 2)])
@pytest.mark.parametrize("rate", [1, 3])
def test_four_tiles_make_the_whole(coded: Path, scale: Fraction, rate: int) -> None:
    """Also at the seams, where samples of the other tiles matter, and between frames."""
    whole = rendered(coded, (int(SIZE[0] * scale), int(SIZE[1] * scale)), rate=rate)
    assert len(whole) == FRAMES * rate
    for crop in TILES:
        size = (int(crop.width * scale), int(crop.height * scale))
        shown = rendered(coded, size, crop, rate)
        for found, expected in zip(shown, whole, strict=True):
            assert_near(found, part(expected, crop, scale))


def test_motion_is_followed_from_outside_the_crop(coded: Path) -> None:
    """What the test above would not see: the frames in between are not the cross-fade."""
    crop = Crop(48, 48, 64, 40)
    shown = rendered(coded, None, crop, 2)
    moved = 0.0
    for first, found, second in zip(shown[:-2:2], shown[1:-1:2], shown[2::2], strict=True):
        fade = (first[0].astype(float) + second[0]) / 2
        moved = max(moved, float(np.abs(found[0] - fade).mean()))
    assert moved > 0.4  # rounding alone is 0.25


def test_a_crop_of_a_decode_is_the_decode_of_a_crop(coded: Path, tmp_path: Path) -> None:
    """Through files, with --res and --fps-scale at once, every second of them cut away."""
    crop, outputs = Crop(60, 48, 30, 70), []
    for name, options in (
        ("whole", DecodeOptions(scale=2.0)),
        ("part", DecodeOptions(scale=2.0, crop=crop)),
    ):
        outputs.append(tmp_path / f"{name}.mkv")
        options = dataclasses.replace(options, codec="ffv1", fps_scale=2, span=Span(frames=6))
        report = decode(str(coded), str(outputs[-1]), options)
    assert (report.width, report.height, report.frames) == (120, 96, 12)
    with FrameReader(str(outputs[0])) as whole, FrameReader(str(outputs[1])) as cropped:
        assert (cropped.info.width, cropped.info.height) == (120, 96)
        assert cropped.info.fps == whole.info.fps
        for expected, found in zip(whole, cropped, strict=True):
            assert found.pts == expected.pts
            assert_near(found.planes, part(expected.planes, crop, Fraction(2)))


def test_the_shape_of_samples_is_that_of_the_crop(coded: Path, tmp_path: Path) -> None:
    own = Fraction(128, 117)
    for size, sar in (((64, 64), own), ((128, 64), own / 2), (None, own)):
        output = tmp_path / "out.mp4"
        options = DecodeOptions(size=size, crop=Crop(64, 64, 8, 8), span=Span(frames=1))
        decode(str(coded), str(output), options, overwrite=True)
        with FrameReader(str(output)) as reader:
            assert reader.info.sar == sar


@pytest.mark.parametrize(
    "name",
    [
        "odd-size",
        "network-4",
        "inr-hash",
        "inr-fourier",
        "inr-patch",
        "grey",
        "422",
        "444",
        "motion",
    ],
)
def test_every_model_and_format(name: str) -> None:
    path = VECTORS / f"good-{name}.linc"
    with path.open("rb") as file:
        info = LincFile(file).info
    left, top = info.width // 4 * 2, info.height // 4 * 2
    crop = Crop(info.width - left, info.height - top, left, top)
    # twice an odd side is even: its chroma is not twice as large, nor are the parts of it
    for scale in (1,) if info.width % 2 or info.height % 2 else (1, 2):
        whole = rendered(path, (info.width * scale, info.height * scale), rate=2)
        shown = rendered(path, (crop.width * scale, crop.height * scale), crop, rate=2)
        for found, expected in zip(shown, whole, strict=True):
            last = tuple(
                e[-f.shape[0] :, -f.shape[1] :] for e, f in zip(expected, found, strict=True)
            )
            assert_near(found, last)


def test_colours_stay_when_the_size_suggests_others(coded: Path) -> None:
    """An untagged picture of 720 lines or more is taken for BT.709, a smaller one for BT.601."""
    with coded.open("rb") as file:
        linc = LincFile(file)
        assert linc.info.color.matrix == 2
        for size, matrix in ((None, 2), ((352, 288), 2), ((1440, 1178), 6)):
            assert Renderer(linc, size).output.color.matrix == matrix


@pytest.mark.parametrize(
    ("crop", "message"),
    [
        (Crop(100, 100, 78, 0), "--crop 100x100+78+0 reaches beyond the picture of 175x144"),
        (Crop(10, 10, 0, 140), "beyond the picture"),
        (Crop(11, 10, 21, 20), "cuts chroma samples of 2x2 apart; use 12x10+20+20"),
        (Crop(20, 10, 20, 21), "use 20x12+20+20"),
        (Crop(5, 4, 168, 0), "use 6x4+168+0"),
        (Crop(7, 4, 168, 0), ""),
        (Crop(175, 144, 0, 0), ""),
    ],
)
def test_rectangles_that_do_not_fit(crop: Crop, message: str) -> None:
    info = VideoInfo(width=175, height=144, fps=Fraction(25))
    if not message:
        crop.check(info)
        return
    with pytest.raises(UsageError) as caught:
        crop.check(info)
    assert message in str(caught.value)
    Crop(5, 3, 1, 1).check(dataclasses.replace(info, chroma_shift=(0, 0)))


def test_it_is_refused_before_a_file_is_made(coded: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="beyond"):
        decode(str(coded), str(tmp_path / "x.mkv"), DecodeOptions(crop=Crop(176, 144, 2, 0)))
    assert not list(tmp_path.iterdir())
