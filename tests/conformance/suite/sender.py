"""Two ways to an answer: the store in this process, and the gateway over its socket."""

import http.client
import json
import socket
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import jwt

from changeover.engine.message import Message, Reply
from suite.case import Sent, Within
from suite.preset import SECRET

Send = Callable[[Sent], Reply]

# What a request line holds as it is; all else is percent-encoded, as every client does.
SAFE = "!#$%&'()*+,-./:;=?@[]_~"


def _token(sent: Sent) -> str:
    members = {
        name: int(time.time()) + value.seconds if isinstance(value, Within) else value
        for name, value in (sent.claims or {}).items()
    }
    secret = members.pop("@secret", SECRET)
    # Claims are checked by PyJWT while encoding; the suite wants to send bad ones too.
    payload = json.dumps(members).encode()
    return jwt.api_jws.encode(payload, secret, algorithm="HS256")


def headers_of(sent: Sent) -> list[tuple[str, str]]:
    """Return the headers of a request, the token among them."""
    headers = list(sent.headers)
    if sent.authorization is not None:
        headers.append(("Authorization", sent.authorization))
    elif sent.claims is not None:
        scheme = dict(headers).get("X-Scheme", "Bearer")
        headers.append(("Authorization", f"{scheme} {_token(sent)}"))
    return headers


def message_of(sent: Sent) -> Message:
    """Return a request as the store takes it."""
    path, _, query = quote(sent.target, safe=SAFE).partition("?")
    return Message(
        method=sent.method,
        path=path,
        query=query,
        headers=tuple((name.lower(), value) for name, value in headers_of(sent)),
        body=sent.content,
    )


class _UnixConnection(http.client.HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=60)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(60)
        self.sock.connect(str(self._path))


class HttpSender:
    """Sends over one connection that is kept."""

    def __init__(self, path: Path) -> None:
        """Remember where; the first request connects."""
        self._connection = _UnixConnection(path)

    def __call__(self, sent: Sent) -> Reply:
        """Return the answer to a request."""
        connection = self._connection
        connection.putrequest(sent.method, quote(sent.target, safe=SAFE), skip_accept_encoding=True)
        for name, value in headers_of(sent):
            connection.putheader(name, value)
        if sent.content or sent.method in ("POST", "PUT", "PATCH"):
            connection.putheader("Content-Length", str(len(sent.content)))
        connection.endheaders(sent.content or None)
        answer = connection.getresponse()
        body = answer.read()
        return Reply(
            status=answer.status,
            reason=answer.reason,
            headers=tuple(answer.getheaders()),
            body=body,
        )

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()
