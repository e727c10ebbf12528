"""Who may ask, and what a page may do: every request passes here."""

from __future__ import annotations

import secrets
import time
from http.cookies import CookieError, SimpleCookie
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, RedirectResponse

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

#: Paths where the token may stand in the URL, for players that have no cookies.
_OPEN_PATHS = "/video/"
_METHODS = ("GET", "HEAD", "POST")
_POLICY = (
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; "
    "img-src 'self' blob: data:; media-src 'self' blob:; connect-src 'self'; worker-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


class Guard:
    """Lets requests through that have the token, name this machine and come from its own page."""

    def __init__(self, app: ASGIApp, token: str, hosts: tuple[str, ...], port: int) -> None:
        """
        Args:
            app: what is guarded.
            token: whoever has it may ask.
            hosts: names that this machine answers to.
            port: that it listens at.
        """
        self._app, self._token = app, token
        self._hosts = {f"{host}:{port}" for host in hosts} | (set(hosts) if port == 80 else set())
        self._cookie = f"linc{port}"  # cookies know no ports
        self.asked = time.monotonic()
        """When somebody last asked for something and was let through."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer what may not be, hand on the rest."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self._app(scope, receive, send)
            return

        async def sealed(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers[name] = value
            await send(message)

        refusal = self._refusal(scope)
        if refusal is None:
            self.asked = time.monotonic()
        await (refusal or self._app)(scope, receive, sealed)

    def _refusal(self, scope: Scope) -> PlainTextResponse | RedirectResponse | None:
        headers = Headers(scope=scope)
        if headers.get("host", "").lower() not in self._hosts:
            return PlainTextResponse("this server has another name\n", 400)
        if scope["method"] not in _METHODS:
            return PlainTextResponse("no such method\n", 405)
        query = parse_qs(scope["query_string"].decode("latin-1"))
        given = query.get("token", [""])[0]
        has_token = secrets.compare_digest(given.encode(), self._token.encode())
        if scope["path"] == "/" and given:
            return self._welcome(query) if has_token else _forbidden("a wrong token")
        if headers.get("sec-fetch-site", "none") not in ("same-origin", "none"):
            return _forbidden("another site asks")
        if scope["method"] == "POST" and headers.get("origin") != f"http://{headers['host']}":
            return _forbidden("another site asks")
        if scope["path"].startswith(_OPEN_PATHS) and has_token:
            return None
        known = self._given_cookie(headers)
        if not secrets.compare_digest(known.encode(), self._token.encode()):
            return _forbidden("open the address that linc serve printed, with its token")
        return None

    def _given_cookie(self, headers: Headers) -> str:
        try:
            found = SimpleCookie(headers.get("cookie", "")).get(self._cookie)
        except CookieError:
            return ""
        return found.value if found else ""

    def _welcome(self, query: dict[str, list[str]]) -> RedirectResponse:
        """Give the cookie, and leave the token out of the address."""
        view = query.get("open", [""])[0]
        place = f"/#/watch/{view}" if view.isalnum() else "/"
        answer = RedirectResponse(place, 303)
        answer.set_cookie(self._cookie, self._token, httponly=True, samesite="strict")
        return answer


def _forbidden(why: str) -> PlainTextResponse:
    return PlainTextResponse(f"forbidden: {why}\n", 403)
