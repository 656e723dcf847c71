"""Finding what an embed means: the one relationship from the parent that fits its name and hint.

Source: shared reference "PostgREST: the language that we speak", section 4 (which target and hint
match) and section 9 (texts).
"""

from changeover.catalog.snapshot import Relationship, Snapshot
from changeover.engine.closest import closest, closest_other
from changeover.engine.refusal import Refusal
from changeover.engine.syntax import Embed
from changeover.model.name import TableName


def find(snapshot: Snapshot, parent: TableName, embed: Embed) -> Relationship:
    """Return the relationship that an embed names.

    Args:
        snapshot: What the database holds.
        parent: The relation that is embedded into, in the schema of the request.
        embed: The embed, with its target and hint.

    Raises:
        Refusal: PGRST200 where none fits, PGRST201 where several do.
    """
    found = [
        one
        for one in snapshot.relationships.get(parent, ())
        if _is_meant(one, embed.name, embed.hint)
    ]
    if not found:
        raise _missing(snapshot, parent, embed)
    if len(found) > 1:
        raise _ambiguous(parent, embed.name, found)
    return found[0]


def _is_meant(one: Relationship, target: str, hint: str | None) -> bool:
    if one.function is not None:
        return one.function.name == target
    if one.is_self:
        return _is_meant_self(one, target, hint)
    is_child = one.child.name == target
    if hint is not None:
        return is_child and (
            _is_constraint(one, hint) or hint in _key(one) or _is_junction(one, hint)
        )
    is_alias = _is_constraint(one, target) or target in _key(one)[:1]
    return is_child or (is_alias and not one.is_child_view)


def _is_meant_self(one: Relationship, target: str, hint: str | None) -> bool:
    """Part the two directions of one key: by name to many, by the key's column to one."""
    is_many = one.kind == "one-to-many" and one.child.name == target
    if hint is not None:
        return is_many and hint in _key(one)[1:]
    return is_many or (one.kind == "many-to-one" and target in _key(one)[:1])


def _key(one: Relationship) -> tuple[str, ...]:
    """Return the parent's and the child's column of a key of one column, else nothing."""
    return one.columns[0] if len(one.columns) == 1 else ()


def _is_constraint(one: Relationship, name: str) -> bool:
    return one.junction is None and one.constraint == name


def _is_junction(one: Relationship, name: str) -> bool:
    return one.junction is not None and one.junction.table.name == name


def _missing(snapshot: Snapshot, parent: TableName, embed: Embed) -> Refusal:
    between = f"between '{parent.name}' and '{embed.name}'"
    using = "" if embed.hint is None else f" using the hint '{embed.hint}'"
    return Refusal(
        "PGRST200",
        f"Could not find a relationship {between} in the schema cache",
        details=f"Searched for a foreign key relationship {between}{using} in the schema"
        f" '{parent.schema}', but no matches were found.",
        hint=_near(snapshot, parent, embed.name),
    )


def _near(snapshot: Snapshot, parent: TableName, child: str) -> str | None:
    """Suggest a child; or a parent, where the parent has no relationship at all."""
    own = snapshot.relationships.get(parent)
    if own is not None:
        wrong, near = child, closest_other(child, (one.child.name for one in own))
    else:
        parents = (one.name for one in snapshot.relationships if one.schema == parent.schema)
        wrong, near = parent.name, closest(parent.name, parents)
    return None if near is None else f"Perhaps you meant '{near}' instead of '{wrong}'."


def _ambiguous(parent: TableName, target: str, found: list[Relationship]) -> Refusal:
    choices = ", ".join(_choice(one) for one in found)
    return Refusal(
        "PGRST201",
        "Could not embed because more than one relationship was found for"
        f" '{parent.name}' and '{target}'",
        details=[_described(one) for one in found],
        hint=f"Try changing '{target}' to one of the following: {choices}."
        " Find the desired relationship in the 'details' key.",
    )


def _choice(one: Relationship) -> str:
    if one.function is not None:
        return ""
    by = one.constraint if one.junction is None else one.junction.table.name
    return f"'{one.child.name}!{by}'"


def _described(one: Relationship) -> dict[str, str]:
    if one.function is not None:
        return {}
    if one.junction is None:
        own, theirs = zip(*one.columns, strict=True)
        way = (
            f"{one.constraint} using {one.parent.name}({', '.join(own)})"
            f" and {one.child.name}({', '.join(theirs)})"
        )
    else:
        to_parent = ", ".join(its for _, its in one.junction.parent_columns)
        to_child = ", ".join(its for _, its in one.junction.child_columns)
        way = (
            f"{one.junction.table.name} using {one.junction.parent_constraint}({to_parent})"
            f" and {one.junction.child_constraint}({to_child})"
        )
    return {
        "cardinality": one.kind,
        "embedding": f"{one.parent.name} with {one.child.name}",
        "relationship": way,
    }
