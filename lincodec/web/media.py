"""Routes of pictures, sound and whole files."""

from __future__ import annotations

import asyncio
import math
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, urlencode

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, Response

from lincodec import __version__
from lincodec.web import pictures
from lincodec.web.disk_cache import key_of
from lincodec.web.export import export_mp4
from lincodec.web.flights import Maker, Stop
from lincodec.web.live import Live
from lincodec.web.site import FOREVER, FRESH, Refused, Site, choice_of, failure, item_of, seconds_of

HLS = "application/vnd.apple.mpegurl"
_PIECE = 1 << 20


def audio_name(codec: str, extradata: bytes) -> str:
    """A codec as MediaSource and playlists name it."""
    return f"mp4a.40.{extradata[0] >> 3 if extradata else 2}" if codec == "aac" else codec


# ---------------------------------------------------------------- what is rendered


async def _made(
    site: Site, request: Request, kind: str, key: tuple[object, ...], make: Maker
) -> Response:
    """What is in the cache, else what is made now, sent as it comes."""
    item = request.path_params["id"]
    name = key_of(__version__, item, *key)
    tag = f'"{name}"'
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers={"ETag": tag, **FOREVER})
    headers = {"ETag": tag, **FOREVER}
    if (path := await run_in_threadpool(site.cache.get, name)) is not None:
        return FileResponse(path, media_type=kind, headers=headers)

    def keep(pieces: list[bytes]) -> None:
        asyncio.get_running_loop().run_in_executor(None, site.cache.put, name, pieces)

    flight = site.flights.join(name, make, keep)
    return Live(flight, kind, headers, lambda error: failure(site, item, error))


async def thumb(site: Site, request: Request) -> Response:
    """The frame at a time as a small JPEG."""
    item, at = item_of(site, request), seconds_of(request)
    at = min(at, max(0.0, item.facts.get("seconds", 0.0) - 1e-3))

    def make(stop: object) -> Iterator[bytes]:
        return pictures.thumbnail(item.path, at)

    return await _made(site, request, "image/jpeg", ("thumb", at), make)


async def still(site: Site, request: Request) -> Response:
    """The frame at a time as PNG."""
    item, at = item_of(site, request), seconds_of(request)

    def make(stop: object) -> Iterator[bytes]:
        return pictures.still(item.path, at)

    return await _made(site, request, "image/png", ("still", at), make)


async def window(site: Site, request: Request) -> Response:
    """A window of pictures or sound, or what it begins with."""
    item, (res, scale) = item_of(site, request), choice_of(request)
    kind, name = request.path_params["kind"], request.path_params["name"]
    stream = await run_in_threadpool(site.stream, item)
    number = _number(name)

    def sound(stop: object) -> Iterator[bytes]:
        yield stream.sound_init() if number is None else stream.sound(number)

    def init(stop: object) -> Iterator[bytes]:
        yield stream.init(site.renderers, res, scale)

    if kind == "a":
        plan = await run_in_threadpool(stream.sound_plan)
    else:
        plan = stream.plan(scale)[1] if kind == "v" else []
    if not plan or (number is not None and number >= len(plan)):
        raise Refused(404, "no such part")
    if kind == "a":
        return await _made(site, request, "audio/mp4", ("a", name), sound)
    if number is None:
        return await _made(site, request, "video/mp4", ("v", res, scale, name), init)
    return await _made(
        site, request, "video/mp4", ("v", res, scale, name),
        lambda stop: stream.window(site.renderers, res, scale, number, stop),
    )  # fmt: skip


def _number(name: str) -> int | None:
    """The window that a name says; None: the initialisation segment."""
    if name == "init.mp4":
        return None
    stem, _, suffix = name.rpartition(".")
    if suffix != "m4s" or not stem.isascii() or not stem.isdigit() or len(stem) > 7:
        raise Refused(404, "no such part")
    return int(stem)


# ---------------------------------------------------------------- other players


def _query(request: Request, *names: str) -> str:
    """What URLs of a playlist carry on; players without cookies send the token on."""
    kept = {name: value for name in names if (value := request.query_params.get(name)) is not None}
    return f"?{urlencode(kept)}" if kept else ""


async def master(site: Site, request: Request) -> Response:
    """The playlist of playlists, for players of HLS."""
    item, (res, scale) = item_of(site, request), choice_of(request)

    def text() -> str:
        stream = site.stream(item)
        width, height = stream.size(res)
        codecs, audio = [stream.codecs(site.renderers, res, scale)], ""
        lines = ["#EXTM3U", "#EXT-X-VERSION:7", "#EXT-X-INDEPENDENT-SEGMENTS"]
        if (track := stream.audio) is not None:
            codecs.append(audio_name(track.codec, track.extradata))
            audio = ',AUDIO="a"'
            lines.append(
                '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="main",DEFAULT=YES,AUTOSELECT=YES,'
                f'URI="a.m3u8{_query(request, "token")}"'
            )
        lines.append(
            f"#EXT-X-STREAM-INF:BANDWIDTH=8000000,RESOLUTION={width}x{height},"
            f'CODECS="{",".join(codecs)}"{audio}'
        )
        return "\n".join([*lines, f"v.m3u8{_query(request, 'res', 'scale', 'token')}", ""])

    return Response(await run_in_threadpool(text), media_type=HLS, headers=FRESH)


async def playlist(site: Site, request: Request) -> Response:
    """The windows of pictures or sound, for players of HLS."""
    item, (_, scale) = item_of(site, request), choice_of(request)
    stream, kind = await run_in_threadpool(site.stream, item), request.path_params["kind"]
    if kind == "a":
        plan = await run_in_threadpool(stream.sound_plan)
    else:
        plan = stream.plan(scale)[1] if kind == "v" else []
    if not plan:
        raise Refused(404, "no such track")
    query = _query(request, *(("res", "scale") if kind == "v" else ()), "token")
    longest = math.ceil(max(window.end - window.begin for window in plan))
    lines = [
        "#EXTM3U", "#EXT-X-VERSION:7", f"#EXT-X-TARGETDURATION:{longest}",
        "#EXT-X-PLAYLIST-TYPE:VOD", f'#EXT-X-MAP:URI="{kind}/init.mp4{query}"',
    ]  # fmt: skip
    for number, window in enumerate(plan):
        lines += [f"#EXTINF:{window.end - window.begin:.6f},", f"{kind}/{number}.m4s{query}"]
    text = "\n".join([*lines, "#EXT-X-ENDLIST", ""])
    return Response(text, media_type=HLS, headers=FRESH)


# ---------------------------------------------------------------- whole files


async def file(site: Site, request: Request) -> Response:
    """The .linc file itself."""
    item = item_of(site, request)
    return _download(item.path, "application/octet-stream")


async def source(site: Site, request: Request) -> Response:
    """The video beside it that it may have been made from."""
    item = item_of(site, request)
    if item.source is None:
        raise Refused(404, "its source is not beside it")
    return FileResponse(item.source, headers=FRESH)


def _download(path: Path, kind: str) -> Response:
    headers = {"Content-Disposition": _attachment(path.name), **FRESH}
    return FileResponse(path, media_type=kind, headers=headers)


async def mp4(site: Site, request: Request) -> Response:
    """An MP4 of at most ``size`` megabytes, which is made first."""
    item, wish = item_of(site, request), request.query_params.get("size")
    if wish is not None and not (wish.isascii() and wish.isdigit() and 0 < int(wish[:6]) < 10**5):
        raise Refused(404, "no such size")
    limit = None if wish is None else int(wish) * 1_000_000

    def make(stop: Stop) -> Iterator[bytes]:
        with tempfile.TemporaryDirectory(prefix="linc-mp4") as folder:
            path = Path(folder, "video.mp4")
            export_mp4(str(item.path), str(path), limit, progress=lambda _: stop.check())
            with path.open("rb") as file:
                while piece := file.read(_PIECE):
                    yield piece

    answer = await _made(site, request, "video/mp4", ("mp4", limit), make)
    answer.headers["Content-Disposition"] = _attachment(item.path.with_suffix(".mp4").name)
    return answer


def _attachment(name: str) -> str:
    return f"attachment; filename*=UTF-8''{quote(name)}"
