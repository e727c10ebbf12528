"""A .linc file as a sequence of pictures: by number, by time, in order, as latents."""

from __future__ import annotations

import io
import pickle
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import torch
from api.conftest import FRAMES, SEGMENT
from numpy.typing import NDArray
from PIL import Image

import lincodec as lc
from lincodec.cli.main import run
from lincodec.container import LincFile
from lincodec.decoder.reader import LincReader
from lincodec.limits import Limits
from lincodec.video.color import to_rgb
from lincodec.video.reader import FrameReader

ROOT = Path(__file__).resolve().parent.parent.parent
GOOD = sorted((ROOT / "format_spec" / "vectors" / "good").glob("*.linc"))


def linc(*arguments: object) -> None:
    """A command line that must succeed."""
    assert run([str(argument) for argument in arguments]) == 0


def decoded(path: Path, folder: Path, *more: object) -> list[NDArray[np.uint8]]:
    """What ``linc decode`` writes as YUV4MPEG2, in RGB, turned as the file says."""
    output = folder / "decoded.y4m"
    linc("decode", path, "-o", output, "-y", "--quiet", *more)
    with path.open("rb") as stream:
        rotation = LincFile(stream).info.rotation
    with FrameReader(str(output)) as reader:
        pictures = [np.rint(to_rgb(frame.planes, reader.info)) for frame in reader]
    return [np.rot90(picture.astype(np.uint8), rotation // 90) for picture in pictures]


def still(path: Path, folder: Path, seconds: float, *more: object) -> NDArray[np.uint8]:
    """What ``linc frame`` writes as PNG."""
    output = folder / "still.png"
    linc("frame", path, "-t", f"{seconds:.6f}", "-o", output, "-y", "--quiet", *more)
    return np.array(Image.open(output))


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The segments that are read from now on, in order."""
    seen: list[int] = []
    original = LincFile.read_segment

    def spy(self: LincFile, index: int) -> object:
        seen.append(index)
        return original(self, index)

    monkeypatch.setattr(LincFile, "read_segment", spy)
    return seen


# ---------------------------------------------------------------- what it is


def test_it_says_what_it_is(coded: Path) -> None:
    with lc.open(coded) as video:
        assert len(video) == FRAMES
        assert video.fps == pytest.approx(30000 / 1001)
        assert video.times == pytest.approx(np.arange(FRAMES) * 1001 / 30000)
        assert (video.width, video.height) == (176, 144)
        about = video.metadata
        assert (about.num_frames, about.num_segments, about.bit_depth) == (FRAMES, 4, 8)
        assert about.tags["preset"] == "instant"
        assert about.duration_seconds == pytest.approx(FRAMES * 1001 / 30000)
        assert video.segments[1] == range(SEGMENT, 2 * SEGMENT)
        assert repr(video) == "<Video 'clip.linc', 176x144, 24 frames, 29.97 fps>"
        with pytest.raises(ValueError, match="read-only"):
            video.times[0] = 1


def test_a_turned_one_is_upright(turned: Path, tmp_path: Path) -> None:
    with lc.open(turned) as video:
        assert (video.width, video.height) == (40, 64)
        assert video[0].shape == (64, 40, 3)
        assert video.metadata.rotation == 90
        for ours, theirs in zip(video, decoded(turned, tmp_path), strict=True):
            assert np.array_equal(ours, theirs)
        assert np.array_equal(video[3], still(turned, tmp_path, video.times[3]))
        small = video.frames_at([3], size=(20, 32)).data[0]
        assert np.array_equal(small, still(turned, tmp_path, video.times[3], "--res", "32x20"))
        assert video.times[3] == pytest.approx(0.129, abs=2e-3)


def test_more_bits_on_request(turned: Path) -> None:
    with lc.open(turned) as plain, lc.open(turned, dtype="uint16") as deep:
        assert deep[2].dtype == np.uint16
        assert np.abs(deep[2] / 257 - plain[2]).max() <= 0.5 + 1e-6
        assert len(np.unique(deep[2])) > len(np.unique(plain[2]))
    with lc.open(turned, dtype="float32") as real:
        assert real[2].dtype == np.float32
        assert np.abs(real[2] * 255 - plain_of(turned, 2)).max() <= 0.5 + 1e-4
        assert "base64" in real._repr_html_()


def plain_of(path: Path, frame: int) -> NDArray[np.uint8]:
    with lc.open(path) as video:
        return video[frame]


# ---------------------------------------------------------------- pictures by number


def test_frames_are_those_of_linc_decode(coded: Path, tmp_path: Path) -> None:
    expected = decoded(coded, tmp_path)
    with lc.open(str(coded), device="cpu") as video:
        for index in (12, 3, 23, 0, 12):
            picture = video[index]
            assert (picture.dtype, picture.shape) == (np.uint8, (144, 176, 3))
            assert np.array_equal(picture, expected[index])
        assert all(np.array_equal(a, b) for a, b in zip(video, expected, strict=True))


@pytest.mark.parametrize("path", GOOD, ids=lambda path: path.stem)
def test_frames_of_every_kind_of_file_in_any_order(path: Path) -> None:
    with LincReader(str(path)) as reader:
        info = reader.info
        rgb = [np.rint(to_rgb(frame.planes, info)) for frame in reader]
    with lc.open(path) as video:
        for index in np.random.default_rng(0).permutation(len(video)):
            turned = np.rot90(rgb[index], info.rotation // 90)
            assert np.array_equal(video[index], turned[:, ::-1] if info.mirrored else turned)
        assert (video.height, video.width) == video[0].shape[:2]


def test_slices_and_negative_numbers(coded: Path) -> None:
    with lc.open(coded) as video:
        whole = video[:]
        assert whole.shape == (FRAMES, 144, 176, 3)
        assert np.array_equal(video[-1], whole[-1])
        for part in (slice(10, 50, 5), slice(None, None, -7), slice(-3, None), slice(5, 5)):
            assert np.array_equal(video[part], whole[part])
        assert np.array_equal(video[np.int64(4)], whole[4])


@pytest.mark.parametrize("index", [FRAMES, -FRAMES - 1, 10**9])
def test_there_is_no_such_frame(coded: Path, index: int) -> None:
    with lc.open(coded) as video:
        with pytest.raises(IndexError, match=f"frame {index} of {FRAMES}"):
            video[index]
        with pytest.raises(IndexError):
            video.frames_at([0, index])
        with pytest.raises(TypeError):
            video["12"]  # type: ignore[call-overload]


def test_what_is_returned_may_be_changed(coded: Path) -> None:
    with lc.open(coded) as video:
        first = video[7]
        kept = first.copy()
        first[:] = 0
        assert np.array_equal(video[7], kept)


def test_frames_at(coded: Path) -> None:
    with lc.open(coded) as video:
        batch = video.frames_at([3, 20, -17, 3])
        assert batch.data.shape == (4, 144, 176, 3)
        assert batch.pts_seconds == pytest.approx(video.times[[3, 20, 7, 3]])
        assert batch.duration_seconds == pytest.approx([1001 / 30000] * 4)
        assert all(np.array_equal(batch.data[k], video[i]) for k, i in enumerate([3, 20, 7, 3]))
        assert [frame.pts_seconds for frame in batch] == pytest.approx(list(batch.pts_seconds))
        assert repr(batch[0]).startswith("Frame(data=uint8[144, 176, 3], pts_seconds=0.1001")
        assert len(video.frames_at([])) == 0


# ---------------------------------------------------------------- pictures by time


def test_frames_by_time(coded: Path) -> None:
    with lc.open(coded) as video:
        played = video.frames_played_at(video.times)
        assert np.array_equal(played.data, video[:])
        between = (video.times[4] + video.times[5]) / 2
        batch = video.frames_played_at([between, 0.0, -0.001])
        assert batch.pts_seconds == pytest.approx(video.times[[4, 0, 23]])
        assert np.array_equal(batch.data[0], video[4])
        small = video.frames_played_at([0.1, 0.5], size=(88, 72))
        assert small.data.shape == (2, 72, 88, 3)
        for seconds in (0.9, -0.9, float("nan")):
            with pytest.raises(lc.UsageError, match="no frame at"):
                video.frames_played_at([seconds])


@pytest.mark.parametrize("frame", [4, SEGMENT - 1])
def test_times_between_frames(coded: Path, tmp_path: Path, frame: int) -> None:
    with lc.open(coded) as video:
        seconds = round(float(0.7 * video.times[frame] + 0.3 * video.times[frame + 1]), 6)
        batch = video.frames_played_at([seconds], interpolate=True)
        assert batch.pts_seconds == pytest.approx([seconds])
        assert batch.duration_seconds == pytest.approx([0])
        assert np.array_equal(batch.data[0], still(coded, tmp_path, seconds, "--res", "176x144"))
        assert not np.array_equal(batch.data[0], video[frame])
        on = video.frames_played_at(video.times, interpolate=True)
        assert np.array_equal(on.data, video[:])


def test_uneven_times(turned: Path) -> None:
    with lc.open(turned) as video:
        middle = video.times[:-1] + 0.6 * np.diff(video.times)
        assert np.array_equal(video.frames_played_at(middle).data, video[:-1])
        durations = [frame.duration_seconds for frame in video.frames()]
        assert durations[:-1] == pytest.approx(list(np.diff(video.times)))


# ---------------------------------------------------------------- in order


def test_running_through(coded: Path, tmp_path: Path) -> None:
    expected = decoded(coded, tmp_path, "--fps-scale", 2, "--res", "88x72")
    with lc.open(coded) as video:
        frames = list(video.frames(fps_scale=2, size=(88, 72)))
        assert all(np.array_equal(a.data, b) for a, b in zip(frames, expected, strict=True))
        assert [frame.pts_seconds for frame in frames] == pytest.approx(
            [k * 1001 / 60000 for k in range(2 * FRAMES)]
        )
        part = list(video.frames(start=0.2, stop=0.5))
        assert part[0].pts_seconds == pytest.approx(video.times[6])
        assert part[-1].pts_seconds == pytest.approx(video.times[14])
        assert np.array_equal(part[0].data, video[6])
        with pytest.raises(lc.UsageError, match="no frame between"):
            video.frames(start=0.5, stop=0.5)
        for wrong in (0, -1, float("nan"), "1/0", 10**9):
            with pytest.raises(lc.UsageError, match=r"fps_scale .*expected a number above 0"):
                video.frames(fps_scale=wrong)
    few = pytest.raises(lc.UsageError, match="would have 120 frames; expected at most 100")
    with lc.open(coded, limits=Limits(frames=100)) as video, few:
        video.frames(fps_scale=5)


@pytest.mark.parametrize("scale", [2.5, "5/2", Fraction(5, 2)])
def test_rates_between(coded: Path, tmp_path: Path, scale: float | str | Fraction) -> None:
    expected = decoded(coded, tmp_path, "--fps-scale", 2.5, "--start", "0.2", "--end", "0.5")
    with lc.open(coded) as video:
        frames = list(video.frames(fps_scale=scale, start=0.2, stop=0.5))
        assert len(frames) == 23  # nine frames, of which the last ends at 22.5
        assert all(np.array_equal(a.data, b) for a, b in zip(frames, expected, strict=True))
        tick = 1001 / 30000 / 2.5
        begin = video.times[6]
        assert [f.pts_seconds for f in frames] == pytest.approx(
            [begin + k * tick for k in range(23)]
        )
        assert [f.duration_seconds for f in frames] == pytest.approx([tick] * 22 + [tick / 2])


def test_lower_rates_drop_frames(coded: Path) -> None:
    with lc.open(coded) as video:
        whole = video[:]
        for scale, shown in ((0.5, range(0, 24, 2)), ("1/3", range(0, 24, 3)), (0.05, [0, 20])):
            frames = list(video.frames(fps_scale=scale))
            assert [f.pts_seconds for f in frames] == pytest.approx(list(video.times[list(shown)]))
            assert all(np.array_equal(f.data, whole[n]) for f, n in zip(frames, shown, strict=True))
        (batch,) = video.batches(8, fps_scale=0.25)
        assert np.array_equal(batch.data, whole[::4][:8])


def test_batches(coded: Path) -> None:
    with lc.open(coded) as video:
        whole = video[:]
        batches = list(video.batches(10))
        assert [len(batch) for batch in batches] == [10, 10, 4]
        assert np.array_equal(np.concatenate([batch.data for batch in batches]), whole)
        (batch,) = video.batches(16, layout="NCHW", tensor="torch", stop=0.3)
        assert isinstance(batch.data, torch.Tensor)
        assert (batch.data.dtype, batch.data.shape) == (torch.uint8, (9, 3, 144, 176))
        assert batch.data.is_contiguous()
        assert np.array_equal(batch.data.permute(0, 2, 3, 1).numpy(), whole[:9])
        assert batch.pts_seconds.numpy() == pytest.approx(video.times[:9])
        for wrong in ({"layout": "HWC"}, {"tensor": "jax"}):
            with pytest.raises(lc.UsageError, match="expected one of"):
                video.batches(4, **wrong)  # type: ignore[call-overload]
        with pytest.raises(lc.UsageError, match="1 or more"):
            video.batches(0)


def test_sizes_that_cannot_be(coded: Path) -> None:
    with lc.open(coded) as video:
        with pytest.raises(lc.UsageError, match="expected"):
            video.frames_at([0], size=(0, 10))
        with pytest.raises(lc.LimitError):
            video.frames_at([0], size=(10**6, 10))


# ---------------------------------------------------------------- latents


def test_latents(coded: Path) -> None:
    with lc.open(coded) as video:
        rows = video.latents(segment=0)
        assert rows.dtype == np.float32
        assert rows.shape[0] == SEGMENT
        assert np.array_equal(video.latents(-1), video.latents(3))
        with pytest.raises(IndexError, match="segment 4 of 4"):
            video.latents(4)
        with pytest.raises(lc.UsageError, match="not aligned"):
            video.embeddings("conse")


# ---------------------------------------------------------------- what is read and kept


def test_only_what_is_needed_is_read(coded: Path, reads: list[int]) -> None:
    with lc.open(coded) as video:
        assert reads == []
        first = video[13]
        assert reads == [2]
        assert video[14].shape == first.shape
        assert np.array_equal(video[13], first)
        assert reads == [2]
        video.frames_at([14, 1, 12, 2, 17])
        assert reads == [2, 0]
        _ = video[-1], video[3], video[15]
        assert reads == [2, 0, 3]
        video.latents(1)
        assert reads == [2, 0, 3]


def test_a_small_cache_reads_again(coded: Path, reads: list[int]) -> None:
    with lc.open(coded, cache_bytes=1) as video:
        _ = video[0], video[1], video[6], video[7], video[0]
        assert reads == [0, 1, 0]


def test_close_and_copies(coded: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(coded.parent)
    video = lc.open(coded.name)
    data = pickle.dumps(video)
    assert len(data) < 1000
    picture = video[5]
    video.close()
    video.close()
    assert "closed" in repr(video)
    with pytest.raises(lc.UsageError, match="closed"):
        video[5]
    monkeypatch.chdir(tmp_path)
    for copy in (pickle.loads(data), pickle.loads(pickle.dumps(video))):
        with copy:
            assert np.array_equal(copy[5], picture)


def test_a_contact_sheet(coded: Path) -> None:
    with lc.open(coded) as video:
        text = video._repr_html_()
    assert "clip.linc" in text
    assert "176×144" in text
    import base64

    data = base64.b64decode(text.split("base64,")[1].split('"')[0])
    assert Image.open(io.BytesIO(data)).size == (4 * 164 - 4, 2 * 135 - 4)


# ---------------------------------------------------------------- what cannot be opened


def test_errors(coded: Path, tmp_path: Path) -> None:
    with pytest.raises(lc.InputError, match="cannot be opened"):
        lc.open(tmp_path / "none.linc")
    broken = tmp_path / "broken.linc"
    broken.write_bytes(coded.read_bytes()[:-100])
    with pytest.raises(lc.CorruptError):
        lc.open(broken)
    with pytest.raises(lc.UsageError, match="uint8, uint16, float32"):
        lc.open(coded, dtype="int8")  # type: ignore[arg-type]
    with pytest.raises(lc.LincError):
        lc.open(coded, device="abacus")
    with pytest.raises(lc.LimitError):
        lc.open(coded, limits=lc.Limits(side=100))


def test_exact_seconds_of_an_odd_rate() -> None:
    from lincodec.api.painter import moments
    from lincodec.types import Times

    times = Times(Fraction(1001, 24000), tuple(range(1000)), 1)
    seconds = [float(k * times.time_base) for k in range(1000)]
    assert [shot.frame for shot in moments(times, seconds, between=False)] == list(range(1000))
