"""Fitting: the closed form, the network's descent, and encodes that keep their promises."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from lincodec.bitstream.segment import SegmentCode, code_bits, pack_segment, unpack_segment
from lincodec.container import LincArch, LincFile, SegmentData
from lincodec.decoder.decode import decode
from lincodec.decoder.load import read_network, segment_model
from lincodec.decoder.verify import verify
from lincodec.encoder.aim import Aim, Figure
from lincodec.encoder.budget import Budget
from lincodec.encoder.encode import encode
from lincodec.encoder.linc.engine import wished
from lincodec.encoder.linc.joint_fit import JointFit
from lincodec.encoder.linc.network_fit import Descent
from lincodec.encoder.linc.network_tensors import network_tensors
from lincodec.encoder.linc.segment_fit import SegmentFit
from lincodec.encoder.presets import PRESETS
from lincodec.encoder.segments import Range
from lincodec.errors import CorruptError, TargetError, UsageError
from lincodec.model.network import network_shape
from lincodec.model.output import quantise, to_frames
from lincodec.options import DecodeOptions, EncodeOptions, EncodeReport, Progress, Span, StopRequest
from lincodec.registry import Role
from lincodec.tools.compare import compare
from lincodec.types import Planes, VideoInfo
from lincodec.video import metrics
from lincodec.video.color import to_rgb
from lincodec.video.reader import FrameReader

pytestmark = pytest.mark.usefixtures("one_thread")

FRAMES = 12
PLAIN = LincArch(4, 2, FRAMES)
NETWORK = replace(PLAIN, net_layers=2, net_stride=2, net_channels=8, net_latents=8, net_hidden=8)
WHOLE = Range(0, FRAMES, False)


@pytest.fixture(scope="module")
def source(clip: Callable[[str], Path]) -> tuple[list[Planes], VideoInfo]:
    with FrameReader(str(clip("carphone")), span=Span(frames=FRAMES)) as reader:
        return [frame.planes for frame in reader], replace(reader.info, n_frames=FRAMES)


@pytest.fixture(scope="module")
def fit(source: tuple[list[Planes], VideoInfo]) -> SegmentFit:
    return SegmentFit(source[0], source[1], PLAIN)


def psnr_of(code: SegmentCode, arch: LincArch, source: tuple[list[Planes], VideoInfo]) -> float:
    """Mean RGB PSNR of what a decoder makes of a segment's bytes."""
    frames, info = source
    header, weights, latents = pack_segment(code)
    read = unpack_segment(SegmentData(0, header, weights, latents), arch, info.plane_sizes)
    model = segment_model(read, arch, info)
    with torch.inference_mode():
        shown = to_frames(quantise(model.native(model.latents), info.bit_depth))
    errors = [
        metrics.mse(to_rgb(a, info), to_rgb(b, info)) for a, b in zip(frames, shown, strict=True)
    ]
    return float(np.mean([metrics.psnr(error) for error in errors]))


def size_of(code: SegmentCode) -> int:
    return sum(map(len, pack_segment(code)[1:]))


def test_the_closed_form_alone(fit: SegmentFit, source: tuple[list[Planes], VideoInfo]) -> None:
    figures = []
    for step in (8.0, 20.0, 60.0):
        code = fit.run(WHOLE, step, Budget())
        figures.append((size_of(code), psnr_of(code, PLAIN, source)))
    sizes, quality = zip(*figures, strict=True)
    assert quality[0] > 40
    assert quality[1] > 34
    assert quality[2] > 28
    assert sizes[0] > 1.8 * sizes[1] > 3 * sizes[2]


def test_a_trial_says_what_the_fit_gives(
    fit: SegmentFit, source: tuple[list[Planes], VideoInfo]
) -> None:
    trial = fit.trial(30.0)
    code = fit.run(WHOLE, 30.0, Budget())
    header = pack_segment(code)[0]
    assert trial.bits == pytest.approx(8 * (size_of(code) + len(header.pack())), rel=0.03)
    assert trial.psnr == pytest.approx(psnr_of(code, PLAIN, source), abs=0.3)


@pytest.mark.parametrize(
    ("preset", "trials", "refined"),
    [("instant", False, False), ("fast", True, True), ("medium", True, True)],
)
def test_options_come_before_the_preset(preset: str, trials: bool, refined: bool) -> None:
    found = wished(PRESETS[preset], EncodeOptions(preset))
    assert (found.trials, found.refined) == (trials, refined)
    other = wished(PRESETS[preset], EncodeOptions(preset, trials=not trials, refined=not refined))
    assert (other.trials, other.refined) == (not trials, not refined)


def test_unused_components_are_not_written(fit: SegmentFit) -> None:
    few = fit.run(WHOLE, 400.0, Budget())
    many = fit.run(WHOLE, 8.0, Budget())
    kept = [code.spectral.channels[0].shape[0] for code in (few, many)]
    assert 1 <= kept[0] < kept[1] <= FRAMES
    for code, count in zip((few, many), kept, strict=True):
        assert code.values(Role.LATENT).shape == (count, FRAMES)


def test_a_fit_that_is_not_refined_is_near(
    fit: SegmentFit, source: tuple[list[Planes], VideoInfo]
) -> None:
    """Principal components as they are, rounded: more bytes at equal quality, not many."""
    plain = SegmentFit(*source, PLAIN, refined=False)
    scores = []
    for one in (fit, plain):
        code = one.run(WHOLE, 60.0, Budget())
        scores.append(np.log(size_of(code)) - psnr_of(code, PLAIN, source) / 3.5)
    assert 0 < scores[1] - scores[0] < 0.25
    weights = plain.quantise(60.0).spectral
    assert weights.channels[0].values.dtype == np.int32
    assert weights.channels[0].shape[0] <= FRAMES


def test_one_frame_alone(source: tuple[list[Planes], VideoInfo]) -> None:
    frames, info = source
    code = SegmentFit(frames[:1], info, PLAIN).run(Range(0, 1, False), 10.0, Budget())
    assert psnr_of(code, PLAIN, (frames[:1], info)) > 36


def rendered(fit: SegmentFit, step: float) -> tuple[Tensor, list[Tensor]]:
    return fit.render(fit.quantise(step))


def counted(steps: int) -> Callable[[], tuple[float, bool]]:
    """A clock that goes by calls and not by time."""
    calls = iter(range(steps + 1))

    def clock() -> tuple[float, bool]:
        now = next(calls)
        return now / steps, now >= steps

    return clock


def test_descent_lowers_the_loss(source: tuple[list[Planes], VideoInfo], fit: SegmentFit) -> None:
    """A decode that is too flat and too bright on a few small frames: soon mended."""
    wanted = [c[:4, : c.shape[1] // 3, : c.shape[2] // 3].contiguous() for c in fit.channels]
    spectral = [0.8 * c + 6 for c in wanted]
    latents = fit.basis[:, :4].T.float()
    before = sum(float((a - b).square().mean()) for a, b in zip(spectral, wanted, strict=True))
    losses = []
    for _ in range(2):
        descent = Descent(network_shape(NETWORK, source[1]), seed=3)
        descent.load(wanted, spectral, latents)
        descent.run(counted(60))
        assert descent.steps == 60
        with torch.no_grad():
            residual = descent.result()[0].residual(spectral, latents)
        left = [
            (s + r - w).square().mean() for s, r, w in zip(spectral, residual, wanted, strict=True)
        ]
        losses.append(float(sum(left)))
    assert losses[0] < 0.5 * before
    assert losses[0] == pytest.approx(losses[1], rel=1e-3)


def test_the_result_lies_on_its_lattice(
    source: tuple[list[Planes], VideoInfo], fit: SegmentFit
) -> None:
    """What the fit ends with is, bit for bit, what a decoder reads."""
    latents, spectral = rendered(fit, 60.0)
    descent = Descent(network_shape(NETWORK, source[1]), seed=3)
    descent.load(fit.channels, spectral, latents)
    descent.run(counted(12))
    network, exponents = descent.result()
    base = fit.run(WHOLE, 60.0, Budget())
    tensors = {**base.tensors, **network_tensors(network, exponents)}
    code = replace(base, tensors=tensors)
    header, weights, coded = pack_segment(code)
    read = unpack_segment(SegmentData(0, header, weights, coded), NETWORK, source[1].plane_sizes)
    found = read_network(read, NETWORK, source[1])
    assert found is not None
    for key, tensor in network.tensors.items():
        assert torch.equal(found.tensors[key], tensor.detach()), key
    missing = dict(tensors)
    del missing[Role.HEAD_BIAS, 0]
    with pytest.raises(CorruptError, match="head_bias"):
        read_network(replace(base, tensors=missing), NETWORK, source[1])
    assert read_network(base, NETWORK, source[1]) is None


def test_without_a_residual_the_targets_are_the_source(
    source: tuple[list[Planes], VideoInfo], fit: SegmentFit
) -> None:
    latents, spectral = rendered(fit, 60.0)
    descent = Descent(network_shape(NETWORK, source[1]), seed=3)
    targets = descent.spectral_targets(fit.channels, spectral, latents)
    for target, wanted in zip(targets, fit.channels, strict=True):
        torch.testing.assert_close(target, wanted, atol=1e-3, rtol=1e-5)
    descent.load(fit.channels, spectral, latents)
    descent.run(counted(6))
    moved = descent.spectral_targets(fit.channels, spectral, latents)
    assert float((moved[0] - fit.channels[0]).abs().max()) > 0.1


def test_a_network_counts_in_the_bits_of_a_segment(
    source: tuple[list[Planes], VideoInfo], monkeypatch: pytest.MonkeyPatch
) -> None:
    joint = JointFit(SegmentFit(source[0], source[1], NETWORK))
    monkeypatch.setattr(joint, "_pays", lambda *_: True)
    step = 4.0
    wanted = joint.closed.trial(step).bits
    code = joint.run(WHOLE, step, Budget(seconds=3.5), Aim(Figure.BITS, wanted))
    assert read_network(code, NETWORK, source[1]) is not None
    assert code_bits(code) == pytest.approx(wanted, rel=0.01)


def test_a_network_is_kept_only_when_it_pays(
    source: tuple[list[Planes], VideoInfo], fit: SegmentFit
) -> None:
    joint = JointFit(SegmentFit(source[0], source[1], NETWORK))
    reports: list[tuple[float, float | None]] = []
    budget = Budget(seconds=3.5, report=lambda share, db: reports.append((share, db)))
    code = joint.run(WHOLE, 8.0, budget)
    plain = fit.run(WHOLE, 8.0, Budget())
    found, base = psnr_of(code, NETWORK, source), psnr_of(plain, PLAIN, source)
    if read_network(code, NETWORK, source[1]) is None:
        assert (size_of(code), found) == (size_of(plain), base)
    else:
        assert found > base
    assert [share for share, _ in reports] == sorted(share for share, _ in reports)
    assert reports[-1][0] == pytest.approx(1.0, abs=0.1)


def carphone(clip: Callable[[str], Path], output: Path, options: EncodeOptions) -> EncodeReport:
    return encode(str(clip("carphone")), str(output), options)


def shown_psnr(clip: Callable[[str], Path], linc: Path, frames: int) -> float:
    """RGB PSNR of a lossless decode, by the tool that compares any two videos."""
    output = linc.with_suffix(".mkv")
    decode(str(linc), str(output), DecodeOptions(codec="ffv1"))
    found = compare(str(clip("carphone")), str(output), Span(frames=frames), ms_ssim=False)
    assert found.frames == frames
    return found.psnr_rgb


@pytest.mark.parametrize("quality", [20, 44])
def test_the_report_is_what_a_decode_shows(
    clip: Callable[[str], Path], tmp_path: Path, quality: int
) -> None:
    linc = tmp_path / "x.linc"
    options = EncodeOptions(preset="instant", quality=quality, segment=7, span=Span(frames=16))
    report = carphone(clip, linc, options)
    assert report.segments == 3
    assert report.bytes["total"] == linc.stat().st_size
    assert abs(shown_psnr(clip, linc, 16) - report.psnr) < 0.02


def test_with_a_network_too(
    clip: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(JointFit, "_pays", lambda *_: True)
    monkeypatch.setattr("lincodec.encoder.linc.joint_fit._LEAST_SECONDS", 0.1)
    quick = replace(PRESETS["medium"], fit_floor=1.5, fit_seconds=0.0)
    monkeypatch.setitem(PRESETS, "medium", quick)
    linc = tmp_path / "x.linc"
    options = EncodeOptions("medium", 18, kind="spectral", span=Span(frames=FRAMES))
    report = carphone(clip, linc, options)
    with linc.open("rb") as file:
        header = LincFile(file).read_segment_header(0)
    assert Role.HEAD_WEIGHT in {entry.role for entry in header.tensors}
    assert abs(shown_psnr(clip, linc, FRAMES) - report.psnr) < 0.02
    assert verify(linc, render=True).frames == FRAMES


def test_the_same_options_give_the_same_bytes(clip: Callable[[str], Path], tmp_path: Path) -> None:
    options = EncodeOptions(preset="instant", span=Span(frames=6))
    for name in ("a", "b"):
        carphone(clip, tmp_path / name, options)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_a_stop_finishes_with_a_valid_file(clip: Callable[[str], Path], tmp_path: Path) -> None:
    linc, stop = tmp_path / "x.linc", StopRequest()

    def told(progress: Progress) -> None:
        if progress.stage == "fit":
            stop.set()

    options = EncodeOptions(preset="medium", quality=18, segment=8, span=Span(frames=24))
    report = encode(str(clip("carphone")), str(linc), options, progress=told, stop=stop)
    assert report.stopped
    assert report.frames == 24
    # The preset asks for minutes.
    assert report.seconds < 45
    assert verify(linc).frames == 24
    assert report.psnr > 34


def test_a_stop_during_the_network(clip: Callable[[str], Path], tmp_path: Path) -> None:
    linc, stop, seen = tmp_path / "x.linc", StopRequest(), []

    def told(progress: Progress) -> None:
        seen.append(progress.fraction)
        if len(seen) == 9:
            stop.set()

    options = EncodeOptions("medium", 18, kind="spectral", span=Span(frames=FRAMES))
    report = encode(str(clip("carphone")), str(linc), options, progress=told, stop=stop)
    assert report.stopped
    assert report.seconds < 45
    assert len(seen) >= 9
    assert seen == sorted(seen)
    assert seen[-1] == 1.0
    assert abs(shown_psnr(clip, linc, FRAMES) - report.psnr) < 0.02


def test_a_time_limit_is_kept(clip: Callable[[str], Path], tmp_path: Path) -> None:
    linc = tmp_path / "x.linc"
    options = EncodeOptions(preset="medium", quality=18, max_time=5, span=Span(frames=FRAMES))
    report = carphone(clip, linc, options)
    assert report.seconds < 25
    assert verify(linc).frames == FRAMES
    with pytest.raises(UsageError, match=r"--max-time: .* at the quickest, expected 0\.0 s"):
        encode(str(clip("carphone")), str(linc), replace(options, max_time=0), overwrite=True)
    assert verify(linc).frames == FRAMES  # the file that was there


def test_targets_are_met(clip: Callable[[str], Path], tmp_path: Path) -> None:
    base = EncodeOptions(preset="instant", segment=6, span=Span(frames=12))
    by_size = carphone(clip, tmp_path / "s.linc", replace(base, size=9_000))
    assert by_size.bytes["total"] == pytest.approx(9_000, rel=0.03)
    by_rate = carphone(clip, tmp_path / "r.linc", replace(base, bpp=0.2))
    assert by_rate.bpp == pytest.approx(0.2, rel=0.03)
    by_quality = carphone(clip, tmp_path / "q.linc", replace(base, psnr=34.0))
    assert 34.0 <= by_quality.psnr < 34.3


def test_a_target_out_of_reach_keeps_the_file(clip: Callable[[str], Path], tmp_path: Path) -> None:
    linc = tmp_path / "x.linc"
    options = EncodeOptions(preset="instant", psnr=120, span=Span(frames=2))
    with pytest.raises(TargetError, match="wanted 120"):
        carphone(clip, linc, options)
    assert verify(linc).frames == 2


def test_options_that_contradict(clip: Callable[[str], Path], tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="only one"):
        carphone(clip, tmp_path / "x.linc", EncodeOptions(size=1000, bpp=0.1))
    copy = tmp_path / "copy.mp4"
    copy.write_bytes(clip("carphone").read_bytes())
    with pytest.raises(UsageError, match="source itself"):
        encode(str(copy), str(copy), EncodeOptions(), overwrite=True)
    assert [p.name for p in tmp_path.iterdir()] == ["copy.mp4"]


def test_what_is_not_verified_is_not_decoded(
    clip: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bytes are the same, and sound."""
    plain, trusted = tmp_path / "plain.linc", tmp_path / "trusted.linc"
    options = EncodeOptions(preset="instant", span=Span(frames=4))
    encode(str(clip("carphone")), str(plain), options)
    monkeypatch.setattr("lincodec.encoder.measure.unpack_segment", None)
    encode(str(clip("carphone")), str(trusted), replace(options, verify=False))
    assert plain.read_bytes() == trusted.read_bytes()
    assert verify(trusted).frames == 4
