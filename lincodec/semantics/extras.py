"""The transformers library, as everything here wants it."""

from __future__ import annotations

import logging
from typing import Any

from lincodec.system.extras import need


def transformers() -> Any:
    """The transformers library, quiet and without its own progress bars."""
    library: Any = need("transformers", "search")
    library.logging.set_verbosity_error()
    library.logging.disable_progress_bar()
    logging.getLogger("transformers").setLevel(logging.ERROR)
    return library
