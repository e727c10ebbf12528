"""Write coverage.md: which vectors exercise which clause and which name of the registry.

python format_spec/coverage.py            write the page
python format_spec/coverage.py --check    exit 1 when it is out of date or a cell is empty

What a vector contains is found by reading it with the other reader, not by asking its name.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tomllib
from collections import defaultdict
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "reference"))

import linc_read  # noqa: E402  (found through the line above)

PAGE = HERE / "coverage.md"
VECTORS = HERE / "vectors"

#: Clauses that bind a reader, by their first number.
BINDING = ("4", "6", "7", "8", "9")
#: Clauses of which no file can be an example of the kind named, and why.
EXCUSED: dict[tuple[str, str], str] = {
    ("4.1", "accepted"): "every good vector",
    ("9", "accepted"): "every good vector",
    ("9.1", "accepted"): "every good vector with a network",
    ("7", "accepted"): "every good vector",
    ("7.8", "refused"): "tables are fixed",
    ("7.5.1", "refused"): "what breaks it does not end as 7.5.2 asks for",
    ("7.5.4", "refused"): "what breaks it does not end as 7.5.2 asks for",
    ("7.5.6", "refused"): "what breaks it does not end as 7.5.2 asks for",
    ("7.5.7", "refused"): "what breaks it does not end as 7.5.2 asks for",
}
#: Names of the registry that a small file cannot show, and where they are tested instead.
ELSEWHERE: dict[str, str] = {
    "limit symbols": "equal to params, which is checked first",
    "limit ancillary": "16 MiB: tests/container",
    "limit payload": "256 MiB: tests/test_hostile.py",
    "limit audio": "256 MiB: tests/test_hostile.py",
    "limit sections": "262 144 sections: tests/container",
}
RENDERING = "rendering cannot be refused"

Found = defaultdict[str, list[str]]


def clauses() -> dict[str, str]:
    """Number and title of every binding clause that has rules of its own."""
    prose = (HERE / "linc-1.0.md").read_text(encoding="utf-8")
    titles = dict(re.findall(r"^#+ (\d+(?:\.\d+)*)\.? (.+)$", prose, re.MULTILINE))
    parents = {number.rpartition(".")[0] for number in titles}
    return {
        number: title
        for number, title in titles.items()
        if number.split(".")[0] in BINDING
        and not (number in parents and "." not in number and number != "9")
        and title != "(void)"
    }


def by_clause(manifest: list[dict[str, Any]]) -> dict[str, dict[str, list[str]]]:
    """Clause -> accepted or refused -> names of vectors; a clause covers those above it."""
    found: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for entry in manifest:
        kind = "refused" if "error" in entry["expect"] else "accepted"
        name = Path(entry["file"]).stem
        for clause in entry["clauses"]:
            while clause:
                if name not in found[clause][kind]:
                    found[clause][kind].append(name)
                clause = clause.rpartition(".")[0]
    return found


def by_name(manifest: list[dict[str, Any]], registry: dict[str, Any]) -> Found:
    """Name of the registry, such as ``mode lattice`` -> vectors that have it."""
    found: Found = defaultdict(list)
    lists: dict[str, dict[int, str]] = {
        kind: {item["id"]: item["name"] for item in registry[kind]}
        for kind in ("arch", "role", "mode", "chroma")
    }
    for entry in manifest:
        name = Path(entry["file"]).stem
        data = (VECTORS / entry["file"]).read_bytes()
        error = entry["expect"].get("error")
        if error is not None:
            found[f"error {error}"].append(name)
            if error == "limit":
                found[f"limit {limit_of(data)}"].append(name)
            continue
        file = linc_read.read(data)
        items = [f"section {kind}" for kind, _, _ in file.sections]
        items += [f"arch {lists['arch'][file.arch['id']]}"]
        items += [f"chroma {lists['chroma'][file.head['chroma']]}"]
        items += ["head_flag mirrored"] * (file.head["compat"] & 1)
        for segment in file.segments:
            items += ["segment_flag continues"] * segment.continues
            for tensor in segment.tensors:
                items += [
                    f"role {lists['role'][tensor.role]}",
                    f"mode {lists['mode'][tensor.mode]}",
                ]
        for item in dict.fromkeys(items):
            found[item].append(name)
    return found


def limit_of(data: bytes) -> str:
    """Name of the limit that the other reader says a file exceeds."""
    try:
        linc_read.decode_all(linc_read.read(data))
    except linc_read.Refused as error:
        return str(error).split(", limit")[0].split()[-1]
    return ""


def shown(names: list[str], most: int = 6) -> str:
    """The first few names, and how many more."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def cell(number: str, kind: str, names: list[str]) -> str:
    """What stands in a cell; empty when something is missing."""
    if names:
        return shown(names)
    if kind == "refused" and number.split(".")[0] == "8":
        return f"({RENDERING})"
    reason = EXCUSED.get((number, kind), "")
    return f"({reason})" if reason else ""


def write_page() -> tuple[str, list[str]]:
    """The page, and what is missing."""
    registry = tomllib.loads((HERE / "registry.toml").read_text(encoding="utf-8"))
    manifest = json.loads((VECTORS / "manifest.json").read_text(encoding="utf-8"))["vectors"]
    missing, found = [], by_clause(manifest)
    lines = [
        "# Coverage",
        "",
        f"Made by `coverage.py` from {len(manifest)} vectors. An empty cell fails its check;",
        "a reason in parentheses stands where no file can be an example.",
        "",
        "## By clause",
        "",
        "| clause | | accepted | refused |",
        "| --- | --- | --- | --- |",
    ]
    for number, title in clauses().items():
        cells = [cell(number, kind, found[number][kind]) for kind in ("accepted", "refused")]
        missing += [f"clause {number}" for text in cells if not text]
        lines.append(f"| {number} | {title} | {cells[0]} | {cells[1]} |")
    lines += ["", "## By name of the registry", "", "| name | vectors |", "| --- | --- |"]
    names = by_name(manifest, registry)
    kinds = ("section", "arch", "role", "mode", "chroma", "head_flag", "segment_flag", "limit")
    for kind in (*kinds, "error"):
        label = {"section": "type", "error": "class"}.get(kind, "name")
        for item in registry[kind]:
            name = f"{kind} {item[label]}"
            text = shown(names[name]) or (f"({ELSEWHERE[name]})" if name in ELSEWHERE else "")
            missing += [name] if not text else []
            lines.append(f"| {name.replace('_', ' ')} | {text} |")
    return "\n".join([*lines, ""]), missing


def main() -> int:
    """Write the page, or with ``--check`` compare it; 1 when something is missing."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--check", action="store_true", help="only compare; exit 1 on difference")
    check = parser.parse_args().check
    text, missing = write_page()
    stale = not PAGE.exists() or PAGE.read_text(encoding="utf-8") != text
    if stale and not check:
        PAGE.write_text(text, encoding="utf-8", newline="\n")
    for name in missing:
        print(f"no vector for {name}")
    if stale and check:
        print("coverage.md is out of date: run format_spec/coverage.py")
    return 1 if missing or (check and stale) else 0


if __name__ == "__main__":
    sys.exit(main())
