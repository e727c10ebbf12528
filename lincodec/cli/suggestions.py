"""What is meant by options and commands that there are not."""

from __future__ import annotations

from difflib import get_close_matches

import click

#: Other programs' names of options, by command; "" is for all.
_OPTIONS = {
    "": {
        "--force": "-y", "--overwrite": "-y", "--no-overwrite": "-n", "--out": "-o",
        "--outfile": "-o", "--output-file": "-o", "--ss": "--start", "-ss": "--start",
        "-to": "--end", "--to": "--end", "--stop": "--end", "--length": "--duration",
        "--nframes": "--frames", "--vframes": "--frames", "--silent": "--quiet",
        "--debug": "--verbose", "--gpu": "--device cuda", "--cuda": "--device cuda",
        "--an": "--audio none", "-an": "--audio none", "--no-audio": "--audio none",
    },
    "encode": {
        "--crf": "--quality", "--qp": "--quality", "--cq": "--quality", "-crf": "--quality",
        "--target-size": "--size", "--filesize": "--size", "--rate": "--bitrate",
        "--bit-rate": "--bitrate", "-b": "--bitrate", "--time": "--max-time",
        "--timeout": "--max-time", "--speed": "--preset", "--ssim": "--ms-ssim",
        "--gop": "--segment", "--keyint": "--segment", "--metadata": "--tag",
        "--dry": "--dry-run", "--continue": "--resume",
    },
    "decode": {
        "--quality": "--crf", "--qp": "--crf", "--size": "--res", "--scale": "--res",
        "--resolution": "--res", "--width": "--res", "--height": "--res", "--rate": "--fps",
        "--framerate": "--fps", "--vcodec": "--codec", "--encoder": "--codec",
        "--preset": "--enc-preset", "--pix_fmt": "--pix-fmt", "--slow-motion": "--speed",
        "--options": "--enc-opt",
    },
    "frame": {"--size": "--res", "--start": "--time", "--grid": "--contact-sheet"},
    "search": {"--limit": "--top", "--count": "--top", "-n": "--top"},
}  # fmt: skip
_COMMANDS = {
    "compress": "encode", "convert": "encode", "enc": "encode", "play": "decode",
    "decompress": "decode", "extract": "decode", "dec": "decode", "render": "decode",
    "probe": "info", "show": "info", "inspect": "info", "thumbnail": "frame", "still": "frame",
    "screenshot": "frame", "trim": "cut", "split": "cut", "join": "concat", "merge": "concat",
    "cat": "concat", "diff": "compare", "psnr": "compare", "check": "verify", "test": "verify",
    "find": "search", "help": "--help", "version": "--version",
}  # fmt: skip
_FLAGS = ("--help", "--version")
#: How alike a name must be to be meant, from 0 to 1.
_ALIKE = 0.7


def usage_text(error: click.ClickException) -> str:
    """What is wrong with a command line and what was probably meant, without a full stop."""
    if isinstance(error, click.NoSuchOption):
        return _with(f"there is no option {error.option_name}", _option(error))
    if isinstance(error, click.exceptions.NoSuchCommand):
        name = error.command_name
        context = error.ctx
        group = context.command if context else None
        known: list[str] = []
        if context and isinstance(group, click.Group):
            known = group.list_commands(context)
        meant = _COMMANDS.get(name) or _alike(name, known)
        return _with(f"there is no command {name}", meant if meant in (*known, *_FLAGS) else None)
    return error.format_message().rstrip(".")


def _option(error: click.NoSuchOption) -> str | None:
    """The option that was meant."""
    if error.ctx is None:
        return None
    known = [name for p in error.ctx.command.get_params(error.ctx) for name in p.opts]
    for command in (error.ctx.command.name or "", ""):
        meant = _OPTIONS.get(command, {}).get(error.option_name)
        if meant is not None and meant.split()[0] in known:
            return meant
    return _alike(error.option_name, known)


def _alike(name: str, known: list[str]) -> str | None:
    found = get_close_matches(name, known, n=1, cutoff=_ALIKE)
    return found[0] if found else None


def _with(text: str, meant: str | None) -> str:
    return f"{text}; did you mean {meant}?" if meant else text
