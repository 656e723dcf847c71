"""Plans of calls: which function, with which arguments, and what is selected of its result.

Source: shared reference "PostgREST: the language that we speak", section 6.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from changeover.catalog.snapshot import Parameter, Routine, Snapshot
from changeover.engine import body_rows, negotiation, read_plan, routine
from changeover.engine.answer import (
    answer,
    is_limited,
    is_whole,
    require_known_preferences,
)
from changeover.engine.body_rows import BodyRows
from changeover.engine.plan_value import Answer, ReadNode, Source
from changeover.engine.refusal import Refusal
from changeover.engine.settings import ApiSettings
from changeover.engine.syntax import BodyKind, Count, Payload, Shape, Slot
from changeover.model.name import TableName

_ISOLATION: Final = "default_transaction_isolation"

_LEVELS: Final[Mapping[str, str]] = {
    "serializable": "SERIALIZABLE",
    "repeatable read": "REPEATABLE READ",
    "read committed": "READ COMMITTED",
    "read uncommitted": "READ UNCOMMITTED",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class TextArgument:
    """An argument that came as text, by a query string or a form.

    Attributes:
        type: The parameter's type.
        slots: One text, or all of a variadic parameter.
    """

    name: str
    type: str
    slots: tuple[Slot, ...]
    is_variadic: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RawArgument:
    """A body that is the only, unnamed argument."""

    slot: Slot
    type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BodyArguments:
    """Arguments that stand in a JSON object.

    Attributes:
        variadic: The name of the variadic parameter, None if none is given.
    """

    rows: BodyRows
    variadic: str | None


Arguments: TypeAlias = tuple[TextArgument, ...] | RawArgument | BodyArguments


@dataclass(frozen=True, slots=True, kw_only=True)
class CallPlan:
    """A call of a function.

    Attributes:
        is_scalar: Whether it returns values, not rows with columns to select from.
        is_set: Whether it returns any number of them.
        returning: The columns that are taken of its rows; only `*` for all.
        is_read_only: Whether it runs READ ONLY.
        isolation: The isolation that the function asks for, None for the role's.
        settings: The function's settings that are set for the transaction.
        is_counted: Whether the rows are counted without their window.
        root: What is selected of the result.
    """

    function: TableName
    arguments: Arguments
    is_scalar: bool
    is_set: bool
    returning: tuple[str, ...]
    is_read_only: bool
    isolation: str | None
    settings: tuple[tuple[str, str], ...]
    is_counted: bool
    root: ReadNode
    answer: Answer


def resolve(shape: Shape, snapshot: Snapshot, settings: ApiSettings) -> CallPlan:
    """Return how a call is done and answered.

    Args:
        shape: A shape with the action CALL.
        snapshot: What the database holds.
        settings: What the API allows.

    Raises:
        Refusal: What the request names does not exist or cannot be done.
    """
    found = function(shape, snapshot)
    relation = TableName(found.name.schema, _returned_name(found))
    root = read_plan.tree(shape, snapshot, settings, relation=relation, source=Source.CALL)
    chosen = negotiation.choose(
        shape, snapshot, settings, relation=relation, is_whole=is_whole(shape)
    )
    require_known_preferences(shape)
    _require_set(shape, found)
    return CallPlan(
        function=found.name,
        arguments=_arguments(shape, found),
        is_scalar=found.returns != "composite",
        is_set=found.is_set,
        returning=read_plan.columns_needed(root) or ("*",),
        is_read_only=shape.method != "POST" or found.volatility != "v",
        isolation=_isolation(found),
        settings=_hoisted(found, settings),
        is_counted=shape.count in (Count.EXACT, Count.ESTIMATED),
        root=root,
        answer=answer(
            shape,
            settings,
            chosen,
            root=root,
            is_void=found.returns == "void",
        ),
    )


def _returned_name(found: Routine) -> str:
    """Return what embeds are looked up under; rows of no relation's type have no relationships."""
    if found.returned_relation is not None:
        return found.returned_relation.name
    return found.returned_type if found.returns == "composite" else found.name.name


def function(shape: Shape, snapshot: Snapshot) -> Routine:
    """Return the function that a call means.

    Raises:
        Refusal: PGRST202, PGRST203.
    """
    is_post = shape.method == "POST"
    names = _sent(shape.payload, shape.columns) if is_post else dict(shape.arguments)
    return routine.find(
        snapshot, shape.schema, shape.name, frozenset(names), shape.content_type, is_post
    )


def _sent(payload: Payload, columns: tuple[str, ...] | None) -> tuple[str, ...]:
    """Return the names of the arguments that a body holds."""
    if payload.kind is BodyKind.FORM:
        return tuple(name for name, _ in payload.form)
    return columns if payload.is_unread and columns else payload.keys


def _require_set(shape: Shape, found: Routine) -> None:
    if is_limited(shape) and not found.is_set:
        raise Refusal(
            "PGRST128",
            "Function must return SETOF or TABLE when max-affected preference is used with"
            " handling=strict",
        )


def _arguments(shape: Shape, found: Routine) -> Arguments:
    payload = shape.payload
    if shape.method != "POST":
        return _texts(shape.arguments, found)
    if payload.kind is BodyKind.FORM:
        return _texts(payload.form, found)
    if routine.takes_body(found, shape.content_type):
        assert payload.slot is not None, "a raw body was sent"
        return RawArgument(slot=payload.slot, type=found.parameters[0].type)
    given = _given(found, frozenset(_sent(payload, shape.columns)))
    if not given:
        return ()
    variadic = next((one.name for one in given if one.is_variadic), None)
    return BodyArguments(rows=body_rows.of_parameters(payload, given), variadic=variadic)


def _texts(pairs: tuple[tuple[str, Slot], ...], found: Routine) -> tuple[TextArgument, ...]:
    """Pair parameters with texts: a variadic one takes all of its name, another the last."""
    given = _given(found, frozenset(name for name, _ in pairs))
    return tuple(
        _text(one, tuple(slot for name, slot in pairs if name == one.name)) for one in given
    )


def _text(one: Parameter, slots: tuple[Slot, ...]) -> TextArgument:
    return TextArgument(
        name=one.name,
        type=one.type_without_length,
        slots=slots if one.is_variadic else slots[-1:],
        is_variadic=one.is_variadic,
    )


def _given(found: Routine, names: frozenset[str]) -> tuple[Parameter, ...]:
    return tuple(one for one in found.parameters if one.name in names)


def _isolation(found: Routine) -> str | None:
    level = dict(found.settings).get(_ISOLATION, "")
    return _LEVELS.get(level.lower())


def _hoisted(found: Routine, settings: ApiSettings) -> tuple[tuple[str, str], ...]:
    """Return the settings that are set for the transaction; its isolation is no setting of it."""
    names = {name.lower() for name in settings.hoisted_settings} - {_ISOLATION}
    return tuple((name, value) for name, value in found.settings if name.lower() in names)
