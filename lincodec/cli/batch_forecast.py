"""What a batch would come to: samples of some files, scaled up to all by their samples."""

from __future__ import annotations

import tempfile
from pathlib import Path

from lincodec.cli.session import Session
from lincodec.cli.text import human_bytes, human_time, printable
from lincodec.errors import LincError
from lincodec.options import EncodeOptions

#: Files that samples are encoded of.
_SAMPLED = 3


def tell_forecast(
    session: Session, named: list[str], folder: Path, options: EncodeOptions,
    shard: tuple[int, int], jobs: int,
) -> None:  # fmt: skip
    """Predict and print bytes and hours of what is not encoded yet.

    Raises:
        InputError: there is nothing of a name.
    """
    from lincodec.cluster.batch import Batch
    from lincodec.cluster.ledger import Ledger
    from lincodec.cluster.library import find
    from lincodec.cluster.shards import Shard
    from lincodec.video.probe import probe

    among = find(named)
    with tempfile.TemporaryDirectory() as empty:
        ledger = Ledger(Path(empty) / "ledger.sqlite")
        work = Batch(ledger, folder, options, jobs, lambda *_: None, replace=True, dry=True)
        work.look([source for source in among if source.belongs(Shard(*shard))], among)
        ledger.close()
    sizes: list[tuple[float, float, str]] = []
    unread = 0
    for source, _ in work.queued:
        try:
            found = probe(source.path)
        except LincError:
            unread += 1
            continue
        frames = found.estimated_frames or 0
        samples = found.info.width * found.info.height * frames / 1e6
        sizes.append((samples, frames / float(found.info.fps), source.path))
    size, seconds = _scaled(sizes, options)
    total = sum(length for _, length, _ in sizes)
    fields = {
        "output": str(folder), "dry_run": True, "queued": len(work.queued),
        "adopted": work.counts.adopted, "failed": work.counts.failed + unread,
        "video_seconds": total, "bytes": round(size), "seconds": seconds / jobs,
    }  # fmt: skip
    text = (
        f"{printable(str(folder))}  {len(work.queued)} files to encode, {human_time(total)} of "
        f"video, would take about {human_bytes(round(size))} and {human_time(seconds / jobs)}; "
        f"{work.counts.adopted} are there, {work.counts.failed + unread} cannot be read"
    )
    session.result(fields, text)


def _scaled(sizes: list[tuple[float, float, str]], options: EncodeOptions) -> tuple[float, float]:
    """Bytes and seconds of all, by those of a few of every size."""
    from lincodec.encoder.forecast import forecast

    ordered = sorted(sizes)
    count = min(_SAMPLED, len(ordered))
    chosen = [ordered[(2 * k + 1) * len(ordered) // (2 * count)] for k in range(count)]
    samples = size = seconds = 0.0
    for each, _, path in chosen:
        found = forecast(path, "", options)
        samples, size, seconds = samples + each, size + found.bytes, seconds + found.seconds
    share = sum(each for each, _, _ in sizes) / samples if samples else 0.0
    return size * share, seconds * share
