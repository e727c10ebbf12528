"""The benchmarks measure what they say."""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest
import torch

from benchmarks.codec import (
    borders,
    closed_form,
    gpu_linc,
    plain_coder,
    plain_form,
    rd,
    scoreboard,
    scoreboard_report,
    speed,
    targets,
)
from benchmarks.common import anchors
from benchmarks.common.clips import HeldOut, every, small_clip
from benchmarks.paper import equal, gpu, grids, paper, tables
from benchmarks.paper import report as paper_report


@pytest.fixture(scope="module")
def clip() -> anchors.Clip:
    """A few frames of carphone."""
    return anchors.load_clip("carphone", 16)


def test_dips_and_losses_at_borders() -> None:
    """A border before frame 5 here and before frame 12 there."""
    here, there = np.full(16, 30.0), np.full(16, 30.0)
    here[4:6], there[11:13] = (28.5, 29.0), 29.0
    assert borders.dip(here, 5) == 1.25
    assert borders.dip(here, 9) == 0
    assert borders.losses(here, [5], there, [12]) == [1.5, 1.0]
    there[:2] = np.nan
    assert borders.losses(here, [1], there, [12]) == []
    assert borders.losses(here, [10], there, [12]) == []
    row = {"clip": "a", "quality": 38.0, "borders": 0}
    assert borders.borders_table([row]).endswith("| a | 38 | 0 |  |  |  |  |  |\n")


def test_frames_compared_with_themselves(clip: anchors.Clip) -> None:
    assert clip.samples == 176 * 144 * 16
    quality = anchors.measure(clip, clip.frames)
    assert quality == anchors.Quality(100.0, 100.0, 100.0, pytest.approx(1.0))
    with pytest.raises(ValueError, match="shorter"):
        anchors.measure(clip, clip.frames[:-1])


@pytest.mark.parametrize("name", anchors.ANCHORS)
def test_anchors_have_one_key_frame_and_b_frames(
    clip: anchors.Clip, tmp_path: Path, name: str
) -> None:
    path = str(tmp_path / "anchor.mp4")
    point = anchors.encode_anchor(clip, name, 40, path)
    with av.open(path) as container:
        packets = [packet for packet in container.demux(video=0) if packet.size]
        assert [packet.is_keyframe for packet in packets] == [True] + 15 * [False]
    with av.open(path) as container:
        kinds = {
            av.video.frame.PictureType(frame.pict_type).name for frame in container.decode(video=0)
        }
    assert name == "svtav1" or "B" in kinds  # AV1 frames that are not key frames all count as P
    assert 0.9 * sum(packet.size for packet in packets) - 800 < point.bytes
    assert point.bytes < Path(path).stat().st_size
    assert 20 < point.quality.psnr_rgb < 45


def test_an_anchor_is_found_at_a_number_of_bytes(clip: anchors.Clip, tmp_path: Path) -> None:
    path = str(tmp_path / "anchor.mp4")
    point = anchors.match_bytes(clip, "x264", 4000, path, say=lambda line: None)
    assert abs(point.bytes / 4000 - 1) <= 0.03
    assert anchors.stream_bytes(path) == point.bytes
    assert [file.name for file in tmp_path.iterdir()] == ["anchor.mp4"]


def test_bd_rates_are_per_cent_of_the_anchor() -> None:
    def point(codec: str, bpp: float, db: float) -> anchors.Point:
        return anchors.Point(codec, "", 0, bpp, anchors.Quality(db, db, db, None), 0.0, 0.0, 0.0)

    points = [
        point(codec, scale * 2.0**k, 30.0 + k)
        for codec, scale in (("x265", 1.0), ("linc", 0.8))
        for k in range(4)
    ]
    found = rd.bd_rates([*points, point("alone", 1.0, 30.0)])
    assert found["rgb"] == {"x265": {}, "linc": {"x265": -20.0}}


def on_a_line(codec: str, scale: float, seconds: float, offset: float = 0.0) -> list[anchors.Point]:
    """Four points, a decibel apart, every one at twice the rate of the one before."""
    return [
        anchors.Point(codec, f"{k}", 100, scale * 2.0**k, quality, seconds, seconds, 9.0)
        for k in range(4)
        for quality in [anchors.Quality(*3 * [30.0 + offset + k], None)]
    ]


def test_the_scoreboard_compares_at_equal_seconds(tmp_path: Path) -> None:
    points = [
        *on_a_line("x265", 1.0, 5),
        *on_a_line("x265 veryslow", 1.0, 50, 2),
        *on_a_line("x264", 1.0, 70),
        *on_a_line("linc instant", 2.0, 10),
        *on_a_line("linc medium", 1.0, 60),
    ]
    # instant needs twice the bytes and has the time of medium; medium has that of veryslow
    instant = scoreboard_report.equal_seconds(points, "linc instant", "x265")
    assert instant == (pytest.approx(-1), "x265")
    medium = scoreboard_report.equal_seconds(points, "linc medium", "x265")
    assert medium == (pytest.approx(-2), "x265 veryslow")
    assert scoreboard_report.equal_seconds(points, "linc medium", "x264") is None
    above = scoreboard_report.equal_seconds(points, "linc medium", "linc instant")
    assert above == (pytest.approx(1), "linc instant")
    scoreboard_report.write(tmp_path, {"carphone": points})
    page = (tmp_path / "scoreboard.md").read_text(encoding="utf-8")
    assert "| carphone | instant | +100 % | +100 % | - | - | - |" in page
    assert "| carphone | medium | - | -2.00 (veryslow) | - | +1.00 |" in page


def test_the_plain_closed_form_and_its_bars() -> None:
    def scaled(factor: float) -> dict[str, list[anchors.Point]]:
        return {
            clip: [
                anchors.Point("linc medium", "", 1, factor * bpp, quality, 9.0, 9.0, 9.0)
                for bpp, db in plain.curve
                for quality in [anchors.Quality(db, db, db, None)]
            ]
            for clip, plain in closed_form.PLAIN.items()
        }

    good, bad = scaled(0.7), scaled(0.9)
    assert closed_form.against_plain("bikes", good["bikes"]) == {"linc medium": -30.0}
    assert closed_form.verdicts(good)[-1].endswith("met |")
    assert closed_form.verdicts(good | {"bikes": bad["bikes"]})[-1].endswith("missed |")
    assert closed_form.verdicts({"bikes": good["bikes"]})[-1].endswith("incomplete |")


def test_the_plain_form_gives_its_published_figures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = anchors.clip_path("carphone")
    for step, (bpp, psnr) in zip((256, 64), closed_form.PLAIN["carphone"].curve[::2], strict=True):
        coded = plain_coder.code_file(path, plain_form.CUTS["carphone"], step)
        assert coded.bpp == pytest.approx(bpp, rel=0.01)
        assert coded.psnr == pytest.approx(psnr, abs=0.1)
    given = argparse.Namespace(frames=8, qualities=[32.0, 44.0])
    monkeypatch.setattr(plain_form, "TURNS", 1)
    row = plain_form.compared("carphone", given, tmp_path)
    assert row["bd_rate_percent"] < 0
    assert row["published"] is None
    page = plain_form.page({"carphone": row})
    assert "incomplete" in page
    plain_form.plot({"carphone": row}, tmp_path / "plain_form.png")


def test_the_scoreboard_goes_on_where_it_was(
    clip: anchors.Clip, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scoreboard, "load", lambda *_: clip)
    monkeypatch.setattr(scoreboard, "QUALITIES", (38.0, 44.0))
    given = argparse.Namespace(
        clips=["carphone"], codecs=["x264", "linc instant"], again=[], out=tmp_path
    )
    scoreboard.run(given)
    path = tmp_path / "scoreboard.json"
    first = scoreboard.read(path)["carphone"]
    assert [p.codec for p in first] == 5 * ["x264"] + 2 * ["linc instant"]
    assert first[-1].bytes < first[-2].bytes
    assert all(p.encode_cpu_s > 0 for p in first)
    monkeypatch.setattr(scoreboard, "point", lambda _, codec, setting, __: replace(
        first[-1], codec=codec, setting=setting, bytes=1
    ))  # fmt: skip
    scoreboard.run(given)
    assert scoreboard.read(path)["carphone"] == first
    given.again = ["linc instant"]
    scoreboard.run(given)
    assert [p.bytes for p in scoreboard.read(path)["carphone"][5:]] == [1, 1]
    other = tmp_path / "other.json"
    scoreboard.write(other, "carphone", replace(first[-1], bytes=7))
    scoreboard.merge(path, json.loads(other.read_text())["clips"])
    assert [p.bytes for p in scoreboard.read(path)["carphone"][4:]] == [first[4].bytes, 1, 7]


def test_colour_is_halved_for_every_codec_alike() -> None:
    planes = tuple(np.full((4, 6), value, np.uint8) for value in (9, 10, 20))
    planes[1][:2, :2] = [[0, 1], [2, 4]]
    luma, blue, red = scoreboard._halved(planes)
    assert luma is planes[0]
    assert blue.tolist() == [[2, 10, 10], [10, 10, 10]]
    assert red.shape == (2, 3)


def test_the_readme_shows_the_scoreboard(root: Path) -> None:
    board = scoreboard.read(root / "benchmarks" / "results" / "scoreboard.json")
    text = (root / "README.md").read_text(encoding="utf-8")
    assert "<!-- scoreboard -->" in text
    assert scoreboard_report.placed(text, board) == text


def test_the_papers_network_is_scaled_to_a_number_of_bytes(
    clip: anchors.Clip, tmp_path: Path
) -> None:
    for stored in equal.STORED.values():
        model = equal.fitting(40_000, clip, stored)
        assert abs(equal.size_of(model, clip) / 40_000 - 1) < 0.05
    # seconds enough for many steps on a busy machine too: tensors of a few code smaller
    point, _ = equal.paper_point(clip, 40_000, 3.0, stored, tmp_path)
    assert point.codec == "linc paper-s"
    assert abs(point.bytes / 40_000 - 1) < 0.1
    linc = replace(point, codec="linc medium", quality=anchors.Quality(40.0, 40.0, 40.0, None))
    rows = [
        equal.row_of("carphone", p, stored=stored, times=1.0, linc_above_db=above)
        for p, stored, above in ((linc, "-", 99.0), (point, "8", 7.0), (point, "32", 5.0))
    ]
    assert equal.page(rows).endswith("- carphone: +5.00 dB; bar ≥ 6 dB: missed\n")


def test_targets_are_judged(tmp_path: Path) -> None:
    def kept(kind: str, got: float, wanted: float, code: int = 0, *, verified: bool = True) -> bool:
        return targets.met(
            {"kind": kind, "got": got, "wanted": wanted, "exit": code, "verified": verified}
            | {"wall_s": 2.0}
        )

    assert kept("size", 1029, 1000)
    assert not kept("size", 1031, 1000)
    assert not kept("size", 969, 1000)
    assert kept("psnr", 29.999, 30)
    assert not kept("psnr", 29.9, 30)
    assert kept("psnr", 29.9, 30, 6)
    assert not kept("psnr", 29.9, 30, 6, verified=False)
    assert not kept("psnr", 30.2, 30, 6)
    assert kept("time", 21.9, 20)
    assert not kept("time", 22.1, 20)
    assert kept("time", 2.0, 8, 6, verified=False)
    assert not kept("time", 2.0, 7, 6, verified=False)
    source = scoreboard.Source("carphone", 8)
    short = scoreboard.load(source, tmp_path)
    row = targets.run(targets.Case("size", "carphone", "instant", 0.2), short, tmp_path)
    assert row["met"]
    assert row["wanted"] == round(0.2 * 176 * 144 * 8 / 8)
    assert "| carphone | instant | 5069 |" in targets.page([row])


def test_speed_and_dry_run_are_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speed, "CLIPS", {"720p": ("carphone", 9)})
    coded = speed.encoding("720p", ["instant"], 1, tmp_path, 9)
    assert [row["frames"] for row in coded] == [9, 9, 9, 9]
    *others, linc = coded
    assert linc["of"]["x264 medium"] == pytest.approx(linc["fps"] / others[0]["fps"], abs=1e-3)
    assert all(row["megabytes"] > 20 and row["bytes"] > 500 for row in coded)
    shown = speed.decoding("720p", 1, tmp_path, 9)
    assert [row["what"] for row in shown] == ["HEVC to nowhere", "to nowhere", "to MP4"]
    begun = speed.starting("720p", 1, tmp_path)
    assert all(0 < row["cpu_s"] < 60 for row in begun)
    guess = speed.prediction("instant", "carphone", 8, tmp_path)
    assert abs(guess["bytes_off_percent"]) < 10  # the sample is the whole
    found = {"encode": coded, "decode": shown, "start": begun, "forecast": [guess]}
    page = speed.page(found)
    assert f"| 720p | instant | 9 | **{linc['fps']:g}** |" in page
    assert f"| {guess['predicted_bytes']} | {guess['bytes']} |" in page
    speed.plot(found, tmp_path / "speed.png")
    assert (tmp_path / "speed.png").stat().st_size > 1000


def test_rows_of_an_earlier_run_stay() -> None:
    old = [{"clip": "1080p", "what": "a", "fps": 1}, {"clip": "720p", "what": "a", "fps": 2}]
    new = [{"clip": "720p", "what": "a", "fps": 3}, {"clip": "720p", "what": "b", "fps": 4}]
    assert [row["fps"] for row in speed.merged(old, new)] == [3, 4, 1]


def tiny_scale() -> tables.Scale:
    """Scale cpu with a few frames and steps."""
    given = argparse.Namespace(
        scale="cpu", frames=9, steps=3, clip=None, taichi=None, device="cpu", max_time=None
    )
    found = paper.scale_of(given)
    model = {**found.model, "hidden": "16", "latent": "8", "levels": "3", "positions": "64"}
    return replace(found, model=model, patches=(1, 4), latents=(4, 8), fps_sizes=((64, 40),))


def test_held_out_frames_and_their_stand_ins(tmp_path: Path) -> None:
    clip = small_clip("carphone", 9, (88, 72), tmp_path)
    assert clip.frames[0][0].shape == clip.frames[0][1].shape == (72, 88)
    held = HeldOut(clip, 4)
    assert (list(held.keys), held.numbers) == ([0, 4, 8], [1, 2, 3, 5, 6, 7])
    assert held.psnr([held.rgb(t) for t in held.numbers]) == 100
    fades = dict(zip(held.numbers, held.fades(), strict=True))
    np.testing.assert_allclose(fades[5], 0.75 * held.rgb(4) + 0.25 * held.rgb(8), atol=1e-4)
    copies = dict(zip(held.numbers, held.copies(), strict=True))
    np.testing.assert_array_equal(copies[6], held.rgb(4))
    np.testing.assert_array_equal(copies[7], held.rgb(8))
    moved = held.psnr(held.minterpolated())
    assert held.psnr(held.copies()) < moved + 3
    assert moved > 25
    keys = every(clip, 4, tmp_path)
    assert keys.info.fps == clip.info.fps / 4
    assert all((a[0] == b[0]).all() for a, b in zip(keys.frames, clip.frames[::4], strict=True))


@pytest.mark.parametrize("name", ["table1", "kinds", "patches", "quantisation", "speed"])
def test_the_papers_experiments_run(name: str, tmp_path: Path) -> None:
    rows = paper.EXPERIMENTS[name](tables.Bench(tiny_scale(), tmp_path, lambda _: None))
    counts = {"table1": 3, "kinds": 3, "patches": 2, "quantisation": 11, "speed": 1}
    assert len(rows) == counts[name]
    if name == "quantisation":
        sizes = {row["quantised"]: row["bpp"] for row in rows}
        assert sizes["nothing"] > sizes["hypernetworks 8"] > sizes["all 8"] > sizes["all 6"]
    part = {"rows": rows, "cpu_s": 1.0, "command": "x", "date": "y", "model": {}}
    (tmp_path / f"paper_cpu_{name}.json").write_text(json.dumps(part))
    paper_report.write(tmp_path, "cpu")
    page = (tmp_path / "paper_cpu.md").read_text()
    assert paper_report.TEXTS[name] in page
    assert name != "table1" or "33.17" in page


def test_the_gpu_benchmark_on_a_cpu(clip: anchors.Clip, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gpu, "load_clip", lambda *_: clip)
    plan = replace(gpu.quick(gpu.Plan(torch.device("cpu"))), fit_s=0.2)
    top = gpu.ceilings(plan)
    assert {"binary32_flops", "bytes_per_s"} <= set(top)
    named = {row["backend"]: row for row in gpu.grids(plan, top)}
    assert "forward_ms" in named["torch"]
    assert named["tcnn"]["missing"] == "cannot run on cpu"
    decoding = gpu.decoding(plan, top)
    assert [row["patch"] for row in decoding] == [1, 8]
    # 64 x 40 positions of 32 x (12 or so) + 4 x 32 x 32 + 3 x 32 products
    settings = plan.settings("paper-s")
    assert decoding[0]["flops"] == 2 * 64 * 40 * (32 * 2 * settings.levels + 4 * 32**2 + 3 * 32)
    assert gpu.encoding(plan)[0]["steps"] >= 1


def test_the_gpu_benchmark_of_linc_on_a_cpu(clip: anchors.Clip, tmp_path: Path) -> None:
    plan = gpu_linc.Plan(
        "cpu", clip.path, repeat=2, presets=("instant",), frames=3, large=(264, 216)
    )
    report = gpu_linc.Report(tmp_path / "rows.json", {"command": "x"})
    gpu_linc.measure(plan, report)
    written = json.loads((tmp_path / "rows.json").read_text())
    assert written == {"command": "x", "rows": report.rows}
    kinds = [row["what"] for row in report.rows]
    assert kinds == ["start", "encode", "decode", "parts", "decode", "parts"]
    encoded, native, parts, larger = report.rows[1:5]
    whole = encoded["scan_s"] + encoded["fit_s"] + encoded["verify_s"]
    assert whole == pytest.approx(encoded["encode_s"], abs=0.01)
    assert (native["width"], native["frames"], larger["width"]) == (176, 6, 264)
    assert parts["entropy_s"] > 0
    plan = replace(plan, seconds=0.0)
    assert not gpu_linc.tried(plan, report, dict)
    assert report.rows[-1]["what"] == "skipped"


def test_the_hash_grid_benchmark_compares_equals() -> None:
    levels = grids.hashgrid.design(3, 8, 40, 7)
    at = torch.rand(50, 2)
    methods = {"table[rows]": grids.plain(levels, at), "other": grids.embedding(levels, at)}
    table = torch.randn(grids.hashgrid.entries(levels), 2)
    rows = grids.measure(methods, table, 2, torch.device("cpu"))
    assert rows[1]["forward_error"] < 1e-5
    assert rows[1]["gradient_error"] < 1e-5
    assert rows[1]["backward_ms"] > 0
