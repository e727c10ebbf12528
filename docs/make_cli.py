"""Write docs/cli.md from the help texts of the commands.

python docs/make_cli.py            write the page
python docs/make_cli.py --check    exit 1 when it is out of date
"""

from __future__ import annotations

import sys
from pathlib import Path

import click

PAGE = Path(__file__).resolve().parent / "cli.md"
sys.path.insert(0, str(PAGE.parents[1]))

from lincodec.cli.main import linc  # noqa: E402  (found through the line above)

INTRO = """# The command line

Made from the help texts by `docs/make_cli.py`.

Defaults can come from a TOML file with a table for each command (`--config FILE`, else
`linc/config.toml` in the folder for settings) and from the environment
(`LINC_ENCODE_PRESET=fast`). What is typed comes first, then the environment, then the file, then
the preset. `linc encode --show-config` prints every value and where it is from, in the form of
such a file.
"""


def help_of(command: click.Command, path: str, parent: click.Context | None) -> list[str]:
    """Section of a command, and of those below it."""
    context = click.Context(
        command, info_name=path.split()[-1], parent=parent, max_content_width=79,
        terminal_width=79, help_option_names=["-h", "--help"],
    )  # fmt: skip
    lines = [f"## {path}", "", "```", command.get_help(context), "```", ""]
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            child = command.get_command(context, name)
            assert child is not None
            lines += help_of(child, f"{path} {name}", context)
    return lines


def main() -> int:
    """Write, or with ``--check`` compare."""
    lines = [line.rstrip() for line in "\n".join([INTRO, *help_of(linc, "linc", None)]).split("\n")]
    text = "\n".join(lines)
    stale = not PAGE.exists() or PAGE.read_text(encoding="utf-8") != text
    if "--check" in sys.argv:
        if stale:
            print("docs/cli.md is out of date: run docs/make_cli.py")
        return int(stale)
    PAGE.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
