"""``linc worker``: what ``--jobs`` starts; not for people."""

from __future__ import annotations

import click


@click.command("worker", hidden=True)
def worker() -> None:
    """Take tasks as JSON lines on standard input, until it ends."""
    from lincodec.cluster.worker import main

    main()
