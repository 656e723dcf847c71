"""Finding the function that a call means: by its name and the set of argument names.

Source: shared reference "PostgREST: the language that we speak", sections 6 (matching) and
9 (texts).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from changeover.catalog.snapshot import Parameter, Routine, Snapshot
from changeover.engine.closest import SCORE_NAME_MIN, closest
from changeover.engine.refusal import Refusal
from changeover.model.name import TableName

UNNAMED: Final[Mapping[str, tuple[str, ...]]] = {
    "application/json": ("json", "jsonb"),
    "text/plain": ("text",),
    "text/xml": ("xml",),
    "application/octet-stream": ("bytea",),
}
"""The types of a single unnamed parameter that takes a body of a media type."""

_RAW: Final[Mapping[str, str]] = {
    media: types[0] for media, types in UNNAMED.items() if media != "application/json"
}


def takes_body(routine: Routine, content_type: str) -> bool:
    """Whether a POST's body is the function's only, unnamed argument.

    Args:
        routine: The function.
        content_type: The body's media type in lower case without parameters.
    """
    if len(routine.parameters) != 1:
        return False
    (only,) = routine.parameters
    return not only.name and only.type in UNNAMED.get(content_type, ())


def find(  # noqa: PLR0917 - six facts of one call
    snapshot: Snapshot,
    schema: str,
    name: str,
    argument_names: frozenset[str],
    content_type: str,
    is_post: bool,  # noqa: FBT001 - the contract's order
) -> Routine:
    """Return the function that is called.

    Args:
        snapshot: What the database holds.
        schema: The schema that the profile chose.
        name: The function as the client wrote it.
        argument_names: The names that were sent.
        content_type: The body's media type in lower case without parameters.
        is_post: Whether arguments come in the body.

    Raises:
        Refusal: PGRST202 where none matches, PGRST203 where several do.
    """
    call = _Call(
        name=TableName(schema, name),
        arguments=argument_names,
        content_type=content_type,
        is_post=is_post,
    )
    overloads = snapshot.routines.get(call.name, ())
    found = [one for one in overloads if call.matches(one.parameters)]
    if not found and is_post:
        found = [one for one in overloads if takes_body(one, content_type)]
    if not found:
        raise _missing(snapshot, call, overloads)
    if len(found) > 1:
        raise _ambiguous(found)
    return found[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Call:
    """What a client calls."""

    name: TableName
    arguments: frozenset[str]
    content_type: str
    is_post: bool

    @property
    def raw_type(self) -> str | None:
        """The type that a raw body asks for; None for any other call."""
        return _RAW.get(self.content_type) if self.is_post else None

    def matches(self, parameters: tuple[Parameter, ...]) -> bool:
        """Whether the names sent are those required, and else only defaulted ones."""
        if not parameters:
            return not self.arguments and self.raw_type is None
        required = frozenset(one.name for one in parameters if one.is_required)
        defaulted = frozenset(one.name for one in parameters if not one.is_required)
        return self.arguments - defaulted == required


def _missing(snapshot: Snapshot, call: _Call, overloads: tuple[Routine, ...]) -> Refusal:
    function = f"{call.name.schema}.{call.name.name}"
    names = ", ".join(sorted(call.arguments))
    plural = "s" if len(call.arguments) > 1 else ""
    shown, sought = f"({names})", f" with parameter{plural} {names}"
    if not call.arguments:
        shown = sought = " without parameters"
    if call.raw_type is not None:
        shown, sought = "", f" with a single unnamed {call.raw_type} parameter"
    elif call.is_post and call.content_type == "application/json":
        sought += " or with a single unnamed json/jsonb parameter"
    near = None if call.raw_type is not None else _near(snapshot, call, overloads)
    return Refusal(
        "PGRST202",
        f"Could not find the function {function}{shown} in the schema cache",
        details=f"Searched for the function {function}{sought},"
        " but no matches were found in the schema cache.",
        hint=near,
    )


def _near(snapshot: Snapshot, call: _Call, overloads: tuple[Routine, ...]) -> str | None:
    """Suggest other parameters of a function that exists, else another function."""
    schema, name = call.name.schema, call.name.name
    if overloads:
        lists = (_listed(one.name for one in routine.parameters) for routine in overloads)
        near = closest(_listed(call.arguments), lists)
        wanted = None if near is None else name + near
    else:
        names = (one.name for one in snapshot.routines if one.schema == schema)
        wanted = closest(name, names, SCORE_NAME_MIN)
    return None if wanted is None else f"Perhaps you meant to call the function {schema}.{wanted}"


def _listed(names: Iterable[str]) -> str:
    return f"({', '.join(sorted(names))})"


def _ambiguous(found: list[Routine]) -> Refusal:
    candidates = ", ".join(
        f"{one.name.schema}.{one.name.name}"
        f"({', '.join(f'{each.name} => {each.type}' for each in one.parameters)})"
        for one in found
    )
    return Refusal(
        "PGRST203",
        f"Could not choose the best candidate function between: {candidates}",
        hint="Try renaming the parameters or the function itself in the database so function"
        " overloading can be resolved",
    )
