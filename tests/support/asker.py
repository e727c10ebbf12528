"""Requests to ``linc serve`` as a page, or somebody else, would send them."""

from __future__ import annotations

import http.client
import json
from dataclasses import dataclass
from typing import Any

from lincodec.web.server import Server

#: The name of a file, which would be markup if it were taken for it.
HOSTILE = "<img src=x onerror=alert(1)>\" & 'x'.linc"


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    """By names in lower case."""
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Asker:
    """Sends requests, with the cookie unless told otherwise."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.cookie = f"linc{server.port}={server.token}"
        self.host = f"127.0.0.1:{server.port}"

    def ask(
        self, path: str, method: str = "GET", body: bytes | None = None, **headers: str | None
    ) -> Answer:
        """Send the path as it is; headers by names with ``_`` for dashes, None leaves one out."""
        given: dict[str, str | None] = {"Cookie": self.cookie, "Host": self.host}
        given |= {name.replace("_", "-").title(): value for name, value in headers.items()}
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=60)
        try:
            connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
            if body is not None:
                given["Content-Length"] = str(len(body))
            for name, value in given.items():
                if value is not None:
                    connection.putheader(name, value)
            connection.endheaders(body)
            answer = connection.getresponse()
            found = {name.lower(): value for name, value in answer.getheaders()}
            return Answer(answer.status, found, answer.read())
        finally:
            connection.close()

    def id(self, name: str) -> str:
        """Of the file with a name."""
        (found,) = (item["id"] for item in self.ask("/api/library").json if item["name"] == name)
        return str(found)
