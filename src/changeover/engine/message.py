"""What comes in and what goes out: an HTTP request and its answer, without a socket."""

from dataclasses import dataclass, field

Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """An HTTP request below the mount point.

    Attributes:
        method: The verb, in upper case.
        path: The path below the mount point (`/rest/v1` is gone), still percent-encoded, beginning
            with a slash.
        query: The query string without its question mark, as it was sent.
        headers: Names in lower case, values as text; repeats are kept in order.
        body: The body as it was sent.
        origin: What it was made from, for a store that sends on what came; no part of its value.
    """

    method: str
    path: str
    query: str = ""
    headers: Headers = ()
    body: bytes = b""
    origin: object = field(default=None, compare=False, repr=False)

    def header(self, name: str) -> str | None:
        """Return the first value of a header, or None.

        Args:
            name: The header's name, in lower case.
        """
        for found, value in self.headers:
            if found == name:
                return value
        return None

    def list_header(self, name: str) -> str | None:
        """Return all values of a header that is a list, joined by commas, or None.

        Args:
            name: The header's name, in lower case.
        """
        values = [value for found, value in self.headers if found == name]
        return ",".join(values) if values else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An HTTP answer.

    Attributes:
        status: The status code.
        reason: The reason phrase where SQL has set one (`RAISE SQLSTATE 'PT…'`), else empty.
        headers: Names as they are sent, in order.
        body: The body; empty for HEAD and 204.
        role: The role that it was answered as, where that is known; for logs, never sent.
        origin: What it was made from, for whoever hands on what came; no part of its value.
    """

    status: int
    reason: str = ""
    headers: Headers = ()
    body: bytes = b""
    role: str = ""
    origin: object = field(default=None, compare=False, repr=False)


def printable(text: str) -> str:
    """Return a text of a request so that an answer can hold it: without lone surrogates."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()
