"""What shells are offered for the value of an argument or option."""

from __future__ import annotations

from typing import Any

import click
from click.shell_completion import CompletionItem

#: Usual values of options whose values are free, by name.
_VALUES: dict[str, tuple[str, ...]] = {
    "--preset": ("instant", "fast", "medium", "slow", "paper-s", "paper-m", "paper-l"),
    "--res": ("4k", "8k", "1080p", "720p", "x2", "x1/2"),
    "--codec": ("h264", "hevc", "av1", "vp9", "prores", "ffv1", "h264_nvenc", "hevc_nvenc"),
    "--enc-preset": ("ultrafast", "superfast", "fast", "medium", "slow", "veryslow"),
    "--pix-fmt": ("yuv420p", "yuv420p10le", "yuv422p10le", "yuv444p"),
    "--device": ("auto", "cpu", "cuda", "cuda:0", "cuda:1"),
    "--map": ("all", "none", "audio", "subtitle", "audio:0", "subtitle:eng"),
    "--fps": ("24", "25", "30", "50", "60", "23.976", "29.97"),
    "--speed": ("1/2", "1/4", "2"),
    "--align": ("conse",),
}
#: Names of values that are files or folders.
_FILES, _FOLDERS = ("FILE",), ("DIR",)


class FileName(click.ParamType[str]):
    """A file name: any text, which shells complete."""

    name = "text"

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Leave it to the shell, which knows the files."""
        kind = "dir" if getattr(param, "metavar", None) in _FOLDERS else "file"
        return [CompletionItem(incomplete, type=kind)]


class Suggested(click.ParamType[str]):
    """Any text, for which shells offer usual values."""

    name = "text"

    def __init__(self, values: tuple[str, ...]) -> None:
        self._values = values

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """The values that begin so."""
        return [CompletionItem(value) for value in self._values if value.startswith(incomplete)]


def complete(params: list[click.Parameter]) -> None:
    """Give parameters that take any text a type that shells can complete."""
    for param in params:
        if param.type is not click.STRING:
            continue
        kind = _kind(param)
        if kind is not None:
            param.type = kind


def _kind(param: click.Parameter) -> Any:
    if isinstance(param, click.Argument):
        return None if param.name in ("query", "question", "shell") else FileName()
    if getattr(param, "metavar", None) in (*_FILES, *_FOLDERS):
        return FileName()
    return next((Suggested(_VALUES[opt]) for opt in param.opts if opt in _VALUES), None)
