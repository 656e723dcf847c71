"""Who a request is for: what a caller says once, around its work, and every read inside knows.

Owns the context variable and the header that carries a targeting key to a gateway. Knows nothing of
stages: the rule is another's. Thread pools start with an empty context unless they are handed one
(`contextvars.copy_context().run`); tasks of an event loop inherit theirs.
"""

from collections.abc import Mapping
from contextvars import ContextVar, Token
from dataclasses import dataclass, field, replace
from types import MappingProxyType, TracebackType
from typing import Final, Self
from uuid import UUID

from changeover.engine.message import Headers, Message

HEADER: Final = "Changeover-Targeting-Key"
"""Carries a targeting key to whoever routes; it is never forwarded to a database's API."""

KEY_CHARACTERS_MAX: Final = 512
"""A longer key is none: a mistake, or somebody's whole token."""

_HEADER: Final = HEADER.lower()
_NOTHING: Final[Mapping[str, object]] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """Who a request is for.

    Attributes:
        targeting_key: What the rollout is sticky by; None where nobody is named.
        attributes: What else a provider of flags may decide by; the rule of ours reads the key
            only.
    """

    targeting_key: str | None = None
    attributes: Mapping[str, object] = field(default_factory=lambda: _NOTHING)


NOBODY: Final = Context()

_current: Final[ContextVar[Context]] = ContextVar("changeover_context", default=NOBODY)


def current() -> Context:
    """Return the context of the code that asks."""
    return _current.get()


class context:  # noqa: N801 - it is called like a function
    """Say who the work inside the block is for.

    `with changeover.context(targeting_key=user.id): ...` and `async with` are the same. A block
    inside of a block keeps what it doesn't name: the key, if none is given, and other attributes.
    """

    def __init__(
        self,
        *,
        targeting_key: str | int | UUID | None = None,
        attributes: Mapping[str, object] | None = None,
    ) -> None:
        """Prepare a block.

        Args:
            targeting_key: What the rollout is sticky by: the id of a user or a tenant. A number or
                a UUID counts as its text. At most 512 characters; a longer one counts as none.
            attributes: What a provider of flags may decide by.
        """
        self._key = None if targeting_key is None else _fit(str(targeting_key))
        self._attributes = attributes
        self._tokens: list[Token[Context]] = []

    def __enter__(self) -> Self:
        found = _current.get()
        if self._key is not None:
            found = replace(found, targeting_key=self._key)
        if self._attributes:
            found = replace(found, attributes={**found.attributes, **self._attributes})
        self._tokens.append(_current.set(found))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        _current.reset(self._tokens.pop())

    async def __aenter__(self) -> Self:
        return self.__enter__()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.__exit__(kind, error, trace)


def context_of(message: Message) -> Context:
    """Return whom a message is for: the block around the code, else the message's header.

    Args:
        message: The request, its header still on it.
    """
    found = _current.get()
    if found.targeting_key is not None:
        return found
    value = message.header(_HEADER)
    key = _fit(value) if value else None
    return found if key is None else replace(found, targeting_key=key)


def without_header(message: Message) -> Message:
    """Return a message as it may be forwarded: without the header that is ours.

    Args:
        message: The request.
    """
    if message.header(_HEADER) is None:
        return message
    kept: Headers = tuple(one for one in message.headers if one[0] != _HEADER)
    return replace(message, headers=kept)


def _fit(key: str) -> str | None:
    """Return a key without the blanks around it, or None if it is none."""
    text = key.strip()
    return text if text and len(text) <= KEY_CHARACTERS_MAX else None
