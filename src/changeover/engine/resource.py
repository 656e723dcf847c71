"""What a path and a verb mean, and in which schema.

Source: shared reference "PostgREST: the language that we speak", sections 2 and 7 (profiles).
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Final, NamedTuple
from urllib.parse import unquote_to_bytes

from changeover.engine.message import Message, printable
from changeover.engine.refusal import Refusal
from changeover.engine.settings import ApiSettings
from changeover.engine.syntax import Action

_RELATION: Final[Mapping[str, Action]] = {
    "GET": Action.READ,
    "HEAD": Action.READ,
    "POST": Action.INSERT,
    "PATCH": Action.UPDATE,
    "PUT": Action.PUT,
    "DELETE": Action.DELETE,
    "OPTIONS": Action.INSPECT,
}

_FUNCTION: Final[Mapping[str, Action]] = {
    "GET": Action.CALL,
    "HEAD": Action.CALL,
    "POST": Action.CALL,
    "OPTIONS": Action.INSPECT,
}

_ROOT: Final[Mapping[str, Action]] = {
    "GET": Action.ROOT,
    "HEAD": Action.ROOT,
    "OPTIONS": Action.INSPECT,
}

_CONTENT_VERBS: Final = frozenset({"POST", "PATCH", "PUT", "DELETE"})
"""Verbs whose schema is chosen by `Content-Profile`, others by `Accept-Profile`."""


class Resource(NamedTuple):
    """A relation or function by its name; without a name it is the root."""

    name: str = ""
    is_function: bool = False
    is_root: bool = False


def resource(path: str, settings: ApiSettings) -> Resource:
    """Return what a path names.

    Args:
        path: The path below the mount point, percent-encoded.
        settings: What stands at the root.

    Raises:
        Refusal: PGRST125 for a path of another form, PGRST126 where there is no root.
    """
    found = _resource(path)
    if not found.is_root:
        return found
    if not settings.has_root:
        raise Refusal("PGRST126", "Root endpoint metadata is disabled")
    if settings.root_function is not None:
        return Resource(name=settings.root_function.name, is_function=True)
    return found


@lru_cache(maxsize=1024)
def _resource(path: str) -> Resource:
    if path in ("", "/"):
        return Resource(is_root=True)
    match [_decoded(one) for one in path.removeprefix("/").split("/")]:
        case [name]:
            return Resource(name=name)
        case ["rpc", name]:
            return Resource(name=name, is_function=True)
        case _:
            raise Refusal("PGRST125", "Invalid path specified in request URL")


def _decoded(segment: str) -> str:
    """Return a part of a path decoded; what is no UTF-8 is replaced, as PostgREST's server does."""
    encoded = segment.encode("utf-8", "replace")
    return unquote_to_bytes(encoded).decode("utf-8", "replace")


def schema(message: Message, settings: ApiSettings) -> tuple[str, bool]:
    """Return the schema that a request works in, and whether the answer names it.

    Args:
        message: Whose profile header is read.
        settings: The exposed schemas.

    Raises:
        Refusal: PGRST106, the schema is not exposed.
    """
    has_content = message.method in _CONTENT_VERBS
    profile = message.header("content-profile" if has_content else "accept-profile")
    if profile is None:
        return settings.schemas[0], len(settings.schemas) != 1
    if profile not in settings.schemas:
        raise Refusal(
            "PGRST106",
            f"Invalid schema: {printable(profile)}",
            hint=f"Only the following schemas are exposed: {', '.join(settings.schemas)}",
        )
    return profile, True


def action(found: Resource, method: str) -> Action:
    """Return what a verb does to a resource.

    Raises:
        Refusal: PGRST101 for a function, PGRST117 for all else.
    """
    verbs = _FUNCTION if found.is_function else _ROOT if found.is_root else _RELATION
    known = verbs.get(method)
    if known is not None:
        return known
    if found.is_function:
        raise Refusal("PGRST101", f"Cannot use the {printable(method)} method on RPC")
    raise Refusal("PGRST117", f"Unsupported HTTP method: {printable(method)}")
