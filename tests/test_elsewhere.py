"""Encoding and decoding on another device, with values, on machines that have only a CPU."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor, Future
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from support.elsewhere import META, Far, elsewhere

from lincodec.bitstream.segment import SegmentCode, code_bits, pack_segment
from lincodec.container import LincArch, LincFile, SegmentData
from lincodec.decoder.render import Renderer
from lincodec.decoder.shots import output_shots
from lincodec.encoder.budget import Budget
from lincodec.encoder.engine import Engine, SegmentTask, Setting
from lincodec.encoder.engines import engine_class
from lincodec.encoder.linc.mode_decision import score
from lincodec.encoder.linc.network_fit import Descent
from lincodec.encoder.linc.network_tensors import network_tensors
from lincodec.encoder.linc.segment_fit import SegmentFit
from lincodec.encoder.measure import Shown, Tally, prove
from lincodec.encoder.preset_choice import resolve
from lincodec.encoder.rate_control import usual_step
from lincodec.encoder.segments import Range
from lincodec.errors import ResourceError
from lincodec.model.network import network_shape
from lincodec.options import EncodeOptions, Span
from lincodec.types import Frame, VideoInfo
from lincodec.video.reader import FrameReader

pytestmark = pytest.mark.usefixtures("one_thread")

VECTORS = Path(__file__).resolve().parents[1] / "format_spec" / "vectors" / "good"
SIZE = (48, 64)
Small = tuple[list[Frame], VideoInfo]


@pytest.fixture(scope="module")
def small(clip: Callable[[str], Path]) -> Small:
    """Five frames of the middle of carphone."""
    with FrameReader(str(clip("carphone")), span=Span(frames=5)) as reader:
        frames = [replace(frame, planes=_middle(frame)) for frame in reader]
        return frames, replace(reader.info, height=SIZE[0], width=SIZE[1])


def _middle(frame: Frame) -> tuple[np.ndarray, ...]:
    luma, *chroma = frame.planes
    rows, columns = SIZE
    parts = (c[20 : 20 + rows // 2, 20 : 20 + columns // 2] for c in chroma)
    return luma[40 : 40 + rows, 40 : 40 + columns], *parts


def test_devices_that_are_mixed_are_refused() -> None:
    with elsewhere() as waits:
        there, here = torch.ones(2, 2).to(META), torch.ones(2, 2)
        assert isinstance(there @ there[[1, 0]], Far)
        assert waits.total() == 0
        with pytest.raises(AssertionError, match=r"aten\.mm"):
            there @ here
        with pytest.raises(AssertionError, match=r"aten\.index"):
            there[torch.tensor([1, 0])]
        with pytest.raises(AssertionError, match=r"aten\.copy_"):
            there[0] = torch.ones(2)
        with pytest.raises(RuntimeError, match="numpy"):
            there.numpy()
        assert (there + 1).cpu().numpy().tolist() == [[2, 2], [2, 2]]
        assert float(there.sum()) == 4
        assert waits == {"copy": 1, "number": 1}


@pytest.mark.parametrize("preset", ["instant", "medium"])
def test_a_device_that_is_not_there_is_refused(preset: str) -> None:
    chosen = resolve(preset)
    with pytest.raises(ResourceError, match="--device cuda:63: this machine has"):
        engine_class(chosen).check(chosen, EncodeOptions(preset=preset, device="cuda:63"))


def fitted(small: Small, options: EncodeOptions) -> tuple[Engine, list[tuple[Range, SegmentCode]]]:
    """A clip in the segments that an engine chooses."""
    frames, info = small
    preset, part = resolve(options.preset), Range(0, len(frames), False)
    engine = engine_class(preset)(Setting(options, preset, info, len(frames)), frames)
    step = usual_step(options, preset)
    tasks = [
        SegmentTask(found, frames[found.part.first :][: found.part.count], Budget(), step)
        for found in engine.cut(part, frames)
    ]
    return engine, [(task.part, engine.fit(task).code) for task in tasks]


def measured(small: Small, engine: Engine, found: list[tuple[Range, SegmentCode]]) -> list[float]:
    """PSNR of every segment, rendered where the engine says."""
    frames, info = small
    tally = Tally()
    for index, (part, code) in enumerate(found):
        data = SegmentData(index, *pack_segment(code))
        read, digest = prove(data, code, engine.arch, info)
        shown = Shown(info)
        shown.measure(read, frames[part.first :][: part.count], engine.arch, engine.rendering)
        tally.add(shown.figures(digest))
    return tally.segments


@pytest.mark.parametrize(
    "options",
    [
        EncodeOptions(preset="instant"),
        EncodeOptions(preset="fast", quality=24, trials=False),
        pytest.param(EncodeOptions(preset="fast", quality=24), marks=pytest.mark.slow),
    ],
    ids=lambda o: f"{o.preset}-{o.trials}",
)
def test_an_encode_keeps_to_its_device(small: Small, options: EncodeOptions) -> None:
    engine, here = fitted(small, options)
    with elsewhere():
        there_engine, there = fitted(small, replace(options, device="meta"))
        psnrs = measured(small, there_engine, there)
    assert there_engine.arch == engine.arch
    assert [part for part, _ in there] == [part for part, _ in here]
    assert psnrs == pytest.approx(measured(small, engine, here), abs=0.02)
    bits = [sum(code_bits(code) for _, code in found) for found in (here, there)]
    assert bits[1] == pytest.approx(bits[0], rel=0.01)


@pytest.mark.gpu
@pytest.mark.parametrize("preset", ["instant", "fast", "medium"])
def test_an_encode_on_a_cuda_device(small: Small, preset: str) -> None:
    found = []
    for device in ("cpu", "cuda"):
        options = EncodeOptions(preset=preset, kind="spectral", quality=24, device=device)
        engine, codes = fitted(small, options)
        bits = sum(code_bits(code) for _, code in codes)
        found.append(score(bits, sum(measured(small, engine, codes)) / len(codes)))
    assert found[1] == pytest.approx(found[0], abs=0.03)


def test_the_closed_form_waits_a_few_times_only(small: Small) -> None:
    with elsewhere() as waits:
        fitted(small, EncodeOptions(preset="instant", kind="spectral", device="meta"))
    assert set(waits) == {"copy"}
    assert waits["copy"] <= 4  # products of frames, and weights for the entropy coder


def test_ten_bits(small: Small) -> None:
    frames, info = small
    wide = [replace(f, planes=tuple(p.astype(np.uint16) << 2 for p in f.planes)) for f in frames]
    options = EncodeOptions(preset="instant", kind="spectral", device="meta")
    with elsewhere():
        engine, found = fitted((wide, replace(info, bit_depth=10)), options)
        psnrs = measured((wide, replace(info, bit_depth=10)), engine, found)
        engine, found = fitted(small, options)
        assert psnrs == pytest.approx(measured(small, engine, found), abs=0.3)


def test_the_network_is_fitted_on_the_device(small: Small) -> None:
    """Until after its lattices are fixed, with the joint step of the spectral weights."""
    frames, info = small
    arch = LincArch(4, 2, len(frames), net_layers=2, net_stride=2, net_channels=8, net_latents=4,
                    net_hidden=4)  # fmt: skip
    planes = [frame.planes for frame in frames]

    def fit(device: torch.device) -> tuple[float, dict[object, list[int]]]:
        segment = SegmentFit(planes, info, arch, device=device)
        coded = segment.quantise(20.0)
        latents, spectral = segment.render(coded)
        descent = Descent(network_shape(arch, info), 0, device)
        descent.load(segment.channels, spectral, latents)
        shares = iter([0.1, 0.5, 0.7, 0.9, 1.0])
        descent.run(lambda: (share := next(shares), share == 1))
        targets = descent.spectral_targets(segment.channels, spectral, latents)
        network, exponents = descent.result()
        coded = segment.quantise(20.0, targets=targets)
        tensors = network_tensors(network, exponents)
        psnr = segment.quality(coded, network)
        return psnr, {key: tensor.exponents.tolist() for key, tensor in tensors.items()}

    here = fit(torch.device("cpu"))
    with elsewhere():
        there = fit(META)
    assert there[0] == pytest.approx(here[0], abs=0.02)
    assert there[1] == here[1]


class AtOnce(Executor):
    """Runs in the caller's thread, which alone has the device."""

    def submit(self, job: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        """The result, made."""
        done: Future[Any] = Future()
        done.set_result(job(*args, **kwargs))
        return done


@pytest.mark.parametrize("scale", [1, 2])
@pytest.mark.parametrize(
    "name",
    ["motion", "motion-cut", "network-4", "rotated", "odd-size", "inr-hash", "inr-patch"],
)
def test_a_decode_keeps_to_its_device(name: str, scale: int) -> None:
    """Native and twice as large, with frames in between."""
    shown = []
    for device in ("cpu", "meta"):
        with elsewhere(), (VECTORS / f"good-{name}.linc").open("rb") as stream:
            linc = LincFile(stream)
            size = (scale * linc.info.width, scale * linc.info.height)
            renderer = Renderer(linc, size, device=device)
            painter = renderer._painter
            painter._pool = painter._ahead = AtOnce()  # type: ignore[assignment]
            shots = output_shots(0, min(linc.n_frames, 20), scale)
            shown.append(list(renderer.frames(shots)))
    assert len(shown[0]) == len(shown[1]) == len(shots)
    for here, there in zip(*shown, strict=True):
        for a, b in zip(here, there, strict=True):
            assert np.abs(a.astype(int) - b).max() <= 1
