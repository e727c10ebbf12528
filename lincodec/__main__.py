"""``python -m lincodec`` is ``linc``."""

from lincodec.cli.main import main

if __name__ == "__main__":
    main()
