"""Plots: the page in a real browser, projections, and pictures of results."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.engine import Linc, Result
from support.tiny_models import make_clip

from lincodec.cli.main import run
from lincodec.encoder.encode import encode
from lincodec.options import EncodeOptions, Span
from lincodec.plots.projection import project

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--disable-dev-shm-usage", "--virtual-time-budget=3000",
)  # fmt: skip
_PROBE = """
<script>
const errors = [];
addEventListener("error", (event) => errors.push(event.message));
addEventListener("load", () => {
  const dots = [...document.querySelectorAll("circle")];
  const seen = dots.map((dot) => {
    dot.scrollIntoView();
    dot.dispatchEvent(new MouseEvent("click", {bubbles: true}));
    const frame = document.getElementById("frame");
    const style = getComputedStyle(frame);
    return [document.getElementById("what").textContent, style.backgroundPosition,
      frame.getBoundingClientRect().width, style.backgroundImage.slice(0, 27)];
  });
  dots[3].dispatchEvent(new MouseEvent("mousemove", {clientX: 50, clientY: 50, bubbles: true}));
  const tip = document.getElementById("tip");
  const out = document.createElement("pre");
  out.id = "probe";
  out.textContent = JSON.stringify({errors, seen, tip: [tip.hidden, tip.textContent],
    chosen: document.querySelectorAll(".chosen").length, title: document.title});
  document.body.append(out);
});
</script>
"""


@pytest.fixture(scope="module")
def aligned(tmp_path_factory: pytest.TempPathFactory, clip: Callable[[str], Path]) -> Path:
    """An aligned file of 16 frames in two segments."""
    folder = tmp_path_factory.mktemp("plots")
    model = make_clip(folder / "tiny-clip")
    path = folder / "car <b>.linc"
    options = EncodeOptions(
        preset="instant", segment=8, span=Span(0, None, 16), audio=False, align=(str(model),)
    )
    encode(str(clip("carphone")), str(path), options)
    return path


@pytest.fixture
def linc(capsys: pytest.CaptureFixture[str]) -> Callable[..., Result]:
    def call(*arguments: object) -> Result:
        code = run([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return Result(code, captured.out, captured.err)

    return call


def in_browser(page: Path, folder: Path) -> tuple[dict[str, Any], str]:
    """What the probe saw after the page ran in a real browser, and the browser's own log."""
    browser = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if browser is None:
        pytest.skip("no Chromium on this machine")
    probed = folder / "probed.html"
    text = page.read_text(encoding="utf-8")
    probed.write_text(text.replace("<script type", _PROBE + "<script type", 1), encoding="utf-8")
    profile = f"--user-data-dir={folder / 'profile'}"
    command = [browser, *FLAGS, profile, "--enable-logging=stderr", "--dump-dom", probed.as_uri()]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    found = re.search(r'<pre id="probe">(.*?)</pre>', done.stdout, re.DOTALL)
    assert found, done.stderr[-2000:]
    unescaped = found[1].replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    result: dict[str, Any] = json.loads(unescaped)
    return result, done.stderr


def test_the_page_in_a_real_browser(
    aligned: Path, tmp_path: Path, linc: Callable[..., Result]
) -> None:
    """As many points as frames; a click shows that frame; nothing is loaded, nothing fails."""
    page = tmp_path / "plot.html"
    done = linc("plot", "latents", aligned, "-o", page, "--method", "pca", "--json").lines[-1]
    assert done["type"] == "plot-latents-done"
    assert (done["frames"], done["space"], done["method"]) == (16, "clip:tiny-clip", "pca")
    text = page.read_text(encoding="utf-8")
    assert not re.search(r'(?:src|href)="(?!data:)', text)
    assert "http" not in text.replace("http://www.w3.org/2000/svg", "")
    found, log = in_browser(page, tmp_path)
    assert found["errors"] == []
    assert "CONSOLE" not in log
    assert found["title"] == "linc: car <b>.linc"
    assert len(found["seen"]) == 16
    words = [seen[0] for seen in found["seen"]]
    assert words[0] == "frame 0, 0.00 s, segment 0"
    assert words[15] == "frame 15, 0.50 s, segment 1"
    assert len({seen[1] for seen in found["seen"]}) == 16  # every frame has a place on the sheet
    assert {(seen[2], seen[3]) for seen in found["seen"]} == {(350, 'url("data:image/jpeg;base64')}
    assert found["chosen"] == 1
    assert found["tip"] == [False, "frame 3, 0.10 s, segment 0"]


def test_latents_as_a_picture(aligned: Path, tmp_path: Path, linc: Callable[..., Result]) -> None:
    picture = tmp_path / "plot.png"
    assert linc("plot", "latents", aligned, "-o", picture).code == 0
    assert picture.read_bytes().startswith(b"\x89PNG")
    again = linc("plot", "latents", aligned, "-o", picture)
    assert again.code == 2
    for arguments, message in (
        (("-o", tmp_path / "plot.gif"), "expected a name that ends in .html or .png"),
        (("-o", tmp_path / "x.png", "--space", "latents"), "share no map; run linc align first"),
        (("-o", tmp_path / "x.png", "--space", "nothing"), "expected one of latents, clip"),
    ):
        result = linc("plot", "latents", aligned, *arguments)
        assert result.code == 2
        assert message in result.err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["plot.png"]


def test_rate_and_distortion(root: Path, tmp_path: Path, linc: Callable[..., Result]) -> None:
    results = root / "benchmarks" / "results" / "carphone_176x144_120_frames.json"
    for name in ("rd.png", "rd.svg"):
        done = linc("plot", "rd", results, "-o", tmp_path / name, "--figure", "psnr_yuv")
        assert done.code == 0, done.err
    svg = (tmp_path / "rd.svg").read_text(encoding="utf-8")
    assert svg.count("<path") > 20
    (tmp_path / "other.json").write_text('{"points": [{"bpp": 1}]}')
    for source, code, message in (
        (tmp_path / "other.json", 2, "expected what benchmarks/codec/rd.py writes"),
        (tmp_path / "rd.png", 3, "cannot be read as JSON"),
    ):
        result = linc("plot", "rd", source, "-o", tmp_path / "out.png")
        assert (result.code, result.err.count("\n")) == (code, 1)
        assert message in result.err


def test_projections_keep_what_is_there() -> None:
    line = np.linspace(0, 1, 30)[:, None] * np.arange(1, 9)[None].astype(np.float32)
    found = project(line.astype(np.float32), "pca")
    assert "100 % of the variance" in found.about
    steps = np.diff(found.points[:, 0])
    assert (steps > 0).all() or (steps < 0).all()
    assert np.abs(found.points[:, 1]).max() < 1e-4
    single = project(np.ones((1, 4), np.float32))
    assert single.points.tolist() == [[0, 0]]


@pytest.mark.parametrize(
    "change",
    [
        {"codec": 3}, {"codec": ["x"]}, {"bpp": "much"}, {"bpp": float("nan")}, {"quality": None},
        {"quality": {"psnr_rgb": None}}, {"quality": {"psnr_rgb": float("inf")}},
    ],
)  # fmt: skip
def test_results_that_cannot_be_drawn(
    tmp_path: Path, linc: Linc, change: dict[str, object]
) -> None:
    point = {"codec": "x", "bpp": 0.1, "quality": {"psnr_rgb": 30.0}, **change}
    clip = {"name": "a", "width": 1, "height": 1, "frames": 1}
    path = tmp_path / "rd.json"
    path.write_text(json.dumps({"points": [point], "clip": clip}))
    result = linc("plot", "rd", path, "-o", tmp_path / "o.png")
    assert result.code == 2
    assert result.err.count("\n") == 1


def test_names_in_plots_are_no_formulas(tmp_path: Path, linc: Linc) -> None:
    point = {"codec": r"$\frac{", "bpp": 0.1, "quality": {"psnr_rgb": 30.0}}
    clip = {"name": r"$\frac{.mp4", "width": 1, "height": 1, "frames": 1}
    path = tmp_path / "rd.json"
    path.write_text(json.dumps({"points": [point], "clip": clip}))
    assert linc("plot", "rd", path, "-o", tmp_path / "o.png").code == 0
    wrong = linc("plot", "rd", path, "-o", tmp_path / "p.png", "--figure", "ms_ssim")
    assert wrong.code == 2
    assert "no point has ms_ssim" in wrong.err
