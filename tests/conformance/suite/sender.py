"""Two ways to an answer: the store in this process, and the gateway over its socket."""

import http.client
import json
import time
from collections.abc import Callable
from contextlib import closing
from urllib.parse import quote

import jwt

from changeover.engine.message import Message, Reply
from suite.case import Sent, Within
from suite.preset import SECRET

Send = Callable[[Sent], Reply]

ANSWER_S_MAX = 60
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


class HttpSender:
    """Sends each request over a connection of its own."""

    def __init__(self, url: str) -> None:
        """Remember where.

        Args:
            url: The gateway's, such as `http://127.0.0.1:3000`.
        """
        self._place = url.removeprefix("http://")

    def __call__(self, sent: Sent) -> Reply:
        """Return the answer to a request."""
        with closing(http.client.HTTPConnection(self._place, timeout=ANSWER_S_MAX)) as connection:
            target = quote(sent.target, safe=SAFE)
            connection.putrequest(sent.method, target, skip_accept_encoding=True)
            for name, value in headers_of(sent):
                connection.putheader(name, value.encode())
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
