"""Enlarging by a model: what it does, tiles, and the way to the size that is asked for."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from support import tiny_onnx
from support.partitioned_files import pictures_code, spectral_code, video, write
from support.tiny_onnx import enlarging

import lincodec as lc
from lincodec.cli.main import run
from lincodec.container import LincFile
from lincodec.core.resample import Resampler, whole
from lincodec.crop import Crop
from lincodec.decoder.render import Renderer
from lincodec.decoder.shots import output_shots
from lincodec.decoder.sizing import Sizing
from lincodec.decoder.upscale import Tile, Upscaler, tiles, upscaler_of
from lincodec.errors import InputError, ResourceError, UsageError
from lincodec.system import extras
from lincodec.types import ColorInfo, Planes, VideoInfo


def noise(*shape: int) -> np.ndarray:
    return np.random.default_rng(5).random(shape, np.float32)


def enlarged(upscaler: Upscaler, picture: np.ndarray) -> np.ndarray:
    """A picture from its parts, which cover it once."""
    sizes = [side * upscaler.scale for side in picture.shape[1:]]
    out, seen = np.full((len(picture), *sizes), np.nan, np.float32), np.zeros(sizes, int)
    for rows, columns, part in upscaler.parts(picture):
        out[:, rows, columns] = part
        seen[rows, columns] += 1
    assert (seen == 1).all()
    return out


@pytest.mark.parametrize("size", [1, 9, 20, 21, 22, 33, 100, 1000])
@pytest.mark.parametrize("margin", [0, 1, 4])
def test_tiles_cover_an_axis(size: int, margin: int) -> None:
    side, found = 20, tiles(size, 20, margin)
    assert [tile.first for tile in found] == [0, *(tile.last for tile in found[:-1])]
    assert found[-1].last == size
    for tile in found:
        assert tile.first < tile.last
        assert tile.start == 0 or tile.first - tile.start >= margin
        assert tile.last == size or tile.start + side - tile.last >= margin
        assert tile.start + side <= max(size, side)
    assert len(found) <= 1 + max(0, -(-(size - side) // (side - 2 * margin)))


def test_an_axis_of_one_tile() -> None:
    assert tiles(256, 256, 16) == [Tile(0, 0, 256)]
    assert tiles(257, 256, 16) == [Tile(0, 0, 240), Tile(1, 240, 257)]


@pytest.mark.parametrize("scale", [1, 2, 3, 4])
@pytest.mark.parametrize(
    ("channels", "dims"),
    [
        (3, (1, 3, "h", "w")),
        (1, ("n", 1, "h", "w")),
        (3, (1, 3, 24, 40)),
        (3, ("n", "c", "h", "w")),
    ],
)
def test_scale_and_channels_are_found(
    scale: int, channels: int, dims: tiny_onnx.Dims, tmp_path: Path
) -> None:
    path = enlarging(tmp_path / "m.onnx", scale, channels=channels, dims=dims)
    upscaler = Upscaler(str(path))
    assert (upscaler.scale, upscaler.channels) == (scale, channels)
    picture = noise(channels, 70, 95)
    expected = picture.repeat(scale, 1).repeat(scale, 2)
    np.testing.assert_allclose(enlarged(upscaler, picture), expected, atol=1e-6)


def test_samples_of_half_precision(tmp_path: Path) -> None:
    upscaler = Upscaler(str(enlarging(tmp_path / "m.onnx", 2, kind=tiny_onnx.FLOAT16)))
    picture = noise(3, 20, 30)
    expected = picture.repeat(2, 1).repeat(2, 2)
    np.testing.assert_allclose(enlarged(upscaler, picture), expected, atol=1e-3)


@pytest.mark.parametrize("dims", [(1, 3, "h", "w"), (1, 3, 64, 48)])
def test_tiles_leave_no_seams(dims: tiny_onnx.Dims, tmp_path: Path) -> None:
    upscaler = Upscaler(str(enlarging(tmp_path / "m.onnx", 2, dims=dims, blur=0.9)))
    picture = noise(3, 300, 530)
    found = enlarged(upscaler, picture)
    around = np.pad(picture, ((0, 0), (1, 1), (1, 1)))
    shifts = [around[:, y : y + 300, x : x + 530] for y in range(3) for x in range(3)]
    expected = (0.1 * picture + 0.9 * np.mean(shifts, axis=0)).repeat(2, 1).repeat(2, 2)
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_samples_are_limited(tmp_path: Path) -> None:
    upscaler = Upscaler(str(enlarging(tmp_path / "m.onnx", 2, gain=1.3)))
    assert enlarged(upscaler, noise(3, 40, 40)).max() == 1


# ------------------------------------------------------------ pictures

SHAPES = [video(72, 40), video(65, 33, (1, 0), 10), video(40, 32, (0, 0), 8), video(50, 34, None)]


def flat(info: VideoInfo) -> VideoInfo:
    return replace(info, color=ColorInfo(matrix=6, full_range=True))


def coded(folder: Path, info: VideoInfo) -> tuple[Path, list[Planes]]:
    """A file of exact pictures of that colour, and its frames."""
    code, shown = pictures_code(3, 0, 3, info)
    return write(folder / "clip.linc", info, [code]), shown


def rendered(path: Path, size: tuple[int, int], **given: object) -> list[Planes]:
    with path.open("rb") as stream:
        renderer = Renderer(LincFile(stream), size, **given)  # type: ignore[arg-type]
        try:
            return list(renderer.frames(output_shots(0, renderer.linc.n_frames, 1)))
        finally:
            renderer.close()


@pytest.mark.parametrize("info", SHAPES, ids=lambda i: f"{i.chroma_shift}-{i.bit_depth}")
@pytest.mark.parametrize("times", [2, 3, 1.4])
def test_a_model_of_luma(info: VideoInfo, times: float, tmp_path: Path) -> None:
    """Luma by the model and on to the size, chroma by the filter: to the code."""
    upscaler = Upscaler(str(enlarging(tmp_path / "m.onnx", 2, channels=1, dims=(1, 1, "h", "w"))))
    info = flat(info)
    path, shown = coded(tmp_path, info)
    size = (round(info.width * times), round(info.height * times))
    plain = rendered(path, size)
    luma = (info.height, info.width)
    last = Resampler([whole((2 * luma[0], 2 * luma[1]), size[::-1])], info.bit_depth)
    for native, found, filtered in zip(
        shown, rendered(path, size, upscaler=upscaler), plain, strict=True
    ):
        (expected,) = last.planes((native[0].repeat(2, 0).repeat(2, 1),))
        assert np.abs(found[0].astype(int) - expected).max() <= 1
        assert len(found) == len(filtered)
        assert all((a == b).all() for a, b in zip(found[1:], filtered[1:], strict=True))


@pytest.mark.parametrize("info", SHAPES, ids=lambda i: f"{i.chroma_shift}-{i.bit_depth}")
def test_a_model_of_colours(info: VideoInfo, tmp_path: Path) -> None:
    """A model that changes nothing but the size leaves what R, G and B can be as it is."""
    upscaler = Upscaler(str(enlarging(tmp_path / "m.onnx", 2)))
    info = flat(info)
    planes = tuple(
        np.full(size, code << (info.bit_depth - 8), np.uint8 if info.bit_depth == 8 else np.uint16)
        for size, code in zip(info.plane_sizes, (90, 120, 140), strict=False)
    )
    planes[0][::2] += 40 << (info.bit_depth - 8)
    output = replace(info, width=2 * info.width, height=2 * info.height)
    sizing = Sizing(info, output, None, upscaler)
    found = sizing.shown(planes)
    sizing.close()
    assert [plane.shape for plane in found] == list(output.plane_sizes)
    for plane, native in zip(found, planes, strict=True):
        scale = [a // b for a, b in zip(plane.shape, native.shape, strict=True)]
        same = native.repeat(scale[0], 0).repeat(scale[1], 1)
        height, width = same.shape
        assert np.abs(plane[:height, :width].astype(int) - same).max() <= 1


def test_a_part_is_enlarged_alone(tmp_path: Path) -> None:
    upscaler = Upscaler(str(enlarging(tmp_path / "m.onnx", 2, channels=1, dims=(1, 1, "h", "w"))))
    path, shown = coded(tmp_path, flat(SHAPES[0]))
    found = rendered(path, (64, 32), crop=Crop(32, 16, 8, 4), upscaler=upscaler)
    part = shown[1][0][4:20, 8:40].repeat(2, 0).repeat(2, 1)
    assert np.abs(found[1][0].astype(int) - part).max() <= 1


def test_spectral_segments_are_enlarged_from_their_codes(tmp_path: Path) -> None:
    upscaler = Upscaler(str(enlarging(tmp_path / "m.onnx", 2, channels=1, dims=(1, 1, "h", "w"))))
    info = flat(SHAPES[0])
    path = write(tmp_path / "clip.linc", info, [spectral_code(4, 0, 3, info)])
    native = rendered(path, (72, 40))
    found = rendered(path, (144, 80), upscaler=upscaler)
    for a, b in zip(native, found, strict=True):
        assert np.abs(b[0].astype(int) - a[0].repeat(2, 0).repeat(2, 1)).max() <= 1


def test_smaller_pictures_are_not_the_model_s(tmp_path: Path) -> None:
    model = str(enlarging(tmp_path / "m.onnx", 2))
    path, _ = coded(tmp_path, flat(SHAPES[0]))
    for size in ((36, 20), (72, 40)):
        plain = rendered(path, size)
        found = rendered(path, size, upscaler=Upscaler(model))
        assert all((a[0] == b[0]).all() for a, b in zip(plain, found, strict=True))
    report = lc.decode(str(path), str(tmp_path / "a.y4m"), size=(36, 20), upscale=model)
    assert any("not used: 36x20" in text for text in report.extra["warnings"])


def test_commands_and_programs(clip: Callable[[str], Path], tmp_path: Path) -> None:
    model = str(enlarging(tmp_path / "m.onnx", 3))
    linc, shown = str(tmp_path / "c.linc"), str(tmp_path / "c.y4m")
    lc.encode(str(clip("carphone")), linc, "instant", frames=3)
    larger = ["--res", "x2", "--upscale", model]
    assert run(["decode", linc, "-o", shown, *larger]) == 0
    assert run(["frame", linc, "-o", str(tmp_path / "a.png"), *larger]) == 0
    with lc.open(linc) as plain, lc.open(linc, upscale=model) as video:
        assert (plain[0] == video[0]).all()
        large = next(iter(video.frames(size=(352, 288)))).data
        assert large.shape == (288, 352, 3)
        filtered = plain.frames_at([0], size=(352, 288)).data[0]
        assert (large != filtered).any()
        assert np.abs(large.astype(int) - filtered).mean() < 6
        assert (video.frames_at([0], size=(352, 288)).data[0] == large).all()


# ------------------------------------------------------------ what is no such model


def test_lanczos_is_none() -> None:
    assert upscaler_of("lanczos") is None


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"gone.onnx: there is no such file; expected lanczos or"):
        Upscaler(str(tmp_path / "gone.onnx"))
    with pytest.raises(InputError, match="is a folder"):
        Upscaler(str(tmp_path))


@pytest.mark.parametrize("data", [b"", b"hello", b"\x08\x07", b"\x89PNG" * 100])
def test_files_that_are_not_onnx(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "m.onnx"
    path.write_bytes(data)
    with pytest.raises(UsageError, match=r"is not an ONNX model that runs here.*expected a model"):
        Upscaler(str(path))


def same(*inputs: bytes, outputs: int = 1) -> bytes:
    nodes = [tiny_onnx.node("Identity", ["x"], f"y{k}") for k in range(outputs)]
    out = [tiny_onnx.place(f"y{k}", ["a", "b", "c", "d"]) for k in range(outputs)]
    return tiny_onnx.model(nodes, inputs, out)


ANY: tiny_onnx.Dims = (1, 3, "h", "w")


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (same(tiny_onnx.place("x", ANY), tiny_onnx.place("z", ANY)), "2 inputs and 1 outputs"),
        (same(tiny_onnx.place("x", ANY), outputs=2), "1 inputs and 2 outputs"),
        (same(tiny_onnx.place("x", (1, 4, "h", "w"))), r"takes tensor\(float\) \[1, 4, 'h', 'w'\]"),
        (same(tiny_onnx.place("x", (3, 3, "h", "w"))), r"takes tensor\(float\) \[3, 3"),
        (
            tiny_onnx.model(
                [tiny_onnx.node("Identity", ["x"], "y")],
                [tiny_onnx.place("x", (3, "h", "w"))],
                [tiny_onnx.place("y", (3, "h", "w"))],
            ),
            r"takes tensor\(float\) \[3, 'h', 'w'\]",
        ),
        (
            tiny_onnx.model(
                [tiny_onnx.node("Identity", ["x"], "y")],
                [tiny_onnx.place("x", ANY, tiny_onnx.INT64)],
                [tiny_onnx.place("y", ANY, tiny_onnx.INT64)],
            ),
            r"takes tensor\(int64\)",
        ),
        (
            tiny_onnx.model(
                [tiny_onnx.node("MaxPool", ["x"], "y", kernel_shape=[2, 2], strides=[2, 2])],
                [tiny_onnx.place("x", ANY)],
                [tiny_onnx.place("y", ANY)],
            ),
            r"makes \[3, 32, 32\] of \[3, 64, 64\], not a whole number of times as much",
        ),
        (
            tiny_onnx.model(
                [tiny_onnx.node("Log", ["x"], "n"), tiny_onnx.node("Log", ["n"], "y")],
                [tiny_onnx.place("x", ANY)],
                [tiny_onnx.place("y", ANY)],
            ),
            "makes samples that are not finite numbers",
        ),
    ],
    ids=lambda value: value[:30] if isinstance(value, str) else "",
)
def test_models_that_are_none_of_pictures(data: bytes, words: str, tmp_path: Path) -> None:
    path = tmp_path / "m.onnx"
    path.write_bytes(data)
    with pytest.raises(UsageError, match=words):
        Upscaler(str(path))


def test_a_model_of_another_range_of_samples(tmp_path: Path) -> None:
    path = enlarging(tmp_path / "m.onnx", 2, gain=255)
    with pytest.raises(UsageError, match=r"makes 1\d\d of a grey of 0.5.*from 0 to 1"):
        Upscaler(str(path))


def test_a_machine_without_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = importlib.import_module

    def missing(name: str) -> object:
        if name == "onnxruntime":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return plain(name)

    monkeypatch.setattr(extras.importlib, "import_module", missing)
    path = enlarging(tmp_path / "m.onnx", 2)
    with pytest.raises(ResourceError, match=r"pip install 'lincodec\[upscale\]'"):
        Upscaler(str(path))
