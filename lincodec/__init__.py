"""linc: a neural video codec in one self-describing file.

What is listed here is the public interface, which semantic versioning covers; ``docs/api.md``
shows it at work. Every other module is private. Nothing is imported before it is used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

__version__ = "0.1.0"

__all__ = [
    "ChecksumError",
    "CompareReport",
    "CorruptError",
    "Crop",
    "DecodeOptions",
    "DecodeReport",
    "EncodeOptions",
    "EncodeReport",
    "Frame",
    "FrameBatch",
    "Hit",
    "Index",
    "InputError",
    "LimitError",
    "Limits",
    "LincError",
    "Progress",
    "ResourceError",
    "SearchReport",
    "StopRequest",
    "TargetError",
    "TruncatedError",
    "UnsupportedError",
    "UsageError",
    "VerifyError",
    "VerifyReport",
    "Video",
    "VideoMetadata",
    "__version__",
    "compare",
    "decode",
    "encode",
    "info",
    "open",
    "verify",
]

if TYPE_CHECKING:
    from lincodec.api.frames import Frame, FrameBatch
    from lincodec.api.index import Index
    from lincodec.api.jobs import compare, decode, encode
    from lincodec.api.metadata import VideoMetadata
    from lincodec.api.video import Video, open
    from lincodec.crop import Crop
    from lincodec.decoder.info import info
    from lincodec.decoder.verify import VerifyReport, verify
    from lincodec.errors import (
        ChecksumError,
        CorruptError,
        InputError,
        LimitError,
        LincError,
        ResourceError,
        TargetError,
        TruncatedError,
        UnsupportedError,
        UsageError,
        VerifyError,
    )
    from lincodec.limits import Limits
    from lincodec.options import (
        DecodeOptions,
        DecodeReport,
        EncodeOptions,
        EncodeReport,
        Progress,
        StopRequest,
    )
    from lincodec.semantics.search import Hit, SearchReport
    from lincodec.tools.compare import CompareReport
else:
    #: Where the names live, the same as above.
    _HOMES = {
        name: module
        for module, names in {
            "api.frames": "Frame FrameBatch",
            "api.index": "Index",
            "api.jobs": "compare decode encode",
            "api.metadata": "VideoMetadata",
            "api.video": "Video open",
            "crop": "Crop",
            "decoder.info": "info",
            "decoder.verify": "VerifyReport verify",
            "errors": "ChecksumError CorruptError InputError LimitError LincError ResourceError "
            "TargetError TruncatedError UnsupportedError UsageError VerifyError",
            "limits": "Limits",
            "options": "DecodeOptions DecodeReport EncodeOptions EncodeReport Progress StopRequest",
            "semantics.search": "Hit SearchReport",
            "tools.compare": "CompareReport",
        }.items()
        for name in names.split()
    }

    def __getattr__(name: str) -> object:
        """A public name, imported when it is first used (PEP 562)."""
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        found = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
        globals()[name] = found
        return found

    def __dir__() -> list[str]:
        return sorted({*globals(), *__all__})
