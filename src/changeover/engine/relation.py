"""Finding a relation and its columns in the snapshot.

Source: shared reference "PostgREST: the language that we speak", sections 9 and 11.
"""

from collections.abc import Iterable
from typing import Final

from changeover.catalog.snapshot import Relation, Snapshot
from changeover.engine.closest import SCORE_NAME_MIN, closest
from changeover.engine.refusal import Refusal
from changeover.model.name import TableName

HINT_RELATIONS_MAX: Final = 500
"""In schemas with so many relations no closest name is looked for."""


def find(snapshot: Snapshot, schema: str, name: str) -> Relation:
    """Return a relation.

    Args:
        snapshot: What the database holds.
        schema: The schema that the profile chose.
        name: The relation as the client wrote it.

    Raises:
        Refusal: PGRST205, with the closest name as its hint.
    """
    relation = snapshot.relations.get(TableName(schema, name))
    if relation is not None:
        return relation
    near = _near(snapshot, schema, name)
    raise Refusal(
        "PGRST205",
        f"Could not find the table '{schema}.{name}' in the schema cache",
        hint=None if near is None else f"Perhaps you meant the table '{schema}.{near}'",
    )


def require_columns(relation: Relation, names: Iterable[str]) -> None:
    """Check that columns exist.

    Args:
        relation: Where they should be.
        names: The columns; the first that is missing is named.

    Raises:
        Refusal: PGRST204.
    """
    known = {column.name for column in relation.columns}
    for name in names:
        if name not in known:
            table = relation.name.name
            raise Refusal(
                "PGRST204", f"Could not find the '{name}' column of '{table}' in the schema cache"
            )


def _near(snapshot: Snapshot, schema: str, name: str) -> str | None:
    others = [one.name for one in snapshot.relations if one.schema == schema]
    if len(others) >= HINT_RELATIONS_MAX:
        return None
    return closest(name, others, SCORE_NAME_MIN)
