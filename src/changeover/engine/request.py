"""From an HTTP request to its syntax: what it says, not whether that exists.

Checks come in PostgREST's order, the first failure wins: path, profile, verb, query string, ranges,
body. It must not know of tables, functions or roles.

Source: shared reference "PostgREST: the language that we speak", sections 2, 3, 5 and 7.
"""

from typing import Final

from changeover.engine import body, media, preference, query_string, resource, window
from changeover.engine.message import Message
from changeover.engine.place import Values
from changeover.engine.query import Query, embed_path, read
from changeover.engine.query_string import Pairs
from changeover.engine.refusal import Refusal
from changeover.engine.resource import Resource
from changeover.engine.settings import ApiSettings, TransactionEnd
from changeover.engine.syntax import (
    Action,
    BodyKind,
    Path,
    Payload,
    Preferences,
    Request,
    Shape,
    Window,
)
from changeover.engine.window import Range

_WITH_BODY: Final = frozenset({Action.INSERT, Action.UPDATE, Action.PUT})
_WITH_COLUMNS: Final = frozenset({Action.INSERT, Action.UPDATE, Action.CALL})
_WITH_WINDOW: Final = frozenset({Action.READ, Action.CALL})

_USUAL_LIMIT_MAX: Final = 2**31 - 1
"""A larger limit, or one below zero, reaches the server as the text that it was."""

_OVERRIDABLE: Final = frozenset(
    {TransactionEnd.COMMIT_ALLOW_OVERRIDE, TransactionEnd.ROLLBACK_ALLOW_OVERRIDE}
)

_NO_BODY: Final = Payload(kind=BodyKind.NONE)


def parse(message: Message, settings: ApiSettings) -> Request:
    """Return what a request says.

    Args:
        message: The request; its caller is known already.
        settings: What the API exposes.

    Returns:
        The shape, equal for requests that differ in values only, and the values.

    Raises:
        Refusal: PGRST100, 101, 102, 103, 106, 114, 117, 125, 126; 22021 for a text that the server
            cannot hold.
    """
    found = resource.resource(message.path, settings)
    schema, is_profile_shown = resource.schema(message, settings)
    action = resource.action(found, message.method)
    is_call = action is Action.CALL and message.method != "POST"
    values = Values()
    pairs = _pairs(message.query)
    query = read(pairs, values, is_call=is_call)
    ranges = window.ranges(query.limits, query.offsets)
    rows = window.root(ranges, message.header("range"), message.method)
    content, payload, columns = _content(message, action, query, values)
    windows = _windows(ranges, rows, values) if action in _WITH_WINDOW else ()
    preferences = _preferences(message, settings)
    shape = Shape(
        action=action,
        method=message.method,
        schema=schema,
        name=found.name,
        is_function=found.is_function,
        select=query.select,
        filters=tuple(query.filters),
        embed_filters=tuple(query.embed_filters),
        logic=tuple(query.logic),
        orders=tuple(query.orders.items()),
        windows=windows,
        columns=columns,
        on_conflict=query.on_conflict,
        arguments=tuple(query.arguments),
        payload=payload,
        content_type=content,
        resolution=preferences.resolution,
        representation=preferences.representation,
        count=preferences.count,
        missing=preferences.missing,
        is_strict=preferences.is_strict,
        has_rows_affected_max=preferences.rows_affected_max is not None,
        unknown_preferences=preferences.unknown if preferences.is_strict else (),
        accept=media.accepted(message.header("accept")),
    )
    has_window = action in _WITH_WINDOW
    return Request(
        shape=shape,
        values=_checked(values),
        preferences=preferences,
        is_profile_shown=is_profile_shown,
        location=_location(found, action, pairs),
        offset=rows.first if has_window else 0,
        limit=rows.limit if has_window else None,
    )


def _pairs(query: str) -> Pairs:
    if not query:
        return []
    try:
        return query_string.split(query)
    except UnicodeError as error:
        raise Refusal(
            "PGRST100",
            '"failed to parse query string" (line 1, column 1)',
            details="invalid UTF-8",
        ) from error


def _content(
    message: Message, action: Action, query: Query, values: Values
) -> tuple[str, Payload, tuple[str, ...] | None]:
    """Return the body's media type, the body, and `columns=` where it takes effect."""
    is_function = action is Action.CALL
    if action not in _WITH_BODY and not (is_function and message.method == "POST"):
        return media.JSON.text, _NO_BODY, None
    header = message.header("content-type")
    kind = media.JSON if header is None else media.media(header)
    has_columns = query.columns is not None and action in _WITH_COLUMNS
    payload = body.payload(
        message.body, kind, values, is_function=is_function, has_columns=has_columns
    )
    columns = None
    if payload.is_unread and query.columns is not None:
        columns = tuple(sorted(set(query.columns)))
    return kind.text, payload, columns


def _windows(
    ranges: dict[str, Range], rows: Range, values: Values
) -> tuple[tuple[Path, Window], ...]:
    """Return the windows of all levels; of one level the last that was written."""
    levels = {embed_path(key): one for key, one in ranges.items() if key != "limit"}
    levels.pop((), None)
    if not rows.is_all or rows.has_offset:
        levels = {(): rows, **levels}
    return tuple(
        (path, _window(one, values))
        for path, one in levels.items()
        if one.last is not None or one.has_offset
    )


def _window(rows: Range, values: Values) -> Window:
    limit = rows.limit
    is_usual = limit is not None and 0 <= limit <= _USUAL_LIMIT_MAX
    return Window(
        rows=limit if is_usual else None,
        limit=None if limit is None or is_usual else values.add(str(limit)),
        offset=values.add(str(rows.first)) if rows.has_offset else None,
    )


def _preferences(message: Message, settings: ApiSettings) -> Preferences:
    headers = tuple(value for name, value in message.headers if name == "prefer")
    return preference.preferences(headers, has_override=settings.transaction_end in _OVERRIDABLE)


def _location(found: Resource, action: Action, pairs: Pairs) -> str:
    if action is not Action.READ:
        return ""
    return query_string.location(found.name, pairs)


def _checked(values: Values) -> tuple[str | bytes, ...]:
    """Return the values, unless the server cannot hold one.

    Raises:
        Refusal: 22021 in the server's words, for a NUL in a text.
    """
    for value in values.found:
        if isinstance(value, str) and "\0" in value:
            raise Refusal("22021", 'invalid byte sequence for encoding "UTF8": 0x00', status=400)
    return tuple(values.found)
