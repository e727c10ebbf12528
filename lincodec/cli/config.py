"""Defaults from a file and from the environment, and where every value came from.

What is given on the command line comes first, then ``LINC_<COMMAND>_<OPTION>`` of the environment,
then the file, then the preset and the built-in defaults.
"""

from __future__ import annotations

import enum
import json
import os
import tomllib
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from lincodec.errors import UsageError

#: Where the context keeps the user's own presets.
_PRESETS = "linc.presets"
#: Prefix of the environment variables, such as LINC_ENCODE_PRESET.
PREFIX = "LINC"

_ORIGINS = {
    ParameterSource.COMMANDLINE: "command line",
    ParameterSource.ENVIRONMENT: "environment",
    ParameterSource.DEFAULT_MAP: "file",
    ParameterSource.PROMPT: "prompt",
}


#: Variables that are no option: the usual index, and what tests of linc read.
_OTHERS = {"LINC_INDEX", "LINC_MEDIA", "LINC_REQUIRE_MEDIA", "LINC_REQUIRE_GPU"}


def variables(ctx: click.Context, params: Iterable[click.Parameter]) -> list[str]:
    """Names of the environment variables of some parameters of a command."""
    prefix = ctx.auto_envvar_prefix
    names = [
        name
        for param in params
        for name in (param.name or "", *(opt[2:] for opt in param.opts if opt.startswith("--")))
    ]
    return [f"{prefix}_{name.upper().replace('-', '_')}" for name in names if name and prefix]


def check_variables(ctx: click.Context) -> None:
    """Refuse variables that look like an option of the command and are none.

    Raises:
        UsageError: names one, and what it may be meant to be.
    """
    known = variables(ctx, ctx.command.params)
    for name in os.environ:
        if name.startswith(f"{ctx.auto_envvar_prefix}_") and name not in known:
            near = get_close_matches(name, known, n=1)
            meant = f"did you mean {near[0]}?" if near else "unset it"
            raise UsageError(f"{name} is set, but {ctx.command_path} has no such option; {meant}")


def check_commands(commands: Iterable[str]) -> None:
    """Refuse variables that begin as ours do and name no command.

    Raises:
        UsageError: names one.
    """
    starts = tuple(f"{PREFIX}_{command.upper()}_" for command in commands)
    for name in os.environ:
        if name.startswith(f"{PREFIX}_") and name not in _OTHERS and not name.startswith(starts):
            raise UsageError(
                f"{name} is set, but means nothing to linc; options are LINC_<COMMAND>_<OPTION>, "
                "such as LINC_ENCODE_PRESET"
            )


def default_path() -> Path:
    """Where the file is when none is named: in the folder for settings of the system."""
    return Path(click.get_app_dir("linc")) / "config.toml"


def read(path: Path | None) -> dict[str, Any]:
    """The tables of a file, one a command; empty when no file is named and there is none.

    Tables inside of ``presets`` are presets of the user's own.

    Raises:
        UsageError: the file cannot be read, or is not TOML with a table for each command.
    """
    named, path = path, path or default_path()
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        if named is None:
            return {}
        raise UsageError(f"{path}: no such file; see linc --help for --config") from error
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: cannot be read: {error}") from error
    except RecursionError as error:
        raise UsageError(f"{path}: is nested too deeply for settings") from error
    except ValueError as error:  # not TOML, or a number of thousands of digits
        raise UsageError(f"{path}: is not TOML: {error}") from error
    for name, table in found.items():
        if not isinstance(table, dict):
            raise UsageError(f"{path}: {name} stands outside of a table such as [encode]")
    return found


def own_presets() -> dict[str, dict[str, Any]]:
    """The user's own presets by name: the tables [presets.NAME] of the file."""
    found: dict[str, dict[str, Any]] = click.get_current_context().meta.get(_PRESETS, {})
    return found


def load(ctx: click.Context, param: click.Parameter, value: str | None) -> None:
    """Callback of ``--config``: the file's tables become the defaults of the commands."""
    group = ctx.command
    assert isinstance(group, click.Group)
    tables = read(None if value is None else Path(value))
    unknown = sorted(set(tables) - set(group.list_commands(ctx)))
    if unknown:
        raise UsageError(f"config file: there is no command {unknown[0]!r}")
    listed = tables.get("presets", {})  # options of the command of that name, and tables
    ctx.meta[_PRESETS] = {name: item for name, item in listed.items() if isinstance(item, dict)}
    options = {name: item for name, item in listed.items() if not isinstance(item, dict)}
    ctx.default_map = {**tables, "presets": options}


def defaults_for(command: click.Command, table: Mapping[str, Any]) -> dict[str, Any]:
    """A file's table for one command, by the names its parameters have in the code.

    Raises:
        UsageError: the command has no such option, or not this kind of value.
    """
    params = {
        opt.removeprefix("--"): param
        for param in command.params
        if isinstance(param, click.Option)
        for opt in param.opts
        if opt.startswith("--")
    }
    found: dict[str, Any] = {}
    for key, value in table.items():
        param = params.get(key)
        if param is None or param.name is None:
            raise UsageError(f"config file: linc {command.name} has no option --{key}")
        found[param.name] = _value(f"{command.name}.{key}", param, value)
    return found


def _value(name: str, param: click.Option, value: Any) -> Any:
    """A value of TOML as the command line would have given it."""
    if param.is_flag:
        if not isinstance(value, bool):
            raise UsageError(f"config file: {name} is {value!r}, expected true or false")
        return value
    if param.multiple:
        if not isinstance(value, list):
            raise UsageError(f"config file: {name} is {value!r}, expected a list")
        return [str(item) for item in value]
    if isinstance(value, bool | list | dict):
        raise UsageError(f"config file: {name} is {value!r}, expected one value")
    return str(value)


def show(ctx: click.Context) -> str:
    """Every option of a command with its value and where that is from; it can serve as a file."""
    lines = [f"[{ctx.command.name}]"]
    for param in ctx.command.params:
        if not isinstance(param, click.Option) or param.name is None:
            continue
        names = [opt[2:] for opt in param.opts if opt.startswith("--")]
        if not names or names[0] in ("show-config", "help"):
            continue
        source = ctx.get_parameter_source(param.name)
        origin = _ORIGINS.get(source, "default") if source else "default"
        text = _written(_given(ctx, param, names[0], source))
        lines.append(f"{names[0]} = {text}  # {origin}" if text else f"# {names[0]}: {origin}")
    return "\n".join(lines)


def _given(
    ctx: click.Context, param: click.Option, name: str, source: ParameterSource | None
) -> Any:
    """The value as it was given, before it was parsed."""
    if source == ParameterSource.ENVIRONMENT and param.name is not None:
        stem = f"{PREFIX}_{(ctx.command.name or '').upper()}"
        return os.environ.get(f"{stem}_{param.name.upper()}", "")
    raw = ctx.meta.get("linc.raw", {}).get(param.name)
    return param.get_default(ctx) if raw is None else raw


def _written(value: Any) -> str:
    """As TOML; empty when there is no value."""
    if value is None or value in ((), []) or isinstance(value, enum.Enum):  # click's "not set"
        return ""
    if isinstance(value, list | tuple):
        return json.dumps([str(item) for item in value], ensure_ascii=False)
    if isinstance(value, bool):
        return json.dumps(value)
    return json.dumps(str(value), ensure_ascii=False)
