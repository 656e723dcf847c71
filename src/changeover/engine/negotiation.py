"""Which of the media types that a client accepts it gets.

Source: shared reference "PostgREST: the language that we speak", section 7 (Accept).
"""

from collections.abc import Mapping
from typing import Final, TypeAlias

from changeover.catalog.snapshot import MediaHandler, Snapshot
from changeover.engine.plan_value import Body, Format
from changeover.engine.refusal import JSON_TYPE, Refusal
from changeover.engine.settings import ApiSettings
from changeover.engine.syntax import Media, Shape
from changeover.model.name import TableName

_ANY: Final = "*/*"
_CHARSET: Final = "; charset=utf-8"
_WITH_CHARSET: Final = ("text/plain", "text/xml", "text/csv", "application/json")
_OCTETS: Final = "application/octet-stream"
_OBJECT: Final = "application/vnd.pgrst.object+json"
_ARRAY: Final = "application/vnd.pgrst.array+json"
_PLAN: Final = "application/vnd.pgrst.plan"
_STRIPPED: Final = ";nulls=stripped"

_BUILT_IN: Final[Mapping[str, Format]] = {
    "any": Format(body=Body.ARRAY, content_type=JSON_TYPE),
    "json": Format(body=Body.ARRAY, content_type=JSON_TYPE),
    "csv": Format(body=Body.CSV, content_type="text/csv" + _CHARSET),
    "geojson": Format(body=Body.GEOJSON, content_type="application/geo+json" + _CHARSET),
}


_Handlers: TypeAlias = Mapping[str, MediaHandler]


def choose(
    shape: Shape,
    snapshot: Snapshot,
    settings: ApiSettings,
    *,
    relation: TableName,
    is_whole: bool,
) -> Format:
    """Return the format of the answer.

    Args:
        shape: Whose `accept` is asked.
        snapshot: Its handlers are asked too.
        settings: Whether plans are shown.
        relation: Whose rows are shown; a handler may be for these alone.
        is_whole: Whether the select is `*` alone; handlers of a relation ask for it.

    Raises:
        Refusal: PGRST107, none can be had.
    """
    handlers = _handlers(snapshot, shape, relation, is_whole=is_whole)
    for media in shape.accept:
        found = _format(media, handlers, has_plans=settings.has_plans)
        if found is not None:
            return found
    wanted = ", ".join(media.text for media in shape.accept)
    raise Refusal("PGRST107", f"None of these media types are available: {wanted}")


def _handlers(
    snapshot: Snapshot, shape: Shape, relation: TableName, *, is_whole: bool
) -> tuple[_Handlers, _Handlers]:
    """Return handlers by media type: the relation's own, and those of any row."""
    own = {
        one.media_type: one
        for one in snapshot.handlers
        if is_whole and relation == (one.relation if one.is_aggregate else _maker(one, shape))
    }
    common = {
        one.media_type: one
        for one in snapshot.handlers
        if one.relation is None and one.is_aggregate
    }
    return own, common


def _maker(handler: MediaHandler, shape: Shape) -> TableName | None:
    """Return the function whose own result is of the media type, where a function is called."""
    return handler.function if shape.is_function else None


def _format(
    media: Media, handlers: tuple[_Handlers, _Handlers], *, has_plans: bool
) -> Format | None:
    match media.kind:
        case "plan":
            return _plan(media, handlers) if has_plans else None
        case "object":
            return _of_object(are_nulls_stripped=media.are_nulls_stripped)
        case "array":
            return Format(
                body=Body.ARRAY,
                content_type=_ARRAY + _STRIPPED + _CHARSET,
                are_nulls_stripped=True,
            )
        case _:
            return _overridable(media, handlers)


def _of_object(*, are_nulls_stripped: bool) -> Format:
    stripped = _STRIPPED if are_nulls_stripped else ""
    return Format(
        body=Body.OBJECT,
        content_type=_OBJECT + stripped + _CHARSET,
        are_nulls_stripped=are_nulls_stripped,
    )


def _overridable(media: Media, handlers: tuple[_Handlers, _Handlers]) -> Format | None:
    """Return a format that a handler may take over: a relation's `*/*` takes all."""
    own, common = handlers
    handler = own.get(_ANY) or own.get(media.text) or common.get(media.text)
    if handler is None:
        return _BUILT_IN.get(media.kind)
    return Format(body=Body.CUSTOM, content_type=_content_type(handler), handler=handler)


def _content_type(handler: MediaHandler) -> str:
    text = handler.media_type
    if text == _ANY:
        return _OCTETS
    return text + _CHARSET if text in _WITH_CHARSET else text


def _plan(media: Media, handlers: tuple[_Handlers, _Handlers]) -> Format | None:
    assert media.plan is not None, "a plan says what is planned"
    kind, target, options = media.plan
    planned_media = target or Media("json", "application/json")
    planned = _format(planned_media, handlers, has_plans=False)
    if planned is None:
        return None
    said = f"; options={'|'.join(options)}" if options else ""
    return Format(
        body=Body.PLAN,
        content_type=f'{_PLAN}+{kind}; for="{planned_media.text}"{said}{_CHARSET}',
        plan_format=kind,
        plan_options=options,
        planned=planned,
    )
