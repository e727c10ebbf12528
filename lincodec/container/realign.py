"""Writing a file again with other ancillary sections; segments are copied byte for byte."""

from __future__ import annotations

from collections.abc import Sequence
from typing import BinaryIO

from lincodec import registry
from lincodec.container.alignment import AlignmentData
from lincodec.container.reader import LincFile
from lincodec.container.writer import LincWriter

#: Sections that stand after aLGN in canonical order (spec clause 3).
_AFTER = frozenset({registry.META, registry.INDX, registry.DONE})


def write_aligned(source: LincFile, out: BinaryIO, added: Sequence[AlignmentData]) -> None:
    """Copy a file and add alignments; one to the same model and revision is replaced.

    Args:
        source: an open file.
        out: where the new file goes.
        added: alignments of this very file.

    Raises:
        CorruptError: a section of the source is damaged.
    """
    keys = {(data.model, data.revision) for data in added}
    kept = [data for data in source.alignments() if (data.model, data.revision) not in keys]
    writer, indexed, written = LincWriter(out), False, False
    for kind, payload in source.payloads():
        ends = kind in _AFTER and bool(writer.segments)
        if ends and not written:
            for data in [*kept, *added]:
                writer.add(registry.ALGN, data.pack())
            written = True
        indexed |= kind == registry.INDX
        if kind not in (registry.ALGN, registry.INDX, registry.DONE):
            writer.add(kind, payload)
    writer.finish(index=indexed)
