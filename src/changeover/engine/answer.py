"""What every plan says about its answer.

Source: shared reference "PostgREST: the language that we speak", section 7 (preferences, headers).
"""

from typing import Final
from urllib.parse import quote

from changeover.engine.plan_value import Answer, Format, ReadNode
from changeover.engine.refusal import Refusal
from changeover.engine.settings import ApiSettings, TransactionEnd
from changeover.engine.syntax import Action, Field, Return, SelectField, Shape
from changeover.engine.warning import warning

_MUTATIONS: Final = (Action.INSERT, Action.UPDATE, Action.PUT, Action.DELETE)
_FILLING: Final = (Action.INSERT, Action.UPDATE)
_LIMITED: Final = (Action.UPDATE, Action.DELETE, Action.CALL)
_OVERRIDABLE: Final = (
    TransactionEnd.COMMIT_ALLOW_OVERRIDE,
    TransactionEnd.ROLLBACK_ALLOW_OVERRIDE,
)

_ALL: Final = (SelectField(Field("*")),)


def is_whole(shape: Shape) -> bool:
    """Whether all columns are selected and nothing else, as media handlers of a relation ask."""
    return shape.select == _ALL


def require_known_preferences(shape: Shape) -> None:
    """Check that a request with `handling=strict` prefers nothing that is not known.

    Raises:
        Refusal: PGRST122.
    """
    if shape.is_strict and shape.unknown_preferences:
        raise Refusal(
            "PGRST122",
            "Invalid preferences given with handling=strict",
            details=f"Invalid preferences: {', '.join(shape.unknown_preferences)}",
        )


def answer(
    shape: Shape,
    settings: ApiSettings,
    format_: Format,
    *,
    root: ReadNode,
    has_conflict_target: bool = False,
    is_void: bool = False,
) -> Answer:
    """Return what `reply.shape` must know.

    Args:
        shape: What was asked.
        settings: What the API allows.
        format_: What was negotiated.
        root: What is read of the rows: its cap and its old names.
        has_conflict_target: Of an insert: whether a resolution can take effect.
        is_void: Of a call: whether the function returns nothing.
    """
    is_mutation = shape.action in _MUTATIONS
    resolution = shape.resolution if has_conflict_target else None
    return Answer(
        action=shape.action,
        method=shape.method,
        schema=shape.schema,
        path="/" + quote(shape.name, safe="-_.~"),
        format=format_,
        has_body=_has_body(shape, is_mutation=is_mutation),
        representation=shape.representation if is_mutation else None,
        resolution=resolution,
        count=shape.count,
        rows_max=root.rows_max,
        applied=_applied(shape, has_resolution=resolution is not None, is_mutation=is_mutation),
        handling=_handling(shape),
        is_transaction_shown=settings.transaction_end in _OVERRIDABLE,
        is_limited=is_limited(shape),
        is_void=is_void,
        has_key=shape.action is Action.PUT,
        warning=warning(root),
        is_minimal=settings.is_minimal,
    )


def is_limited(shape: Shape) -> bool:
    """Whether `max-affected` is held: strictly, and where rows are changed or a function called."""
    return bool(shape.is_strict) and shape.has_rows_affected_max and shape.action in _LIMITED


def _has_body(shape: Shape, *, is_mutation: bool) -> bool:
    if is_mutation:
        return shape.representation is Return.REPRESENTATION
    return shape.method != "HEAD"


def _applied(shape: Shape, *, has_resolution: bool, is_mutation: bool) -> tuple[str, ...]:
    said = (
        ("resolution", shape.resolution if has_resolution else None),
        ("missing", shape.missing if shape.action in _FILLING else None),
        ("return", shape.representation if is_mutation else None),
        ("count", shape.count),
    )
    return tuple(f"{name}={value}" for name, value in said if value is not None)


def _handling(shape: Shape) -> str | None:
    if shape.is_strict is None:
        return None
    return "handling=strict" if shape.is_strict else "handling=lenient"
