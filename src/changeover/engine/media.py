"""Media types: what `Accept` asks for and what `Content-Type` says.

Source: shared reference "PostgREST: the language that we speak", sections 5 and 7.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from changeover.engine.message import printable
from changeover.engine.syntax import Media

_KINDS: Final[Mapping[str, str]] = {
    "application/json": "json",
    "application/geo+json": "geojson",
    "text/csv": "csv",
    "text/plain": "plain",
    "text/xml": "xml",
    "application/openapi+json": "openapi",
    "application/x-www-form-urlencoded": "form",
    "application/octet-stream": "octets",
    "*/*": "any",
}

_VENDOR: Final = "application/vnd.pgrst."

_PLAN_OPTIONS: Final = ("analyze", "verbose", "settings", "buffers", "wal")

_QUALITY: Final = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?", re.ASCII)

JSON: Final = Media("json", "application/json")

ANY: Final = Media("any", "*/*")


@lru_cache(maxsize=512)
def accepted(header: str | None) -> tuple[Media, ...]:
    """Return what a client takes, best first.

    Args:
        header: `Accept`, None where none was sent.

    Returns:
        The types by their quality, then by how exact they are, else as written.
    """
    if header is None:
        return (ANY,)
    if not header:
        return ()
    ranked = [_ranked(one) for one in header.split(",")]
    ranked.sort(key=lambda one: one[0], reverse=True)
    return tuple(media(text) for _, text in ranked)


def _ranked(text: str) -> tuple[tuple[float, int], str]:
    """Return a type's rank and its text, without blanks and without what follows its quality."""
    text, _, after = text.replace(" ", "").partition(";q=")
    found = _QUALITY.match(after.partition(";")[0])
    quality = 1.0 if found is None else float(found[0])
    return (quality, text.count(";") - text.count("*")), text


@lru_cache(maxsize=512)
def media(text: str) -> Media:
    """Return a media type by its text.

    Args:
        text: Type and parameters; names in any case, no blanks are expected.
    """
    name, _, after = text.partition(";")
    main, _, sub = name.partition("/")
    lowered = f"{main}/{sub}".lower()
    kind = _KINDS.get(lowered)
    if kind is not None:
        return Media(kind, lowered)
    parameters = _parameters(after)
    is_stripped = parameters.get("nulls") == "stripped"
    match lowered.removeprefix(_VENDOR) if lowered.startswith(_VENDOR) else "":
        case "object" | "object+json":
            return Media("object", _stripped("object", is_stripped=is_stripped), is_stripped)
        case "array" | "array+json":
            return (
                Media("array", _stripped("array", is_stripped=True), True) if is_stripped else JSON
            )
        case "plan" | "plan+text":
            return _plan("text", parameters)
        case "plan+json":
            return _plan("json", parameters)
        case _:
            return Media("other", printable(text))


def _stripped(kind: str, *, is_stripped: bool) -> str:
    return f"{_VENDOR}{kind}+json{';nulls=stripped' if is_stripped else ''}"


def _parameters(text: str) -> dict[str, str]:
    """Return parameters by name; of one name the last, without its quotes."""
    found: dict[str, str] = {}
    if text:
        for part in text.split(";"):
            name, _, value = part.partition("=")
            found[name.lower()] = value.strip('"')
    return found


def _plan(format_: str, parameters: Mapping[str, str]) -> Media:
    planned = media(parameters.get("for", "application/json"))
    given = parameters.get("options", "").split("|")
    options = tuple(one for one in _PLAN_OPTIONS if one in given)
    shown = f"; options={'|'.join(options)}" if options else ""
    text = f'{_VENDOR}plan+{format_}; for="{planned.text}"{shown}'
    return Media("plan", text, plan=(format_, planned, options))
