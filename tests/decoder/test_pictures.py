"""Files of partitioned segments: exact at native size, and everything else that a file can do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from support import forge
from support.between import between
from support.partitioned_files import pictures_code, spectral_code, video, write
from torch_probe import assert_runs_without_torch

from lincodec import registry
from lincodec.bitstream.pictures import Pictures
from lincodec.container import DamagedFile, LincFile
from lincodec.crop import Crop
from lincodec.decoder.decode import decode, intact_shots
from lincodec.decoder.info import info as describe
from lincodec.decoder.reader import LincReader
from lincodec.decoder.render import Renderer
from lincodec.decoder.shots import Shot, output_shots
from lincodec.decoder.stills import contact_sheet, still
from lincodec.decoder.verify import verify
from lincodec.errors import CorruptError, LimitError, LincError, VerifyError
from lincodec.limits import Limits
from lincodec.options import DecodeOptions, Span
from lincodec.registry import Role
from lincodec.tools.compare import compare
from lincodec.tools.edit import concat, cut
from lincodec.types import Planes, VideoInfo
from lincodec.video.reader import FrameReader

INFO = video()


def assert_equal(found: Planes, expected: Planes) -> None:
    for ours, theirs in zip(found, expected, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def rendered(
    path: Path, shots: list[Shot] | None = None, **options: object
) -> tuple[list[Planes], VideoInfo]:
    with path.open("rb") as stream:
        linc = LincFile(stream)
        renderer = Renderer(linc, **options)  # type: ignore[arg-type]
        try:
            wanted = output_shots(0, linc.n_frames, 1) if shots is None else shots
            return list(renderer.frames(wanted)), renderer.output
        finally:
            renderer.close()


def test_what_was_begun_is_gone_on_with(pair: tuple[Path, list[Planes]]) -> None:
    """Frames that the threads were told to begin on come out as without, or other ones do."""
    path, expected = pair
    shots = output_shots(0, len(expected), 1)
    with path.open("rb") as stream:
        renderer = Renderer(LincFile(stream))
        try:
            for asked in (shots, shots[3:], shots[1:2], []):
                renderer.begin(shots)
                for shot, planes in zip(asked, renderer.frames(asked), strict=True):
                    assert_equal(planes, expected[shot.frame])
        finally:
            renderer.close()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("pictures")


@pytest.fixture(scope="module")
def pair(folder: Path) -> tuple[Path, list[Planes]]:
    """Nine frames, then five that go on with them."""
    first, shown = pictures_code(1, 0, 9, INFO)
    second, more = pictures_code(2, 9, 5, INFO, continues=True)
    return write(folder / "pair.linc", INFO, [first, second]), shown + more


@pytest.fixture(scope="module")
def mixed(folder: Path) -> tuple[Path, list[Planes]]:
    """Pictures, spectral, pictures: 5, 4 and 3 frames; the second goes on with the first."""
    first, shown = pictures_code(3, 0, 5, INFO)
    second = spectral_code(4, 5, 4, INFO, continues=True)
    third, more = pictures_code(5, 9, 3, INFO)
    return write(folder / "mixed.linc", INFO, [first, second, third]), shown + more


FORMATS = [
    video(72, 40),
    video(1, 1),
    video(65, 17, (1, 0), 10),
    video(7, 33, (0, 0), 12),
    video(64, 64, None, 16),
]


@pytest.mark.parametrize("info", FORMATS, ids=lambda i: f"{i.width}x{i.height}-{i.bit_depth}")
def test_every_format_is_exact(info: VideoInfo, tmp_path: Path) -> None:
    code, shown = pictures_code(7, 0, 4, info)
    path = write(tmp_path / "clip.linc", info, [code])
    found, _ = rendered(path)
    for ours, theirs in zip(found, shown, strict=True):
        assert_equal(ours, theirs)
    report = verify(path, render=True)
    assert (report.exact, report.rendered, report.peak) == (4, 0, None)


def test_array_programs_start_from_the_same_samples(pair: tuple[Path, list[Planes]]) -> None:
    """A size that is native in all but name, and frames in between at the share 0."""
    path, shown = pair
    shots = output_shots(0, 14, 2)
    found, _ = rendered(path, shots)
    for ours, theirs in zip(found[::2], shown, strict=True):
        assert_equal(ours, theirs)


def test_frames_between_lie_between_and_a_cut_has_none(mixed: tuple[Path, list[Planes]]) -> None:
    path, shown = mixed
    half = Fraction(1, 2)
    found, _ = rendered(path, [Shot(0, half), Shot(3, half), Shot(8, half), Shot(9, half)])
    for ours, (a, b) in ((found[0], shown[0:2]), (found[1], shown[3:5]), (found[3], shown[5:7])):
        assert_equal(ours, halfway(a, b))
    last, _ = rendered(path, [Shot(8, Fraction(0))])
    assert_equal(found[2], last[0])


def halfway(first: Planes, second: Planes) -> Planes:
    return between(first, second, Fraction(1, 2), INFO.bit_depth)


def test_stored_motion_has_no_effect(tmp_path: Path) -> None:
    code, shown = pictures_code(8, 0, 3, INFO, motion=4)
    [found], _ = rendered(write(tmp_path / "moved.linc", INFO, [code]), [Shot(0, Fraction(1, 2))])
    assert_equal(found, halfway(*shown[:2]))


def test_frames_between_segments_of_two_kinds(mixed: tuple[Path, list[Planes]]) -> None:
    path, shown = mixed
    (next_,), _ = rendered(path, [Shot(5, Fraction(0))])
    (found,), _ = rendered(path, [Shot(4, Fraction(1, 2))])
    assert_equal(found, halfway(shown[4], next_))


def test_other_sizes_are_means_of_the_exact_samples(pair: tuple[Path, list[Planes]]) -> None:
    path, shown = pair
    found, output = rendered(path, size=(36, 20))
    assert (output.width, output.height) == (36, 20)
    for ours, theirs in zip(found, shown, strict=True):
        for plane, native in zip(ours, theirs, strict=True):
            h, w = plane.shape
            means = native.astype(float).reshape(h, 2, w, 2).mean((1, 3))
            assert np.abs(plane - np.floor(means + 0.5)).max() <= 1


@pytest.mark.parametrize(
    "crop", [Crop(16, 8, 4, 2), Crop(72, 40, 0, 0), Crop(2, 2, 70, 38)], ids=str
)
def test_crops_are_parts(pair: tuple[Path, list[Planes]], crop: Crop) -> None:
    path, shown = pair
    found, output = rendered(path, crop=crop)
    assert (output.width, output.height) == (crop.width, crop.height)
    for ours, theirs in zip(found, shown, strict=True):
        for index, (plane, native) in enumerate(zip(ours, theirs, strict=True)):
            k = 2 if index else 1
            rows = slice(crop.y // k, (crop.y + crop.height) // k)
            columns = slice(crop.x // k, (crop.x + crop.width) // k)
            np.testing.assert_array_equal(plane, native[rows, columns])


def test_crop_of_an_odd_picture(tmp_path: Path) -> None:
    info = video(7, 5)
    code, shown = pictures_code(9, 0, 2, info)
    path = write(tmp_path / "odd.linc", info, [code])
    found, _ = rendered(path, crop=Crop(3, 3, 4, 2))
    assert [plane.shape for plane in found[0]] == [(3, 3), (2, 2), (2, 2)]
    np.testing.assert_array_equal(found[1][1], shown[1][1][1:3, 2:4])


def test_kinds_of_segments_beside_each_other(mixed: tuple[Path, list[Planes]]) -> None:
    path, shown = mixed
    found, _ = rendered(path)
    assert len(found) == 12
    for ours, theirs in zip(found[:5] + found[9:], shown, strict=True):
        assert_equal(ours, theirs)
    report = verify(path, render=True)
    assert (report.exact, report.rendered) == (8, 4)
    assert report.peak is not None


def test_decode_to_a_file(pair: tuple[Path, list[Planes]], tmp_path: Path) -> None:
    path, shown = pair
    out = tmp_path / "out.mkv"
    done = decode(str(path), str(out), DecodeOptions(codec="ffv1", span=Span(frames=11)))
    assert done.frames == 11
    with FrameReader(str(out)) as reader:
        for frame, theirs in zip(reader, shown[:11], strict=True):
            assert_equal(frame.planes, theirs)


def test_the_reader_and_compare(pair: tuple[Path, list[Planes]], tmp_path: Path) -> None:
    path, shown = pair
    with LincReader(str(path)) as reader:
        for frame, theirs in zip(reader, shown, strict=True):
            assert_equal(frame.planes, theirs)
    out = tmp_path / "out.y4m"
    decode(str(path), str(out), DecodeOptions())
    assert compare(str(out), str(path), ms_ssim=False).psnr_yuv == 100.0


def test_stills_and_sheets(pair: tuple[Path, list[Planes]], tmp_path: Path) -> None:
    path, _ = pair
    report = still(str(path), str(tmp_path / "a.png"), 0.2)
    assert (report.width, report.height) == (72, 40)
    sheet = contact_sheet(str(path), str(tmp_path / "b.png"), (2, 2), size=(36, 20))
    assert sheet.width == 2 * 36 + 4


def test_cut_and_concat(pair: tuple[Path, list[Planes]], tmp_path: Path) -> None:
    path, shown = pair
    cut(str(path), str(tmp_path / "cut.linc"), Span(start=0.4))
    concat([str(tmp_path / "cut.linc"), str(path)], str(tmp_path / "joined.linc"))
    assert verify(tmp_path / "joined.linc").exact == 5 + 14
    found, _ = rendered(tmp_path / "joined.linc")
    for ours, theirs in zip(found, shown[9:] + shown, strict=True):
        assert_equal(ours, theirs)


def test_info_names_the_kind(mixed: tuple[Path, list[Planes]]) -> None:
    found = describe(mixed[0])
    assert [s["kind"] for s in found["segment_list"]] == ["partitioned", "spectral", "partitioned"]
    assert found["kinds"] == {"partitioned": 2, "spectral": 1}


def test_pictures_at_once_have_a_limit(pair: tuple[Path, list[Planes]]) -> None:
    limits = Limits(pictures=72 * 40)
    with pytest.raises(LimitError, match=r"segment 0: .*--limit pictures="):
        describe(pair[0], limits)
    with pytest.raises(LimitError, match="pictures exceeds"):
        verify(pair[0], limits=limits)


def test_a_wrong_digest_is_found(tmp_path: Path) -> None:
    code, _ = pictures_code(1, 0, 9, INFO)
    pictures = code.pictures
    assert isinstance(pictures, Pictures)
    wrong = replace(pictures, digest=bytes(16))
    broken = replace(code, tensors={**code.tensors, (Role.PICTURES, 0): wrong})
    path = write(tmp_path / "wrong.linc", INFO, [broken])
    verify(path, structure_only=True)
    with pytest.raises(VerifyError, match="segment 0: decoded pictures have digest"):
        verify(path)


def damaged(pair: tuple[Path, list[Planes]], change: Callable[[bytearray], None]) -> bytes:
    """The pair with the frames of its first segment changed and all checksums right."""
    sections = forge.sections_of(pair[0].read_bytes())
    index = next(k for k, (kind, _) in enumerate(sections) if kind == registry.WGTS)
    payload = bytearray(sections[index][1])
    change(payload)
    sections[index] = (registry.WGTS, bytes(payload))
    return forge.file_of(sections)


def test_broken_frames_are_corrupt_and_recovered(
    pair: tuple[Path, list[Planes]], tmp_path: Path
) -> None:
    _, shown = pair

    def change(payload: bytearray) -> None:
        payload[16:] = bytes(len(payload) - 16)

    broken = tmp_path / "broken.linc"
    broken.write_bytes(damaged(pair, change))
    with pytest.raises(CorruptError, match="segment 0: "):
        rendered(broken)
    with broken.open("rb") as stream:
        file = DamagedFile(stream)
        renderer = Renderer(file)
        file.keep(renderer.check)
        found = list(renderer.frames(intact_shots(output_shots(0, 14, 1), file)))
    for planes in found[:9]:
        assert_equal(planes, shown[9])
    for ours, theirs in zip(found[9:], shown[9:], strict=True):
        assert_equal(ours, theirs)


def test_mutated_frames_give_errors_of_ours(
    pair: tuple[Path, list[Planes]], tmp_path: Path
) -> None:
    rng = np.random.default_rng(1)
    path = tmp_path / "mutated.linc"
    for _ in range(25):

        def change(payload: bytearray) -> None:
            payload[rng.integers(16, len(payload))] ^= 1 << int(rng.integers(8))

        path.write_bytes(damaged(pair, change))
        try:
            found, _ = rendered(path)
            assert len(found) == 14
        except LincError:
            pass


@pytest.mark.parametrize(
    "arguments",
    [
        ("decode", "{}", "--format", "null"),
        ("decode", "{}", "-o", "{}.y4m", "--crop", "16x8+4+2"),
        ("frame", "{}", "-o", "{}.png", "-y"),
        ("info", "{}"),
        ("verify", "{}", "--render"),
        ("cut", "{}", "-o", "{}.cut.linc", "--start", "0.4", "-y"),
    ],
    ids=lambda a: a[0],
)
def test_exact_pictures_need_no_torch(
    pair: tuple[Path, list[Planes]], arguments: tuple[str, ...]
) -> None:
    assert_runs_without_torch(pair[0], arguments)
