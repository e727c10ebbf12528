"""The page and the plot of the paper's experiments, from their JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import matplotlib as mpl

#: Table 1 of the paper, PSNR in dB: clip -> stride -> method.
TABLE1 = {
    "bunny": {2: (15.92, 19.14, 20.10, 33.17), 4: (15.43, 18.90, 19.11, 28.08),
              8: (13.68, 18.67, 18.08, 25.88)},
    "taichi": {2: (16.91, 18.19, 19.33, 35.13), 4: (17.14, 17.71, 18.52, 31.84),
               8: (15.72, 16.21, 17.70, 27.72)},
}  # fmt: skip
#: Table 5: Fourier features, (dB, bpp).
TABLE5 = {"S": (31.99, 0.31), "M": (33.69, 0.62), "L": (33.19, 0.84)}

TEXTS = {
    "table1": "Table 1: frames held out at stride alpha, RGB PSNR in dB",
    "kinds": "What is interpolated (cf. Table 1: NeRV interpolates time, NIRVANA weights)",
    "table5": "Table 5 and Fig. 3: hash grid and Fourier features, S, M, L",
    "rd": "Fig. 3, 14-20: HEVC (x265 medium) on the same frames",
    "layers": "Fig. 10, left: which layer is modulated",
    "patches": "Fig. 10, right: patch size",
    "latents": "Fig. 11: latent dimension",
    "quantisation": "App. B.2: what is quantised, and to how many bits",
    "speed": "Fig. 4: decode speed by size, frames a second (6 x 512, rank 50)",
}
#: What the paper says where it prints no numbers (its figures are pictures).
CLAIMS = {
    "table5": "Paper: Fourier trains up to 30 % faster at the cost of inferior reconstruction.",
    "rd": "Paper: no numbers printed; 'comparable PSNR to current SOTA'.",
    "layers": "Paper: no numbers printed; 'the first few layers have a significant impact'.",
    "patches": "Paper: no numbers printed; 'smaller patches have similar performance, with a "
    "steep drop observed for higher patch sizes'.",
    "latents": "Paper: no numbers printed; 'positive gains till dimension 512 and diminishing "
    "returns thereafter'.",
    "quantisation": "Paper: latents and base at full precision give 'better reconstruction at "
    "negligible additional storage'.",
    "speed": "Paper: no numbers printed; 'speeds competitive or beating HEVC'.",
}


def write(folder: Path, scale: str) -> None:
    """Write paper_SCALE.md and .png from the JSON files in ``folder``."""
    found = {}
    for name in TEXTS:
        path = folder / f"paper_{scale}_{name}.json"
        if path.exists():
            found[name] = json.loads(path.read_text(encoding="utf-8"))
    if not found:
        raise SystemExit(f"{folder}: no results at scale {scale}")
    total = sum(part["cpu_s"] for part in found.values())
    lines = [f"# The Latent-INR paper's experiments, scale {scale}", ""]
    made = (
        f"Made by `benchmarks/paper/paper.py`; {total / 60:.0f} minutes of CPU time in all. PSNR "
    )
    lines += [made + "is of RGB, mean over frames, of the decoded file."]
    lines += [f"Settings on top of the presets: `{next(iter(found.values()))['model']}`."]
    for name, part in found.items():
        rows = [_with_paper(name, row) for row in part["rows"]]
        lines += ["", f"## {TEXTS[name]}", "", *_markdown(rows)]
        if name in CLAIMS:
            lines += ["", CLAIMS[name]]
        lines += ["", f"`{part['command']}`, {part['date']}, {part['cpu_s']:.0f} s of CPU"]
        if note := _verdict(name, found):
            lines += ["", note]
    (folder / f"paper_{scale}.md").write_text("\n".join(lines) + "\n", encoding="utf-8")
    _plot(found, folder / f"paper_{scale}.png")
    print(f"wrote {folder / f'paper_{scale}'}.md and .png")


def _with_paper(name: str, row: dict[str, Any]) -> dict[str, Any]:
    """A row with the paper's printed numbers."""
    if name == "table1":
        nerv, nirvana, nvp, ours = TABLE1[row["clip"]][row["alpha"]]
        paper = {"NeRV": nerv, "NIRVANA": nirvana, "NVP": nvp, "ours": ours}
        return {**row, **{f"paper {key}": value for key, value in paper.items()}}
    if name == "table5":
        db, bpp = TABLE5[row["model"]] if row["encoding"] == "fourier" else (None, None)
        return {**row, "paper dB": db, "paper bpp": bpp}
    return row


def _markdown(rows: list[dict[str, Any]]) -> list[str]:
    columns = list(rows[0])
    lines = [" | ".join(["", *columns, ""]).strip(), "|" + "---|" * len(columns)]
    for row in rows:
        cells = ["-" if row.get(c) is None else str(row[c]) for c in columns]
        lines.append("| " + " | ".join(cells) + " |")
    return lines


def _verdict(name: str, found: dict[str, Any]) -> str:
    """Whether the paper's ordering shows, computed from the rows."""
    rows = found[name]["rows"]
    if name == "table1":
        losing = [r for r in rows if r["latents"] < r["cross_fade"]]
        paper = "At full size the paper's own 33.17 / 28.08 / 25.88 dB on bunny are below the"
        return (
            f"Interpolated latents are below the plain cross-fade of the true key frames in "
            f"{len(losing)} of {len(rows)} rows. {paper} cross-fade too: 34.75 / 31.72 / 28.76 dB "
            "(minterpolate 38.15 / 33.83 / 30.62, frame copy 32.13 / 30.41 / 27.88)."
        )
    if name == "kinds":
        by = {r["interpolated"]: r for r in rows}
        lines = []
        for other in ("time", "weights"):
            gain = by["latents"]["held_out"] - by[other]["held_out"]
            word = "far above" if gain > 3 else "NOT far above"
            lines.append(f"Latent interpolation is {word} {other} interpolation: {gain:+.2f} dB.")
        if by["weights"]["held_out"] > by["latents"]["held_out"]:
            lines.append(
                f"Networks of their own match the keys better ({by['weights']['keys']} dB against "
                f"{by['latents']['keys']}), and as each begins from the one before, a mean of two "
                "shows nearly the mean of their pictures, a cross-fade; NIRVANA's code was not run."
            )
        return " ".join(lines)
    if name == "table5":
        pairs: dict[str, dict[str, Any]] = {}
        for row in rows:
            pairs.setdefault(row["model"], {})[row["encoding"]] = row
        gains = {m: round(p["hash"]["psnr"] - p["fourier"]["psnr"], 2) for m, p in pairs.items()}
        times = {
            m: round(p["fourier"]["step_cpu_s"] / p["hash"]["step_cpu_s"], 2)
            for m, p in pairs.items()
        }
        return f"Hash above Fourier by {gains} dB; a Fourier step takes {times} of a hash step."
    if name == "layers":
        order = sorted(rows, key=lambda r: -r["psnr"])
        return "From best to worst: " + ", ".join(f"{r['modulated']} ({r['psnr']})" for r in order)
    if name == "patches":
        first = rows[0]["psnr"]
        loss = {r["patch"]: round(first - r["psnr"], 2) for r in rows[1:]}
        word = "cost little" if loss.get(2, 0) < 1 else "do NOT cost little"
        return f"Loss against single samples, dB by patch size: {loss}. Small patches {word} here."
    return ""


def _plot(found: dict[str, Any], path: Path) -> None:
    """Interpolation and rate-distortion, the two that are curves."""
    mpl.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(1, 2, figsize=(12, 4.5))
    for row_set in [found["table1"]["rows"]] if "table1" in found else []:
        bunny = [r for r in row_set if r["clip"] == "bunny"]
        for key, style in (("latents", "o-"), ("cross_fade", "x--"), ("copy", "x:"),
                           ("minterpolate", "x-.")):  # fmt: skip
            axes[0].plot([r["alpha"] for r in bunny], [r[key] for r in bunny], style, label=key)
        axes[0].plot(list(TABLE1["bunny"]), [v[3] for v in TABLE1["bunny"].values()], "k.",
                     label="paper, 1280x720")  # fmt: skip
        axes[0].set(xlabel="alpha", ylabel="RGB PSNR of held-out frames, dB", title="bunny")
        axes[0].legend()
    curves: dict[str, list[tuple[float, float]]] = {}
    for row in found.get("table5", {"rows": []})["rows"]:
        curves.setdefault(row["encoding"], []).append((row["bpp"], row["psnr"]))
    for row in found.get("rd", {"rows": []})["rows"]:
        curves.setdefault("x265", []).append((row["bpp"], row["psnr"]))
    for name, points in curves.items():
        axes[1].semilogx(*zip(*points, strict=True), "o-", label=name)
    axes[1].set(xlabel="bits per pixel, whole file", ylabel="RGB PSNR, dB", title="S, M, L")
    if curves:
        axes[1].legend()
    for axis in axes:
        axis.grid(visible=True, alpha=0.3)
    figure.savefig(path, dpi=110, bbox_inches="tight")
    pyplot.close(figure)
