"""``linc batch``: encode a library."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lincodec.cli.batch_progress import BatchDisplay
from lincodec.cli.encode_options import encode_options, jobs_option, options_from, source_cache
from lincodec.cli.many import SOME_FAILED
from lincodec.cli.options import SectionedCommand, option, output_options, value
from lincodec.cli.session import Session
from lincodec.cli.text import human_time, printable
from lincodec.cli.values import parse_duration, parse_shard
from lincodec.errors import UsageError

if TYPE_CHECKING:
    from lincodec.cluster.batch import Batch, Indexer
    from lincodec.options import StopRequest

_HELP = """Encode all videos of PATHS: files, folders with all below them, quoted patterns.

\b
Examples:
  linc batch videos/ -o coded/                  again: only what is new
  linc batch videos/ -o coded/ --preset fast --jobs 4
  linc batch videos/ -o coded/ --dry-run        what it would come to
  linc batch videos/ -o coded/ --shard 3/16     on one of 16 machines
  linc batch videos/ -o coded/ --watch          goes on with what comes
  linc batch videos/ -o coded/ --align conse --index coded/.linc-index
  linc batch --from list.txt -o coded/

A finished file says what it was made from, so that nothing is encoded twice; it gets the time of
its source. A file that cannot be encoded keeps nobody else: it is noted, and the exit code is 9
while there is any. Ctrl-C once finishes what runs, twice stops at once; the same command goes on.
"""

#: Exit code after an interrupt that let running files finish.
_STOPPED = 130
#: Seconds between looks at the folders with ``--watch``.
_WATCHED = 2.0


@click.command("batch", cls=SectionedCommand, help=_HELP)
@click.argument("sources", nargs=-1, metavar="PATHS...")
@option("Output", "-o", "--output", required=True, metavar="DIR", help="Folder of the .linc files.")
@option("Output", "-y", "--yes", is_flag=True, help="Replace files there that no batch made.")
@option("Files", "--from", "listed", metavar="FILE", help="Paths from a file, one a line; - too.")
@value(
    "Files",
    "--shard",
    parse=parse_shard,
    metavar="I/N",
    help="Encode every Nth file from the Ith, from 0; the others are other machines'.",
)
@option("Files", "--retry-failed", is_flag=True, help="Try again what has failed before.")
@option("Files", "--watch", is_flag=True, help="Go on with files that come, until Ctrl-C.")
@value(
    "Files",
    "--settle",
    parse=parse_duration,
    metavar="TIME",
    help="With --watch: a file is complete when it has not changed for so long; default: 10.",
)
@option("Meaning", "--index", metavar="DIR", help="Take finished files into this index too.")
@encode_options()
@jobs_option("Files that are encoded side by side, each in a process.")
@option(
    "File",
    "--metrics",
    metavar="FILE|PORT",
    help="Figures for Prometheus: a file that is kept up to date, or /metrics on a port.",
)
@option("Files", "--dry-run", is_flag=True, help="Predict bytes and hours, and write nothing.")
@output_options(progress=True)
@click.pass_obj
def batch(session: Session, /, sources: tuple[str, ...], output: str, **given: Any) -> None:
    """Run the batch and report it; the help text is above."""
    from lincodec.cluster.ledger import open_ledger
    from lincodec.cluster.library import listed
    from lincodec.cluster.metrics import metrics_for

    if given["index"] and not given["align"]:
        raise UsageError("--index: files without --align hold nothing to find; add --align MODEL")
    if given["max_time"] is not None:
        raise UsageError("--max-time: is of one file; expected none for a batch")
    named = [*sources, *(listed(given["listed"]) if given["listed"] else [])]
    if not named:
        raise UsageError("name files or folders, or --from FILE")
    options = options_from({**given, "resume": True}, _no_rate)
    shard = given["shard"] or (0, 1)
    folder, begun = Path(output), time.monotonic()
    if given["dry_run"]:
        from lincodec.cli.batch_forecast import tell_forecast

        tell_forecast(session, named, folder, options, shard, given["jobs"])
        return
    with (
        open_ledger(folder, f"{shard[0]}-of-{shard[1]}") as ledger,
        BatchDisplay.of(session, given["jobs"]) as display,
        metrics_for(given["metrics"]) as metrics,
        session.interrupts.finishing(quiet=session.quiet) as stop,
    ):
        from lincodec.cluster.batch import Batch

        def listener(kind: str, fields: Mapping[str, Any]) -> None:
            metrics.take(kind, fields)
            display(kind, fields)

        work = Batch(
            ledger, folder, options, given["jobs"], listener, given["retry_failed"], given["yes"],
            _indexer(given["index"]), source_cache(given),
        )  # fmt: skip
        settle = given["settle"] or 10.0
        _run(session, work, named, shard, stop, settle if given["watch"] else None)
    counts = asdict(work.counts)
    failed = work.counts.failed + work.counts.failed_before
    seconds = time.monotonic() - begun
    said = ", ".join(f"{n} {kind.replace('_', ' ')}" for kind, n in counts.items() if n)
    text = f"{printable(output)}  {said or 'nothing to do'}  in {human_time(seconds)}"
    session.result({"output": output, **counts, "seconds": seconds}, text)
    if stop.requested:
        raise click.exceptions.Exit(_STOPPED)
    if failed:
        raise click.exceptions.Exit(SOME_FAILED)


def _run(
    session: Session, work: Batch, named: list[str], shard: tuple[int, int], stop: StopRequest,
    settle: float | None,
) -> None:  # fmt: skip
    """Encode what there is, and with ``settle`` seconds what comes."""
    from lincodec.cluster.batch import Settled
    from lincodec.cluster.library import find
    from lincodec.cluster.shards import Shard

    settled = None if settle is None else Settled(settle)
    while True:
        among = find(named)
        mine = [source for source in among if source.belongs(Shard(*shard))]
        work.look(settled.among(mine) if settled else mine, among)
        if work.queued or settled is None:
            work.listener("batch-begin", asdict(work.counts))
        work.run(stop)
        if settled is None or _waited(session, stop):
            return


def _waited(session: Session, stop: StopRequest) -> bool:
    """Wait until the next look; whether the user wants no more."""
    for _ in range(round(_WATCHED / 0.1)):
        session.interrupts.check()
        if stop.requested:
            return True
        time.sleep(0.1)
    return False


def _indexer(folder: str | None) -> Indexer | None:
    """What takes finished files into an index."""
    if folder is None:
        return None
    from lincodec.semantics.index import Index

    def add(files: Sequence[str]) -> None:
        with Index(folder) as opened:
            opened.add(files)

    return add


def _no_rate() -> float:
    raise UsageError("times in frames: files of a batch may differ in rate; expected seconds")
