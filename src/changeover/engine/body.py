"""Bodies: JSON, CSV, forms and raw ones.

JSON is never written anew: its text goes to the server as it came, so digits, blanks and the order
of keys stay. It is read for the keys of its objects only.

Source: shared reference "PostgREST: the language that we speak", sections 5, 6 and 9.
"""

from typing import Any, Final

import msgspec

from changeover.engine import query_string
from changeover.engine.csv_body import CsvError, rows
from changeover.engine.place import Values
from changeover.engine.refusal import Refusal
from changeover.engine.syntax import BodyKind, Media, Payload

_object: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_objects: Final = msgspec.json.Decoder(list[dict[str, msgspec.Raw]])
_anything: Final = msgspec.json.Decoder(msgspec.Raw)

_BLANKS: Final = " \t\r\n"

_RAW: Final = ("plain", "xml", "octets")

_NO_JSON: Final = "Empty or invalid json"

_NOT_UNIFORM: Final = "All object keys must match"


def payload(
    body: bytes,
    media: Media,
    values: Values,
    *,
    is_function: bool,
    has_columns: bool,
) -> Payload:
    """Return what a body holds.

    Args:
        body: The body as it was sent.
        media: Its media type.
        values: Where its text, or a form's texts, get their slots.
        is_function: Whether a function is called.
        has_columns: Whether `columns=` takes effect, so that JSON stays unread.

    Raises:
        Refusal: PGRST102; 22021 as the server would say it of a text that is no UTF-8.
    """
    match media.kind:
        case "json":
            if has_columns:
                return _unread(_server_text(body), values)
            return _json(body, values, is_function=is_function)
        case "csv":
            return _csv(_text(body), values)
        case "form":
            pairs = _form(_text(body))
            return _arguments(pairs, values) if is_function else _row(dict(pairs), values)
        case kind if is_function and kind in _RAW:
            raw = body if kind == "octets" else _server_text(body)
            return Payload(kind=BodyKind.RAW, slot=values.add(raw))
        case _:
            raise _invalid(f"Content-Type not acceptable: {media.text}")


def _invalid(message: str) -> Refusal:
    return Refusal("PGRST102", message)


def _text(body: bytes, otherwise: str = "Body is not valid UTF-8") -> str:
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        raise _invalid(otherwise) from error


def _server_text(body: bytes) -> str:
    """Return the text of a body that only the server reads."""
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        raise Refusal(
            "22021",
            f'invalid byte sequence for encoding "UTF8": 0x{body[error.start]:02x}',
            status=400,
        ) from error


def _unread(text: str, values: Values) -> Payload:
    is_object = text.lstrip(_BLANKS).startswith("{")
    kind = BodyKind.OBJECT if is_object else BodyKind.ARRAY
    return Payload(kind=kind, slot=values.add(text), is_unread=True)


def _json(body: bytes, values: Values, *, is_function: bool) -> Payload:
    if not body and is_function:
        return Payload(kind=BodyKind.OBJECT, slot=values.add("{}"), rows=1)
    text = _text(body, _NO_JSON)
    try:
        return _read(text, values)
    except (msgspec.DecodeError, RecursionError) as error:
        raise _invalid(_NO_JSON) from error


def _read(text: str, values: Values) -> Payload:
    start = text.lstrip(_BLANKS)[:1]
    if start == "{":
        keys = tuple(sorted(_object.decode(text)))
        return Payload(kind=BodyKind.OBJECT, keys=keys, slot=values.add(text), rows=1)
    if start == "[":
        return _array(_list(text), text, values)
    _anything.decode(text)
    return _array([], text, values)


def _list(text: str) -> list[dict[str, Any]]:
    try:
        return _objects.decode(text)
    except msgspec.ValidationError as error:
        # It is well formed as far as it was read: a fault further on is told first.
        _anything.decode(text)
        raise _invalid(_NOT_UNIFORM) from error


def _array(found: list[dict[str, Any]], text: str, values: Values) -> Payload:
    """Return an array of objects; an empty one is written as `[]`, whatever it was."""
    if not found:
        return Payload(kind=BodyKind.ARRAY, slot=values.add("[]"), rows=0)
    keys = _keys(found, _NOT_UNIFORM)
    return Payload(kind=BodyKind.ARRAY, keys=keys, slot=values.add(text), rows=len(found))


def _keys(found: list[dict[str, Any]], otherwise: str) -> tuple[str, ...]:
    keys = found[0].keys()
    if any(one.keys() != keys for one in found):
        raise _invalid(otherwise)
    return tuple(sorted(keys))


def _csv(text: str, values: Values) -> Payload:
    try:
        found = rows(text)
    except CsvError as error:
        raise _invalid(str(error)) from error
    keys = _keys(found, "All lines must have same number of fields") if found else ()
    slot = values.add(msgspec.json.encode(found).decode())
    return Payload(kind=BodyKind.ARRAY, keys=keys, slot=slot, rows=len(found))


def _form(text: str) -> list[tuple[str, str]]:
    try:
        pairs = query_string.split(text.removeprefix("?"))
    except UnicodeError as error:
        raise _invalid("Body is not valid UTF-8") from error
    return [(key, value or "") for key, value in pairs]


def _row(row: dict[str, str], values: Values) -> Payload:
    slot = values.add(msgspec.json.encode(row).decode())
    return Payload(kind=BodyKind.OBJECT, keys=tuple(sorted(row)), slot=slot, rows=1)


def _arguments(pairs: list[tuple[str, str]], values: Values) -> Payload:
    return Payload(
        kind=BodyKind.FORM,
        keys=tuple(sorted({name for name, _ in pairs})),
        form=tuple((name, values.add(value)) for name, value in pairs),
        rows=1,
    )
