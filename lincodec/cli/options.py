"""Options that several commands share, and help in sections."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import click

from lincodec.cli import config
from lincodec.cli.completing import complete
from lincodec.cli.progress import MODES
from lincodec.cli.session import Session
from lincodec.cli.values import (
    Moment,
    parse_crop,
    parse_device,
    parse_moment,
    parse_number,
)
from lincodec.errors import UsageError
from lincodec.limits import Limits
from lincodec.options import LANCZOS, Span
from lincodec.video.tracks import check_selections

Command = Callable[..., Any]
Decorator = Callable[[Command], Command]


_SHOW = "--show-config"


class SectionedOption(click.Option):
    """An option that knows the section of the help text it belongs to."""

    def __init__(self, *args: Any, section: str = "General", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.section = section

    def resolve_envvar_value(self, ctx: click.Context) -> str | None:
        """By the name of the parameter, or of the option as it is typed."""
        found = super().resolve_envvar_value(ctx)
        for name in () if found else config.variables(ctx, [self]):
            found = found or os.environ.get(name) or None
        return found

    def process_value(self, ctx: click.Context, value: Any) -> Any:
        if isinstance(self.name, str):
            ctx.meta.setdefault("linc.raw", {})[self.name] = value
        return super().process_value(ctx, value)


class SectionedCommand(click.Command):
    """A command whose options are listed by section, in the order they were declared.

    Its defaults may come from a file and from the environment; ``--show-config`` prints them.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        complete(self.params)

    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: click.Context | None = None,
        **extra: Any,
    ) -> click.Context:
        table = (parent.default_map or {}).get(info_name or "") if parent else None
        if table and "default_map" not in extra:
            extra["default_map"] = config.defaults_for(self, table)
        required = [p for p in self.params if isinstance(p, click.Argument) and p.required]
        if _SHOW in args:  # then nothing is run, so nothing is missing
            for argument in required:
                argument.required = False
        try:
            context = super().make_context(info_name, args, parent, **extra)
            config.check_variables(context)
            return context
        finally:
            for argument in required:
                argument.required = True

    def invoke(self, ctx: click.Context) -> Any:
        if ctx.params.pop("show_config", False):
            click.echo(config.show(ctx))
            return None
        return super().invoke(ctx)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        sections: dict[str, list[tuple[str, str]]] = {}
        for param in self.get_params(ctx):
            record = param.get_help_record(ctx)
            if record is not None and isinstance(param, click.Option):
                section = getattr(param, "section", "General")
                sections.setdefault(section, []).append(record)
        general = sections.pop("General", [])
        for name, records in [*sections.items(), ("General", general)]:
            if records:
                with formatter.section(name):
                    formatter.write_dl(records, col_max=28)


def option(section: str, *names: str, **settings: Any) -> Decorator:
    """``click.option`` within a section of the help text."""
    return click.option(*names, cls=SectionedOption, section=section, **settings)


def value(
    section: str, *names: str, parse: Callable[[str], Any], metavar: str, help: str, **settings: Any
) -> Decorator:
    """An option whose text one of the parsers in ``values`` turns into a value."""

    def convert(ctx: click.Context, param: click.Parameter, text: Any) -> Any:
        try:
            if isinstance(text, tuple):
                return tuple(parse(item) for item in text)
            return None if text is None else parse(text)
        except UsageError as error:
            raise click.BadParameter(str(error), ctx, param) from error

    return option(section, *names, callback=convert, metavar=metavar, help=help, **settings)


class Number(click.ParamType[float]):
    """A finite number, decimal or a fraction, in a range whose ends may belong to it or not."""

    name = "number"

    def __init__(
        self, least: float, most: float, *, without_ends: bool = False, what: str = ""
    ) -> None:
        self._least, self._most, self._open, self._what = least, most, without_ends, what

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Check a value from the command line, the environment or a file."""
        try:
            number = parse_number(str(value))
        except UsageError as error:
            self.fail(str(error), param, ctx)
        inside = self._least <= number <= self._most
        if not inside or (self._open and number in (self._least, self._most)):
            between = "between" if self._open else "from"
            until = "and" if self._open else "to"
            self.fail(
                f"{value!s} is out of range: expected a number {between} {self._least:g} {until} "
                f"{self._most:g}{self._what}",
                param,
                ctx,
            )
        return number


def stacked(decorators: Sequence[Decorator]) -> Decorator:
    """Several option decorators as one, first one first in the help text."""

    def apply(command: Command) -> Command:
        for decorator in reversed(decorators):
            command = decorator(command)
        return command

    return apply


def _store(ctx: click.Context, param: click.Parameter, value: Any) -> None:
    """Keep an output option in the session, where ``main`` finds it even after an error."""
    session = ctx.find_object(Session)
    assert session is not None
    session.command = ctx.command_path.partition(" ")[2]
    assert param.name is not None
    setattr(session, param.name, value)


def _stored(*names: str, **settings: Any) -> Decorator:
    return option("General", *names, callback=_store, expose_value=False, is_eager=True, **settings)


def output_options(*, progress: bool) -> Decorator:
    """``--json -v -q`` and, for jobs that take a while, ``--progress``."""
    decorators = [
        _stored("--json", is_flag=True, help="Print the result as one line of JSON."),
        _stored("-v", "--verbose", count=True, help="Say more; traceback of internal errors."),
        _stored("-q", "--quiet", is_flag=True, help="Print errors only."),
        _stored("--log-file", metavar="FILE", help="Append what is said, and more, to FILE."),
        option(
            "General",
            _SHOW,
            is_flag=True,
            help="Print every option, its value and where it is from.",
        ),
    ]
    if progress:
        text = "Progress on standard error: a bar on a terminal, else a line every 10 s."
        decorators.insert(
            0, _stored("--progress", type=click.Choice(MODES), default="auto", help=text)
        )
    return stacked(decorators)


def overwrite_options() -> Decorator:
    """``-y`` and ``-n``."""
    return stacked(
        [
            option("Output", "-y", "--yes", is_flag=True, help="Replace the output if it exists."),
            option("Output", "-n", "--no", is_flag=True, help="Never replace it; do not ask."),
        ]
    )


def device_option() -> Decorator:
    """``--device``."""
    return value(
        "Model",
        "--device",
        parse=parse_device,
        metavar="NAME",
        help="auto, cpu, cuda or cuda:1.",
        default="auto",
        show_default=True,
    )


def track_options() -> Decorator:
    """``--map`` and ``--metadata``, passed on as ``tracks`` and ``metadata``."""

    def convert(ctx: click.Context, param: click.Parameter, texts: tuple[str, ...]) -> Any:
        try:
            check_selections(texts)
        except UsageError as error:
            raise click.BadParameter(str(error), ctx, param) from error
        return texts or ("all",)

    return stacked(
        [
            option(
                "Beside the pictures",
                "--map",
                "tracks",
                multiple=True,
                callback=convert,
                metavar="TRACKS",
                help="Further tracks to keep: all, none, audio, subtitle, audio:0, subtitle:eng; "
                "may be repeated.  [default: all]",
            ),
            option(
                "Beside the pictures",
                "--metadata/--no-metadata",
                default=True,
                help="Keep tags (title, date, place, camera), titles and chapters, or drop them "
                "for privacy.",
            ),
        ]
    )


def crop_option() -> Decorator:
    """``--crop``."""
    return value(
        "Picture",
        "--crop",
        parse=parse_crop,
        metavar="WxH+X+Y",
        help="This part only, in samples of the stored picture; --res then sizes it.",
    )


def upscale_option() -> Decorator:
    """``--upscale``."""
    return option(
        "Picture",
        "--upscale",
        default=LANCZOS,
        show_default=True,
        metavar="lanczos|MODEL.onnx",
        help="How pictures get larger: by a filter, or by a model (needs lincodec[upscale]).",
    )


def align_weight_option() -> Decorator:
    """``--align-weight``."""
    return option(
        "Meaning",
        "--align-weight",
        type=Number(0, 1e6, without_ends=True),
        default=0.01,
        show_default=True,
        metavar="LAMBDA",
        help="How much a better cosine to the model may cost.",
    )


def backend_option() -> Decorator:
    """``--backend``."""
    return option(
        "Model",
        "--backend",
        type=click.Choice(["auto", "torch", "csr", "triton", "tcnn"]),
        default="auto",
        show_default=True,
        help="What computes the hash grid of a paper preset's file.",
    )


def limit_option(section: str = "Depth") -> Decorator:
    """``--limit``, passed on as ``limits``."""

    def convert(ctx: click.Context, param: click.Parameter, pairs: tuple[str, ...]) -> Limits:
        limits = Limits()
        try:
            for pair in pairs:
                limits = limits.replaced(pair)
            return limits
        except UsageError as error:
            raise click.BadParameter(str(error), ctx, param) from error

    return option(
        section,
        "--limit",
        "limits",
        multiple=True,
        callback=convert,
        metavar="NAME=N",
        help="Raise a limit that an error names, for a file you trust.",
    )


def span_options() -> Decorator:
    """``--start --end --duration --frames``, passed on as four arguments."""
    where = "Times are 12.5, 00:01:02.5, 1m30s or 300f (frames); negative: from the end."
    return stacked(
        [
            _moment("--start", f"First moment. {where}"),
            _moment("--end", "Moment where it ends, itself excluded."),
            _moment("--duration", "Length instead of --end."),
            option("Part", "--frames", type=click.IntRange(min=1), help="At most this many."),
        ]
    )


def _moment(name: str, help: str) -> Decorator:
    return value("Part", name, parse=parse_moment, metavar="TIME", help=help)


def span_from(
    start: Moment | None,
    end: Moment | None,
    duration: Moment | None,
    frames: int | None,
    fps: Callable[[], float],
) -> Span:
    """The span that the four options describe.

    Args:
        fps: Gives frames per second; called only when a time is counted in frames.

    Raises:
        UsageError: both an end and a duration, or a duration that is not positive.
    """
    if end is not None and duration is not None:
        raise UsageError("--end and --duration cannot be used together")
    counted = any(m is not None and m.frames is not None for m in (start, end, duration))
    rate = fps() if counted else 1.0
    begin = None if start is None else start.at(rate)
    if duration is None:
        return Span(begin, None if end is None else end.at(rate), frames)
    length = duration.at(rate)
    if length <= 0:
        raise UsageError(f"--duration {length:g} s: expected more than 0")
    stop = (begin or 0.0) + length
    reaches_the_end = begin is not None and begin < 0 and stop >= 0
    return Span(begin, None if reaches_the_end else stop, frames)


def exclusive(names: Iterable[str]) -> None:
    """Check that at most one of the options was given.

    Raises:
        UsageError: names the first two.
    """
    first, second = ([*names, "", ""])[:2]
    if second:
        names = (name.replace("_", "-") for name in (first, second))
        raise UsageError("--{} and --{} cannot be used together".format(*names))
