"""The paper's presets from a video to a file and back, on every backend that runs here."""

from __future__ import annotations

import io
import math
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch
from torch import Tensor

from lincodec.container import LatentInrArch, LincFile
from lincodec.decoder.decode import decode
from lincodec.decoder.load import read_inr
from lincodec.decoder.render import Renderer
from lincodec.decoder.shots import output_shots
from lincodec.decoder.verify import verify
from lincodec.encoder.budget import Budget
from lincodec.encoder.encode import encode
from lincodec.encoder.engine import SegmentPlan, SegmentTask, Setting
from lincodec.encoder.latent_inr.engine import LatentInrEngine
from lincodec.encoder.latent_inr.fit import InrFit
from lincodec.encoder.latent_inr.pull import alignment_loss
from lincodec.encoder.latent_inr.settings import InrSettings
from lincodec.encoder.latent_inr.tensors import architecture, coded
from lincodec.encoder.presets import PRESETS
from lincodec.encoder.segments import Range
from lincodec.errors import CorruptError, LincError, ResourceError, TargetError, UsageError
from lincodec.model.latent_inr.network import Inr, tensor_sizes
from lincodec.options import DecodeOptions, EncodeOptions, EncodeReport, Progress, Span, StopRequest
from lincodec.registry import Mode, Role
from lincodec.semantics.pull import Pull
from lincodec.tools.compare import compare
from lincodec.types import Frame, Planes, VideoInfo
from lincodec.video.reader import FrameReader

pytestmark = pytest.mark.usefixtures("one_thread")

SPEC = Path(__file__).resolve().parents[3] / "format_spec"
FRAMES = 5
#: Small enough for a test: patches of 8 on 176 x 144 and a narrow network.
MODEL = {
    "hidden": "32", "latent": "16", "rank": "4", "hyper_hidden": "16", "patch": "8",
    "log2_entries": "9", "levels": "6", "lr": "0.003", "steps": "100",
}  # fmt: skip
OPTIONS = EncodeOptions(preset="paper-s", model=MODEL, span=Span(frames=FRAMES))


@pytest.fixture(scope="module")
def source(clip: Callable[[str], Path]) -> str:
    return str(clip("carphone"))


@pytest.fixture(scope="module")
def made(source: str, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, EncodeReport]:
    path = tmp_path_factory.mktemp("inr") / "x.linc"
    return path, encode(source, str(path), OPTIONS)


@pytest.fixture(scope="module")
def frames(source: str) -> tuple[list[Planes], VideoInfo]:
    with FrameReader(source, span=Span(frames=FRAMES)) as reader:
        return [frame.planes for frame in reader], replace(reader.info, n_frames=FRAMES)


def open_linc(path: Path) -> LincFile:
    return LincFile(io.BytesIO(path.read_bytes()), name=str(path))


def rendered(
    path: Path, backend: str, size: tuple[int, int] | None = None, scale: int = 1
) -> list[np.ndarray]:
    linc = open_linc(path)
    renderer = Renderer(linc, size, backend=backend)
    try:
        shots = output_shots(0, linc.n_frames, scale)
        return [planes[0].astype(np.int64) for planes in renderer.frames(shots)]
    finally:
        renderer.close()


def test_the_report_is_what_a_decode_shows(
    made: tuple[Path, EncodeReport], source: str, tmp_path: Path
) -> None:
    path, report = made
    assert report.psnr > 17.5
    assert not report.stopped
    decode(str(path), str(tmp_path / "x.mkv"), DecodeOptions(codec="ffv1"))
    found = compare(source, str(tmp_path / "x.mkv"), Span(frames=FRAMES), ms_ssim=False)
    assert found.psnr_rgb == pytest.approx(report.psnr, abs=0.02)
    assert verify(path, render=True).rendered == FRAMES


def test_file_bytes_by_hand(made: tuple[Path, EncodeReport]) -> None:
    """Raw tensors take 4 bytes an element; 8-bit ones what their histogram says, and a table."""
    path, report = made
    linc = open_linc(path)
    header, data = linc.read_segment_header(0), linc.read_segment(0)
    assert isinstance(linc.arch, LatentInrArch)
    sizes = {**tensor_sizes(linc.arch), (Role.LATENT, 0): (16, FRAMES)}
    assert {(t.role, t.layer): t.dims for t in header.tensors} == sizes
    from lincodec.bitstream.segment import MinMax, unpack_segment

    code = unpack_segment(data, linc.arch, linc.info.plane_sizes)
    for entry in header.tensors:
        count = math.prod(entry.dims)
        if entry.role not in (Role.HYPER_WEIGHT, Role.HYPER_BIAS):
            assert (entry.mode, entry.payload_length) == (Mode.RAW, 4 * count)
            continue
        tensor = code.tensors[entry.role, entry.layer]
        assert isinstance(tensor, MinMax)
        assert tensor.bits == 8
        occurrences = Counter(tensor.q.ravel().tolist()).values()
        entropy = -sum(n * math.log2(n / count) for n in occurrences) / 8
        table = 256 * 4
        assert entropy - 1 <= entry.payload_length <= entropy * 1.01 + table
    raw = sum(4 * math.prod(s) for (role, _), s in sizes.items() if "HYPER" not in role.name)
    coded_bytes = sum(t.payload_length for t in header.tensors if t.mode == Mode.MINMAX)
    assert report.bytes["weights"] + report.bytes["latents"] == raw + coded_bytes
    assert report.bytes["latents"] == 4 * 16 * FRAMES


@pytest.mark.parametrize("preset", ["paper-s", "paper-m", "paper-l"])
def test_bytes_of_the_papers_sizes(preset: str) -> None:
    """At full size: 8-bit hypernetworks take at most a byte a number, everything else four."""
    from lincodec.bitstream.segment import SegmentCode, pack_segment

    settings = PRESETS[preset].inr
    assert settings is not None
    arch = architecture(replace(settings, levels=2, log2_entries=6), (720, 1280))
    network = Inr.initial(arch, torch.Generator().manual_seed(0), 1.0)
    tensors = coded(network, torch.zeros(512, 3), settings.bits())
    header, weights, latents = pack_segment(SegmentCode(0, 3, False, tensors))
    hyper = {"paper-s": 6_670_464, "paper-m": 13_275_264, "paper-l": 26_484_864}[preset]
    base = (sum(level.entries for level in arch.levels)) * 2 + (4 * 512 + 4 * 512 * 512 + 512 * 3)
    base += 5 * 512 + 3
    assert header.params == hyper + base + 512 * 3
    assert len(latents) == 4 * 512 * 3
    assert 4 * base < len(weights) < 4 * base + hyper + 8_000
    assert len(weights) > 4 * base + 0.8 * hyper


def test_a_file_of_one_backend_decodes_with_another(made: tuple[Path, EncodeReport]) -> None:
    path, _ = made
    for scale, size in ((1, None), (2, None), (1, (300, 200)), (1, (90, 70))):
        for a, b in zip(
            rendered(path, "csr", size, scale), rendered(path, "torch", size, scale), strict=True
        ):
            assert np.abs(a - b).max() <= 1
            assert np.mean(a != b) < 0.01


@pytest.mark.parametrize("change", [{}, {"patch": "1"}, {"encoding": "fourier"}], ids=str)
def test_the_independent_reader_agrees(
    change: dict[str, str], source: str, tmp_path: Path, reader: ModuleType
) -> None:
    path = tmp_path / "x.linc"
    model = {**MODEL, "steps": "12", **change}
    encode(source, str(path), replace(OPTIONS, model=model, span=Span(frames=2)))
    theirs = reader.read(path.read_bytes())
    reader.decode_all(theirs)
    for size in ((144, 176), (60, 99)):
        shown = rendered(path, "auto", (size[1], size[0]))
        for index, luma in enumerate(shown):
            exact = reader.render(theirs, index, 1, size)
            expected = reader.codes(theirs, exact)[0]
            assert np.abs(luma - expected).max() <= 1
            assert np.mean(luma != expected) < 0.01


def test_the_same_steps_give_the_same_bytes(
    made: tuple[Path, EncodeReport], source: str, tmp_path: Path
) -> None:
    again = tmp_path / "again.linc"
    encode(source, str(again), OPTIONS)
    assert again.read_bytes() == made[0].read_bytes()


def test_segments_and_frame_rate(source: str, tmp_path: Path) -> None:
    path = tmp_path / "x.linc"
    options = replace(OPTIONS, segment=2, model={**MODEL, "steps": "5"})
    assert encode(source, str(path), options).segments == 3
    assert len(rendered(path, "auto", None, 3)) == 3 * FRAMES


def test_a_stop_and_a_time_limit_leave_valid_files(source: str, tmp_path: Path) -> None:
    model = {**MODEL, "steps": "0", "patch": "1"}
    path, stop = tmp_path / "stopped.linc", StopRequest()
    seen: list[Progress] = []

    def told(progress: Progress) -> None:
        seen.append(progress)
        if progress.stage == "fit":
            stop.set()

    options = replace(OPTIONS, model=model)
    report = encode(source, str(path), options, progress=told, stop=stop)
    assert report.stopped
    assert report.seconds < 30  # the preset asks for a minute and more
    assert verify(path).frames == FRAMES
    shares = [progress.fraction for progress in seen]
    assert shares == sorted(shares)
    limited = encode(source, str(tmp_path / "y.linc"), replace(options, max_time=2))
    assert limited.stopped
    assert limited.seconds < 20
    hurried = EncodeOptions(preset="paper-s", max_time=0, span=Span(frames=1))
    none = encode(source, str(tmp_path / "z.linc"), hurried)
    assert none.frames == 1
    assert any("minutes on this CPU" in warning for warning in none.warnings)


def test_a_psnr_target_ends_the_fit(source: str, tmp_path: Path) -> None:
    model = {**MODEL, "steps": "100000"}
    options = replace(OPTIONS, model=model, psnr=19.0, span=Span(frames=3))
    report = encode(source, str(tmp_path / "x.linc"), options)
    assert report.psnr >= 19
    quick = replace(options, psnr=60.0, model={**MODEL, "steps": "3"})
    with pytest.raises(TargetError, match="wanted 60"):
        encode(source, str(tmp_path / "y.linc"), quick)
    assert verify(tmp_path / "y.linc").frames == 3


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"size": 1000}, UsageError, "--size: the size of preset paper-s"),
        ({"quality": 30.0}, UsageError, "--quality"),
        ({"network": False}, UsageError, "--network"),
        ({"backend": "tcnn"}, ResourceError, "--backend tcnn: cannot run on cpu"),
        ({"device": "cuda:7"}, ResourceError, "--device cuda:7: this machine has"),
        ({"model": {"ranks": "2"}}, UsageError, "--model ranks: unknown; expected one of"),
        ({"model": {"rank": "x"}}, UsageError, "--model rank=x: expected a whole number"),
        ({"model": {"modulate": "6"}}, UsageError, "modulate=6: expected layers from 0 to 5"),
        ({"model": {"kernel": "2", "patch": "2"}}, UsageError, "kernel 2 with patch 2"),
        ({"model": {"layers": "40"}}, UsageError, "40 layers"),
        ({"model": {"hyper_bits": "17"}}, UsageError, "hyper_bits=17"),
        ({"model": {"encoding": "dct"}}, UsageError, "encoding=dct: expected hash or fourier"),
        ({"preset": "fast", "model": {"rank": "2"}}, UsageError, "preset fast has no settings"),
        ({"preset": "fast", "backend": "csr"}, UsageError, "has no hash grid"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_what_cannot_be_is_refused_before_anything_is_read(
    change: dict[str, object], error: type[LincError], message: str, tmp_path: Path
) -> None:
    options = replace(EncodeOptions(preset="paper-s"), **change)  # type: ignore[arg-type]
    with pytest.raises(error, match=message) as raised:
        encode("no such file", str(tmp_path / "x.linc"), options)
    assert "\n" not in str(raised.value)
    assert not list(tmp_path.iterdir())


def fit_of(
    frames: tuple[list[Planes], VideoInfo], **more: object
) -> tuple[InrFit, InrSettings, LatentInrArch]:
    planes, info = frames
    settings = InrSettings().replaced({**MODEL, "steps": "50"})
    arch = architecture(settings, (info.height, info.width))
    fit = InrFit(
        planes, info, arch, settings, device=torch.device("cpu"), backend="torch",
        **more,  # type: ignore[arg-type]
    )  # fmt: skip
    return fit, settings, arch


def test_a_latent_loss_pulls_the_latents(frames: tuple[list[Planes], VideoInfo]) -> None:
    """Eq. 6 in the fit: latents turn towards the features of their own frames."""
    features = torch.randn(FRAMES, 16, generator=torch.Generator().manual_seed(1))

    def loss(z: Tensor, chosen: Tensor) -> Tensor:
        return alignment_loss(z, features[chosen], 1.0)

    cosines = []
    for latent_loss in (None, loss):
        fit, _, _ = fit_of(frames, latent_loss=latent_loss)
        fit.run(Budget())
        latents = fit.latents.detach()
        cosines.append(torch.nn.functional.cosine_similarity(latents, features, dim=1).mean())
    assert cosines[1] > cosines[0] + 0.3


def test_the_engine_pulls_latents_to_embeddings(frames: tuple[list[Planes], VideoInfo]) -> None:
    """Eq. 6 with a part of the latent for each embedding model."""
    planes, info = frames
    pictures = [Frame(picture, index) for index, picture in enumerate(planes)]
    part = Range(0, FRAMES, False)
    options = replace(OPTIONS, model={**MODEL, "steps": "60", "lr": "0.02"}, device="cpu")
    engine = LatentInrEngine(Setting(options, PRESETS["paper-s"], info, FRAMES), pictures)
    assert engine.room == 16
    rng = np.random.default_rng(2)
    targets = [rng.normal(size=(FRAMES, 6)).astype(np.float32) for _ in range(2)]
    pulls = (Pull(0, targets[0], 1.0), Pull(10, targets[1], 1.0))
    fitted = engine.fit(SegmentTask(SegmentPlan(part), pictures, Budget(), 1.0, None, pulls))
    assert not fitted.cut_short
    latents = fitted.code.values(Role.LATENT).T
    for first, wanted in zip((0, 10), targets, strict=True):
        found = latents[:, first : first + 6]
        norms = np.linalg.norm(found, axis=1) * np.linalg.norm(wanted, axis=1)
        assert ((found * wanted).sum(1) / norms).mean() > 0.5


def test_the_fit_takes_fewer_positions_when_memory_runs_out(
    frames: tuple[list[Planes], VideoInfo], monkeypatch: pytest.MonkeyPatch
) -> None:
    fit, _, _ = fit_of(frames)
    real, limit = fit.step, 200
    before = fit.positions

    def step(share: float) -> float:
        if fit.positions > limit:
            raise torch.OutOfMemoryError("injected")
        return real(share)

    monkeypatch.setattr(fit, "step", step)
    fit.run(Budget())
    assert fit.positions <= limit < before
    limit = 0
    with pytest.raises(ResourceError, match="out of memory with"):
        fit._guarded_step(0.5)


def test_a_missing_tensor_is_named(frames: tuple[list[Planes], VideoInfo]) -> None:
    fit, _, arch = fit_of(frames)
    code = fit.code(Range(0, FRAMES, False))
    network, latents = read_inr(code, arch)
    assert latents.shape == (16, FRAMES)
    assert torch.equal(network.tensors[Role.BASE_WEIGHT, 1], fit.network.tensors[17, 1].detach())
    tensors = dict(code.tensors)
    del tensors[Role.BASE_BIAS, 2]
    with pytest.raises(CorruptError, match="no base_bias 2"):
        read_inr(replace(code, tensors=tensors), arch)
    with pytest.raises(CorruptError, match="latent 0 has sizes"):
        read_inr(replace(code, n_frames=FRAMES + 1), arch)
