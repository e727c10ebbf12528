"""What the routes of ``linc serve`` share: its files, its work, and how it refuses."""

from __future__ import annotations

import math
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from lincodec.errors import CorruptError, LincError, ResourceError
from lincodec.web.disk_cache import DiskCache
from lincodec.web.finder import Finder
from lincodec.web.flights import Flights
from lincodec.web.jobs import Jobs
from lincodec.web.library import Item, Library
from lincodec.web.windows import SCALES, SIDES, Renderers, Stream

#: Headers of what never changes, and of what may.
FOREVER = {"Cache-Control": "private, max-age=31536000, immutable"}
FRESH = {"Cache-Control": "no-cache"}


@dataclass
class Site:
    """Everything that the routes share."""

    library: Library
    cache: DiskCache
    finder: Finder
    flights: Flights
    renderers: Renderers
    jobs: Jobs

    def __post_init__(self) -> None:
        self._streams: dict[str, Stream] = {}

    def close(self) -> None:
        """Stop all work."""
        self.jobs.close()
        self.flights.close()
        self.renderers.close()

    def stream(self, item: Item) -> Stream:
        """The stream of a file, opened once."""
        if item.id not in self._streams:
            self._streams[item.id] = Stream(item.path)
        return self._streams[item.id]


class Refused(Exception):
    """A request that gets an answer other than what it asked for."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


def failure(site: Site, identity: str | None, error: LincError) -> Response:
    """What a page is told when something is wrong; a damaged file is marked as such."""
    if isinstance(error, CorruptError):
        if identity is not None:
            site.library.mark(identity, str(error))
        return JSONResponse({"error": str(error), "damaged": True}, 422)
    if isinstance(error, ResourceError):
        return JSONResponse({"error": str(error)}, 503, {"Retry-After": "1"})
    return JSONResponse({"error": str(error)}, 400)


def item_of(site: Site, request: Request) -> Item:
    item = site.library.get(request.path_params["id"])
    if item is None:
        raise Refused(404, "no such video")
    return item


def choice_of(request: Request) -> tuple[str, int]:
    """Size and rate that are asked for."""
    res, scale = request.query_params.get("res", "native"), request.query_params.get("scale", "1")
    if res not in SIDES or scale not in {str(known) for known in SCALES}:
        raise Refused(404, "no such size or rate")
    return res, int(scale)


def seconds_of(request: Request) -> float:
    try:
        at = float(request.query_params.get("t", "0"))
    except ValueError:
        at = math.nan
    if not math.isfinite(at) or at < 0:
        raise Refused(404, "no such time")
    return at
