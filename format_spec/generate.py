"""Turn registry.toml and tables.json into Python modules and the tables of linc-1.0.md.

python format_spec/generate.py            rewrite what changed
python format_spec/generate.py --check    exit 1 when anything is out of date
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import textwrap
import tomllib
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
REGISTRY = HERE / "registry.toml"
TABLES = HERE / "tables.json"
PACKAGE = HERE.parent / "lincodec"
PROSE = HERE / "linc-1.0.md"
KAITAI = HERE / "linc.ksy"
KAITAI_ENUMS = "# enums: written by generate.py from registry.toml\n"

TABLES_TITLE = (
    "Fixed tables of the entropy coder; written by format_spec/generate.py from tables.json."
)

Table = dict[str, Any]


def main() -> int:
    """Rewrite the generated files, or with ``--check`` say which are stale."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--check", action="store_true", help="only compare; exit 1 on difference")
    check = parser.parse_args().check
    registry = tomllib.loads(REGISTRY.read_text(encoding="utf-8"))
    tables = json.loads(TABLES.read_text(encoding="utf-8"))
    outputs = {
        PACKAGE / "registry.py": python_module(registry),
        PACKAGE / "entropy" / "tables.py": tables_module(tables),
    }
    if PROSE.exists():
        outputs[PROSE] = fill_tables(PROSE.read_text(encoding="utf-8"), registry)
    outputs[KAITAI] = kaitai(KAITAI.read_text(encoding="utf-8"), registry)
    stale = [
        path
        for path, text in outputs.items()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    ]
    for path in stale:
        if check:
            print(f"{path.relative_to(HERE.parent)} is out of date: run format_spec/generate.py")
        else:
            path.write_text(outputs[path], encoding="utf-8", newline="\n")
    return 1 if check and stale else 0


# ---------------------------------------------------------------- Python constants


def python_module(registry: Table) -> str:
    """The text of lincodec/registry.py."""
    form = registry["format"]
    lines = [
        '"""Names and numbers of the .linc format; written by format_spec/generate.py."""',
        "",
        "from __future__ import annotations",
        "",
        "from enum import IntEnum, IntFlag",
        "from typing import Final",
        "",
        f'SPEC_VERSION: Final = "{form["spec_version"]}"',
        f"VERSION_WRITTEN: Final = {form['version_written']}",
        f"VERSION_READ: Final = {form['version_read']}",
        f'SIGNATURE: Final = bytes.fromhex("{form["signature"]}")',
        f"MAX_SECTION_LENGTH: Final = {form['max_section_length']}",
        f"UNKNOWN_COUNT: Final = {form['unknown_count']}",
        "",
        *(f"{name.upper()}: Final = {value}" for name, value in registry["constants"].items()),
        "",
        *(f'{s["type"].upper()}: Final = b"{s["type"]}"' for s in registry["section"]),
        "",
        "#: Every section type this version knows.",
        *frozen_set("KNOWN_SECTIONS", [s["type"].upper() for s in registry["section"]]),
        "",
        "#: Types that may stand at most once in a file.",
        *frozen_set(
            "SINGLE_SECTIONS",
            [s["type"].upper() for s in registry["section"] if s["count"] in ("1", "0..1")],
        ),
        "",
        *(
            f"{s['type'].upper()}_LENGTH: Final = {s['length']}"
            for s in registry["section"]
            if "length" in s
        ),
        "",
        *(
            f"LIMIT_{limit['name'].upper()}: Final = {limit['value']}"
            for limit in registry["limit"]
        ),
    ]
    for title, key, doc in (
        ("ArchId", "arch", "Which decoder function a file uses (clause 6.2)."),
        ("Sigma", "sigma", "What P Q goes through (clause 6.2.1)."),
        ("Role", "role", "What a tensor is for (clause 6.4)."),
        ("Mode", "mode", "How a tensor is stored (clause 7)."),
        ("Chroma", "chroma", "How chroma planes are subsampled (clause 6.1)."),
    ):
        lines += ["", "", f"class {title}(IntEnum):", f'    """{doc}"""', ""]
        lines += [f"    {e['name'].upper().replace('-', '_')} = {e['id']}" for e in registry[key]]
    lines += [
        "",
        "",
        "class SegmentFlag(IntFlag):",
        '    """Flag bits of SEGM (clause 6.4)."""',
        "",
    ]
    lines += [f"    {f['name'].upper()} = {1 << f['bit']}" for f in registry["segment_flag"]]
    lines += ["", "", "#: Architecture name and the newest version this package knows, by id."]
    lines += ["ARCHES: Final = {"]
    lines += [f'    {a["id"]}: ("{a["name"]}", {a["version"]}),' for a in registry["arch"]]
    lines += ["}", ""]
    return "\n".join(lines)


def tables_module(tables: Table) -> str:
    """The text of lincodec/entropy/tables.py."""
    lines = [
        f'"""{TABLES_TITLE}"""',
        "",
        "from __future__ import annotations",
        "",
        "from typing import Final",
        "",
        "# fmt: off",
    ]
    for name, value in tables.items():
        text = f"{name.upper()}: Final = {nested_tuples(value)}"
        lines += textwrap.wrap(text, 100, subsequent_indent="    ", break_long_words=False)
    return "\n".join([*lines, ""])


def nested_tuples(value: Any) -> str:
    """Lists as Python tuples."""
    if not isinstance(value, list):
        return repr(value)
    return "(" + ", ".join(nested_tuples(item) for item in value) + ")"


def frozen_set(name: str, members: list[str]) -> list[str]:
    """A set constant, one member a line."""
    return [
        f"{name}: Final = frozenset(",
        "    {",
        *(f"        {member}," for member in members),
        "    }",
        ")",
    ]


# ---------------------------------------------------------------- spec tables


def fill_tables(prose: str, registry: Table) -> str:
    """Replace what stands between ``<!-- table:NAME -->`` and ``<!-- /table -->``."""

    def table(match: re.Match[str]) -> str:
        name = match.group(1)
        return f"<!-- table:{name} -->\n{spec_table(name, registry)}\n<!-- /table -->"

    return re.sub(r"<!-- table:(\w+) -->\n.*?<!-- /table -->", table, prose, flags=re.DOTALL)


COLUMNS = {
    "section": ("type", "length", "count", "order", "clause", "summary"),
    "arch": ("id", "version", "name", "clause", "summary"),
    "sigma": ("id", "name", "summary"),
    "role": ("id", "name", "arch", "summary"),
    "mode": ("id", "name", "bits", "a", "b", "clause", "summary"),
    "chroma": ("id", "name", "summary"),
    "segment_flag": ("bit", "name", "summary"),
    "limit": ("name", "value", "unit", "summary"),
    "error": ("class", "exit", "summary"),
}


def kaitai(text: str, registry: Table) -> str:
    """linc.ksy with its enums, which end the file."""
    lines = [text.partition(KAITAI_ENUMS)[0] + KAITAI_ENUMS + "enums:"]
    for kind in ("arch", "sigma", "role", "mode", "chroma"):
        lines.append(f"  {'architecture' if kind == 'arch' else kind}:")
        lines += [
            f"    {entry['id']}: {entry['name'].replace('-', '_')}" for entry in registry[kind]
        ]
    return "\n".join([*lines, ""])


def spec_table(name: str, registry: Table) -> str:
    """One Markdown table."""
    columns = COLUMNS[name]
    rows = [columns, tuple("---" for _ in columns)]
    rows += [
        tuple(cell(entry.get(column, "any")) for column in columns) for entry in registry[name]
    ]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def cell(value: object) -> str:
    """One table cell."""
    return str(value).replace("|", "\\|")


if __name__ == "__main__":
    sys.exit(main())
