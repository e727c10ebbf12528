"""A network beside partitioned pictures: it is kept where it pays, and what is kept is right."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from lincodec.bitstream.segment import SegmentCode, pack_segment
from lincodec.cli.main import run
from lincodec.container import LincArch
from lincodec.decoder.info import info
from lincodec.decoder.verify import verify
from lincodec.encoder.budget import STEPS_A_SECOND, Budget
from lincodec.encoder.linc import engine as engines
from lincodec.encoder.linc import enhancement
from lincodec.encoder.linc.partitioned_fit import PartitionedFit
from lincodec.encoder.presets import Preset
from lincodec.encoder.segments import Range
from lincodec.options import Span
from lincodec.tools.compare import compare
from lincodec.types import Planes, VideoInfo
from lincodec.video.reader import FrameReader

ARCH = LincArch(4, 2, 24, 1, 2, 8, 4, 4)
FRAMES = 9
#: of the descent, however quick the machine
STEPS = 300


@pytest.fixture(scope="module")
def coded(clip: Callable[[str], Path]) -> tuple[SegmentCode, list[Planes], VideoInfo]:
    """A partitioned segment of a real clip, coarse, and its source."""
    with FrameReader(str(clip("carphone")), span=Span(frames=FRAMES)) as reader:
        frames, found = [frame.planes for frame in reader], reader.info
    fit = PartitionedFit(frames, found, "fast", 1)
    return fit.run(Range(0, FRAMES, False), 60.0, Budget()), frames, found


def size(code: SegmentCode) -> int:
    header, weights, latents = pack_segment(code)
    return len(header.pack()) + len(weights) + len(latents)


def test_it_is_left_out_where_its_bytes_are_worth_more(
    coded: tuple[SegmentCode, list[Planes], VideoInfo],
) -> None:
    """A few hundred bytes of pictures do not pay for a network as large."""
    code, frames, found = coded
    assert enhancement.enhanced(code, frames, found, ARCH, Budget(seconds=1.5)) is code


def test_without_time_nothing_is_begun(
    coded: tuple[SegmentCode, list[Planes], VideoInfo], monkeypatch: pytest.MonkeyPatch
) -> None:
    code, frames, found = coded
    monkeypatch.setattr(enhancement, "Descent", None)
    assert enhancement.enhanced(code, frames, found, ARCH, Budget()) is code


def test_gain_and_bytes_decide(coded: tuple[SegmentCode, list[Planes], VideoInfo]) -> None:
    """A dB is worth a factor e^(1/3.5) of bytes: as much as a step that gains it would cost."""
    code, frames, found = coded
    finer = PartitionedFit(frames, found, "fast", 1).run(Range(0, FRAMES, False), 50.0, Budget())
    assert 1 < size(finer) / size(code) < 1.3
    assert enhancement._pays(code, finer, 1.0)
    assert not enhancement._pays(code, finer, 0.0)
    assert enhancement._pays(finer, code, -0.01)


def test_from_source_to_screen(
    clip: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Kept whatever it costs: what it shows is nearer to the source, and the file says all."""

    def short(preset: Preset) -> Preset:
        return engines.replace(
            preset, fit_floor=STEPS / STEPS_A_SECOND, network_layers=1, network_channels=8
        )

    monkeypatch.setattr(engines, "_networked", short)
    monkeypatch.setattr(enhancement, "_pays", lambda *_: True)
    source, path = clip("carphone"), tmp_path / "out.linc"
    done = run(
        ["encode", str(source), "-o", str(path), "--preset", "fast", "--kind", "partitioned",
         "--enhance", "--quality", "40", "--frames", "12"]
    )  # fmt: skip
    assert done == 0
    found = info(path)
    assert found["enhanced"] == found["segments"] == 1
    assert verify(path, render=True).rms is not None
    decoded = {}
    for name in ("enhance", "no-enhance"):
        shown = tmp_path / f"{name}.y4m"
        assert run(["decode", str(path), "-o", str(shown), f"--{name}"]) == 0
        decoded[name] = compare(str(source), str(shown), ms_ssim=False).psnr_rgb
    assert decoded["enhance"] > decoded["no-enhance"] + 0.01
    assert found["psnr"] == pytest.approx(decoded["enhance"], abs=0.02)


def test_not_with_a_size(clip: Callable[[str], Path], tmp_path: Path) -> None:
    out = tmp_path / "out.linc"
    command = ["encode", str(clip("carphone")), "-o", str(out), "--enhance", "--size", "20kB"]
    assert run(command) == 2
    assert not out.exists()
