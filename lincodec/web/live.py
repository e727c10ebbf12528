"""A response that is sent while it is made, and given up with the connection."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import aclosing, suppress
from typing import TYPE_CHECKING

from starlette.responses import Response

from lincodec.errors import LincError
from lincodec.web.flights import Cancelled, Flight

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send


class Live(Response):
    """The pieces of a flight."""

    def __init__(
        self,
        flight: Flight,
        kind: str,
        headers: Mapping[str, str],
        failed: Callable[[LincError], Response],
    ) -> None:
        """
        Args:
            flight: what is sent.
            kind: its media type.
            headers: of the response.
            failed: the response to an error before the first piece.
        """
        super().__init__(None, 200, headers, kind)
        del self.headers["content-length"]
        self._flight, self._failed = flight, failed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send until it ends, or until the other side goes."""
        with self._flight.listening():
            sending = asyncio.ensure_future(self._send(scope, receive, send))
            gone = asyncio.ensure_future(_disconnected(receive))
            try:
                await asyncio.wait({sending, gone}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                gone.cancel()
                if not sending.done():
                    sending.cancel()
                with suppress(asyncio.CancelledError, Cancelled):
                    await sending

    async def _send(self, scope: Scope, receive: Receive, send: Send) -> None:
        begun = False
        try:
            async with aclosing(self._flight.stream()) as pieces:  # type: ignore[type-var]
                async for piece in pieces:
                    if not begun:
                        await send(self._start())
                        begun = True
                    await send({"type": "http.response.body", "body": piece, "more_body": True})
        except LincError as error:
            if begun:
                raise  # the connection breaks, so that nobody takes the part for the whole
            await self._failed(error)(scope, receive, send)
            return
        except Cancelled:
            if not begun:
                await Response(status_code=503, headers={"Retry-After": "1"})(scope, receive, send)
            return
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    def _start(self) -> dict[str, object]:
        return {
            "type": "http.response.start",
            "status": self.status_code,
            "headers": self.raw_headers,
        }


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
