"""The routes of ``linc serve``."""

from __future__ import annotations

import mimetypes
from collections.abc import Awaitable, Callable
from importlib import resources
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from lincodec.errors import LincError
from lincodec.web import media, pictures
from lincodec.web.details import details, latent_map
from lincodec.web.site import FRESH, Refused, Site, choice_of, failure, item_of
from lincodec.web.windows import Stream, Window

#: Bytes of a picture that is searched for.
_LARGEST_PICTURE = 16 << 20


Handler = Callable[[Site, Request], Awaitable[Response]]


def application(site: Site) -> Starlette:
    """The application; ``Guard`` goes around it."""

    def routed(handler: Handler) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            try:
                return await handler(site, request)
            except Refused as refusal:
                return JSONResponse({"error": str(refusal)}, refusal.status)
            except LincError as error:
                return failure(site, request.path_params.get("id"), error)

        return endpoint

    gets: dict[str, Handler] = {
        "/": _page, "/page/{name}": _asset, "/player/{name}": _asset,
        "/api/library": _library, "/api/meta/{id}": _meta, "/api/details/{id}": _details,
        "/api/map/{id}": _map, "/api/thumb/{id}": media.thumb, "/api/search": _search,
        "/video/{id}/master.m3u8": media.master, "/video/{id}/{kind}.m3u8": media.playlist,
        "/video/{id}/{kind}/{name}": media.window, "/video/{id}/file": media.file,
        "/video/{id}/source": media.source, "/video/{id}/still.png": media.still,
        "/video/{id}/mp4": media.mp4, "/api/jobs": _jobs,
    }  # fmt: skip
    routes = [Route(path, routed(handler), methods=["GET"]) for path, handler in gets.items()]
    posts: dict[str, Handler] = {
        "/api/search": _search_picture, "/api/jobs": _job, "/api/jobs/{number:int}/cancel": _cancel,
    }  # fmt: skip
    routes += [Route(path, routed(handler), methods=["POST"]) for path, handler in posts.items()]
    app = Starlette(routes=routes)
    app.router.redirect_slashes = False
    return app


# ---------------------------------------------------------------- the page


async def _page(site: Site, request: Request) -> Response:
    return _packaged("page", "index.html")


async def _asset(site: Site, request: Request) -> Response:
    return _packaged(request.url.path.split("/")[1], request.path_params["name"])


def _packaged(folder: str, name: str) -> Response:
    base = resources.files("lincodec.web") / folder
    if name not in {entry.name for entry in base.iterdir()}:
        raise Refused(404, "no such file")
    kind = "application/wasm" if name.endswith(".wasm") else mimetypes.guess_type(name)[0]
    return Response((base / name).read_bytes(), media_type=kind, headers=FRESH)


# ---------------------------------------------------------------- what there is


async def _library(site: Site, request: Request) -> Response:
    items = await run_in_threadpool(site.library.items)
    return JSONResponse(
        [
            {
                "id": item.id,
                "name": item.path.name,
                "folder": item.folder,
                "size": item.size,
                "changed": item.changed,
                "damage": item.damage,
                "source_size": None if item.source is None else item.source.stat().st_size,
                **item.facts,
            }
            for item in items
        ],
        headers=FRESH,
    )


async def _meta(site: Site, request: Request) -> Response:
    """What a page needs to play a file."""
    item, (res, scale) = item_of(site, request), choice_of(request)

    def found() -> dict[str, Any]:
        stream = site.stream(item)
        _, windows = stream.plan(scale)
        sound, track = stream.sound_plan(), stream.audio
        codecs = stream.codecs(site.renderers, res, scale)
        return {
            "id": item.id, "name": item.path.name, "seconds": windows[-1].end,
            "video": {"type": f'video/mp4; codecs="{codecs}"', "windows": _spans(windows)},
            "audio": None if track is None else {
                "type": f'audio/mp4; codecs="{media.audio_name(track.codec, track.extradata)}"',
                "windows": _spans(sound),
            },
            "times": _frame_times(stream, scale), "has_source": item.source is not None,
        }  # fmt: skip

    return JSONResponse(await run_in_threadpool(found), headers=FRESH)


def _spans(windows: list[Window]) -> list[list[float]]:
    return [[round(window.begin, 6), round(window.end, 6)] for window in windows]


def _frame_times(stream: Stream, scale: int) -> dict[str, Any]:
    """Steps of the frames: one number where they are even, else all times."""
    times, _ = stream.plan(scale)
    begin, base = times.pts[0], times.time_base
    steps = {b - a for a, b in zip(times.pts, times.pts[1:], strict=False)}
    if len(steps) <= 1:
        return {"step": float(min(steps, default=times.last_duration) * base)}
    return {"at": [round(float((pts - begin) * base), 6) for pts in times.pts]}


async def _details(site: Site, request: Request) -> Response:
    return JSONResponse(await run_in_threadpool(details, item_of(site, request)), headers=FRESH)


async def _map(site: Site, request: Request) -> Response:
    return JSONResponse(await run_in_threadpool(latent_map, item_of(site, request)), headers=FRESH)


async def _search(site: Site, request: Request) -> Response:
    text = request.query_params.get("q", "").strip()
    if not 0 < len(text) <= 300:
        raise Refused(400, "what to search for? Up to 300 letters")
    found = await run_in_threadpool(site.finder.find, text, None)
    return JSONResponse(found, headers=FRESH)


async def _search_picture(site: Site, request: Request) -> Response:
    data = bytearray()
    async for part in request.stream():
        data += part
        if len(data) > _LARGEST_PICTURE:
            raise Refused(413, f"a picture of more than {_LARGEST_PICTURE >> 20} MiB")

    def found() -> dict[str, Any]:
        return site.finder.find(None, pictures.picture_of(bytes(data)))

    return JSONResponse(await run_in_threadpool(found), headers=FRESH)


# ---------------------------------------------------------------- encoding


async def _jobs(site: Site, request: Request) -> Response:
    return JSONResponse(site.jobs.listed(), headers=FRESH)


async def _job(site: Site, request: Request) -> Response:
    """Take a video in; the body is the file."""
    length = request.headers.get("content-length", "")
    if not length.isascii() or not length.isdigit() or int(length) == 0:
        raise Refused(411, "a file with a length was expected")
    name, preset = request.query_params.get("name", ""), request.query_params.get("preset", "")
    return JSONResponse(await site.jobs.add(name, preset, int(length), request.stream()), 201)


async def _cancel(site: Site, request: Request) -> Response:
    if not await run_in_threadpool(site.jobs.cancel, request.path_params["number"]):
        raise Refused(404, "no such job")
    return JSONResponse(site.jobs.listed())
