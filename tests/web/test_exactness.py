"""The player's decoder gives the core's samples: every vector, under Node and in Chromium."""

from __future__ import annotations

import hashlib
import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.chromium import Page

from lincodec.container import LincArch, LincFile
from lincodec.decoder.render import Renderer
from lincodec.decoder.shots import output_shots
from lincodec.web.page import unplayable

ROOT = Path(__file__).resolve().parents[2]
VECTORS = ROOT / "format_spec" / "vectors"
GOOD = sorted((VECTORS / "good").glob("*.linc"))
SCRIPT = Path(__file__).with_name("digests.mjs")


def digests(path: Path) -> list[str] | None:
    """SHA-256, half of it, of each segment's samples by the core; None: it needs a network."""
    with path.open("rb") as stream:
        linc = LincFile(stream, name=path.name)
        if unplayable(linc) is not None:
            return None
        assert isinstance(linc.arch, LincArch)
        found = []
        renderer = Renderer(linc, enhance=False)
        for entry in linc.segments:
            sha = hashlib.sha256()
            for planes in renderer.frames(output_shots(entry.first_frame, entry.end_frame, 1)):
                for plane in planes:
                    little = plane.astype(plane.dtype.newbyteorder("<"), copy=False)
                    sha.update(np.ascontiguousarray(little).tobytes())
            found.append(sha.hexdigest()[:32])
        renderer.close()
        return found


@pytest.fixture(scope="module")
def expected() -> dict[str, list[str] | None]:
    """Digests by the core of every good vector."""
    return {path.name: digests(path) for path in GOOD}


def outcomes(node: str, player: Path, files: list[Path]) -> dict[str, dict[str, Any]]:
    done = subprocess.run([node, SCRIPT, player, *files], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    lines = map(json.loads, done.stdout.splitlines())
    return {Path(line["file"]).name: line for line in lines}


def test_node_gives_the_samples_of_the_core(
    node: str, player: Path, expected: dict[str, list[str] | None]
) -> None:
    found = outcomes(node, player, GOOD)
    drawn_by_networks = sum(value is None for value in expected.values())
    assert 0 < drawn_by_networks < len(GOOD) / 8
    for name, wanted in expected.items():
        if wanted is None:
            assert found[name]["error"] == "unsupported", name
            continue
        assert [segment["digest"] for segment in found[name]["segments"]] == wanted, name
        for segment in found[name]["segments"]:
            assert segment["stored"] in (None, segment["digest"]), name


def test_broken_files_are_refused_or_shown_without_a_trap(node: str, player: Path) -> None:
    """Whatever the bytes, an error has a kind; those that damage what is drawn are seen."""
    files = sorted([*VECTORS.glob("bad/*.linc"), *VECTORS.glob("unsupported/*.linc")])
    found = outcomes(node, player, files)
    assert len(found) == len(files) > 80
    kinds = {"corrupt", "truncated", "checksum", "unsupported", "limit"}
    assert {line["error"] for line in found.values() if "error" in line} <= kinds
    for name in ("bad-crc-segm.linc", "bad-truncated-latents.linc"):
        assert not (VECTORS / "bad" / name).exists() or "error" in found[name], name
    refused = sum("error" in line for line in found.values())
    assert refused > len(files) / 2, f"{refused} of {len(files)}"


_PAGE = """<!doctype html><title>vectors</title><link rel="icon" href="data:,">
<script type="module">
import { LincFile } from "./container.js";
import { openUrl } from "./source.js";
import { FrameQueue } from "./frame_queue.js";
import { decoderBytes, startWorker } from "./assets.js";

const hexOf = (byte) => byte.toString(16).padStart(2, "0");
const hex = (buffer) => [...new Uint8Array(buffer)].map(hexOf).join("");
const bytes = await decoderBytes();

window.digests = async (url) => {
  const file = await LincFile.open(await openUrl(url));
  const workers = [startWorker(), startWorker()];
  workers.forEach((worker) => worker.postMessage({ type: "core", bytes }));
  let changed;
  const queue = new FrameQueue(file, workers, () => changed());
  const found = [];
  queue.start(0);
  for (const { first, frames } of file.segments) {
    const parts = [];
    for (let frame = first; frame < first + frames; frame++) {
      while (!queue.picture(frame) && !queue.error)
        await new Promise((resolve) => (changed = resolve));
      if (queue.error) throw new Error(queue.error.message);
      parts.push(...queue.picture(frame).map((plane) => new Uint8Array(plane.slice().buffer)));
      queue.drop(frame + 1);
    }
    const all = new Uint8Array(await new Blob(parts).arrayBuffer());
    found.push(hex(await crypto.subtle.digest("SHA-256", all)).slice(0, 32));
  }
  queue.close();
  return found;
};
</script>"""


def test_chromium_gives_the_samples_of_the_core(
    tab: Page,
    player: Path,
    served: Callable[[Path], str],
    expected: dict[str, list[str] | None],
    tmp_path: Path,
) -> None:
    """Through the workers, two of them, as pages are played."""
    site = tmp_path / "site"
    site.mkdir()
    for file in player.iterdir():
        (site / file.name).symlink_to(file)
    (site / "vectors").symlink_to(VECTORS / "good")
    (site / "page.html").write_text(_PAGE)
    tab.open(f"{served(site)}/page.html")
    tab.until("Boolean(window.digests)")
    wanted = {name: value for name, value in expected.items() if value is not None}
    script = f"""(async () => {{
      const found = {{}};
      for (const name of {json.dumps(list(wanted))})
        found[name] = await digests("vectors/" + name).catch((error) => String(error));
      return found;
    }})()"""
    assert tab.run(script) == wanted
    assert not tab.complaints
