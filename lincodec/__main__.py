"""``python -m lincodec`` is ``linc``."""

from __future__ import annotations

import signal


def main() -> None:
    """Run the command line; an interrupt while it is still loaded ends it without a word."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    from lincodec.cli.main import main as run

    run()


if __name__ == "__main__":
    main()
