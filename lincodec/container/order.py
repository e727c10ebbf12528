"""Which section may follow which (spec clause 4.4); shared by the writer and the reader."""

from __future__ import annotations

from lincodec import registry
from lincodec.container.cursor import require

#: A section that must be followed directly by another.
_FOLLOWED_BY = {
    registry.HEAD: registry.ARCH,
    registry.SEGM: registry.WGTS,
    registry.WGTS: registry.LATS,
    registry.INDX: registry.DONE,
}
#: A section that may only stand directly after one of these.
_ONLY_AFTER = {
    registry.ARCH: (registry.HEAD,),
    registry.TIME: (registry.ARCH,),
    registry.WGTS: (registry.SEGM,),
    registry.LATS: (registry.WGTS,),
}
#: Sections that stand after the last segment.
_AFTER_SEGMENTS = frozenset(
    {registry.DGST, registry.QLTY, registry.ALGN, registry.INDX, registry.DONE}
)


class SectionOrder:
    """Takes section types one by one and refuses the first that is out of place."""

    def __init__(self) -> None:
        self._previous: bytes | None = None
        self._seen: set[bytes] = set()
        self.count = 0
        """Sections accepted."""
        self.segments = 0
        """Segments begun."""

    @property
    def finished(self) -> bool:
        """Whether DONE was accepted."""
        return registry.DONE in self._seen

    def accept(self, kind: bytes) -> None:
        """Take the next section type.

        Raises:
            CorruptError: it may not stand here.
        """
        name = kind.decode("ascii")
        after = "the signature" if self._previous is None else self._previous.decode("ascii")
        require(not self.finished, f"section {name} after DONE")
        expected = registry.HEAD if self._previous is None else _FOLLOWED_BY.get(self._previous)
        if expected is not None:
            wanted = expected.decode("ascii")
            require(kind == expected, f"section {name} after {after}, expected {wanted}")
        in_place = kind not in _ONLY_AFTER or self._previous in _ONLY_AFTER[kind]
        require(in_place, f"section {name} cannot stand after {after}")
        first = kind not in registry.SINGLE_SECTIONS or kind not in self._seen
        require(first, f"section {name} stands twice")
        if kind in _AFTER_SEGMENTS:
            require(self.segments > 0, f"section {name} before any segment")
        if kind == registry.SEGM:
            closed = self._seen & _AFTER_SEGMENTS
            require(not closed, "section SEGM after a section that ends the segments")
            self.segments += 1
        self._seen.add(kind)
        self._previous = kind
        self.count += 1
