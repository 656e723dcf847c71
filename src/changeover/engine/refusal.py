"""What a request is refused with: PostgREST's codes and the body of an error.

Source: shared reference "PostgREST: the language that we speak", section 9.
"""

import json
from collections.abc import Mapping
from typing import Any, Final

from changeover.engine.message import Headers, Reply

JSON_TYPE: Final = "application/json; charset=utf-8"

STATUS: Final[Mapping[str, int]] = {
    "PGRST000": 503,
    "PGRST001": 503,
    "PGRST002": 503,
    "PGRST003": 504,
    "PGRST100": 400,
    "PGRST101": 405,
    "PGRST102": 400,
    "PGRST103": 416,
    "PGRST105": 405,
    "PGRST106": 406,
    "PGRST107": 406,
    "PGRST108": 400,
    "PGRST111": 500,
    "PGRST112": 500,
    "PGRST114": 400,
    "PGRST115": 400,
    "PGRST116": 406,
    "PGRST117": 405,
    "PGRST118": 400,
    "PGRST121": 500,
    "PGRST122": 400,
    "PGRST123": 400,
    "PGRST124": 400,
    "PGRST125": 404,
    "PGRST126": 404,
    "PGRST127": 400,
    "PGRST128": 400,
    "PGRST200": 400,
    "PGRST201": 300,
    "PGRST202": 404,
    "PGRST203": 300,
    "PGRST204": 400,
    "PGRST205": 404,
    "PGRST300": 500,
    "PGRST301": 401,
    "PGRST302": 401,
    "PGRST303": 401,
    "PGRSTX00": 500,
}


class Refusal(Exception):  # noqa: N818 - an answer, not a fault of ours
    """A request is answered with an error."""

    def __init__(
        self,
        code: str,
        message: str,
        *,
        details: Any = None,
        hint: str | None = None,
        status: int | None = None,
        reason: str = "",
        headers: Headers = (),
    ) -> None:
        """State what is answered.

        Args:
            code: PostgREST's code, a SQLSTATE, or what SQL has raised.
            message: The text.
            details: Text, or what becomes JSON (PGRST201).
            hint: Text.
            status: The status, where the code alone does not tell it.
            reason: A reason phrase that SQL has set.
            headers: Headers beside those of every error.
        """
        super().__init__(message)
        self.code = code
        self.message = message
        self.details = details
        self.hint = hint
        self.status = STATUS[code] if status is None else status
        self.reason = reason
        self.headers = headers

    def reply(self, *, is_minimal: bool = False) -> Reply:
        """Return the answer.

        Args:
            is_minimal: Leave code and message only (`client-error-verbosity=minimal`).
        """
        members: dict[str, Any] = {"code": self.code}
        if not is_minimal:
            members |= {"details": self.details, "hint": self.hint}
        members["message"] = self.message
        body = json.dumps(members, ensure_ascii=False, separators=(",", ":")).encode()
        headers = (
            ("Content-Type", JSON_TYPE),
            ("Content-Length", str(len(body))),
            ("Proxy-Status", f"PostgREST; error={self.code}"),
            *self.headers,
        )
        return Reply(status=self.status, reason=self.reason, headers=headers, body=body)
