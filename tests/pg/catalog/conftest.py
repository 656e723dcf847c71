"""A database of each major version, and its snapshot."""

import pytest

from changeover.catalog.api_reading import read_snapshot
from changeover.model.name import TableName


@pytest.fixture(params=["source_database", "target_database"], ids=["16", "18"])
def database(request):
    """A fresh database of PostgreSQL 16, then of 18."""
    return request.getfixturevalue(request.param)


@pytest.fixture
def snapshot_of(database):
    """A function that runs SQL in a fresh schema api, and returns the snapshot."""

    def read(text, *, schemas=("api",), extra=()):
        with database.connect() as connection:
            connection.execute("CREATE SCHEMA api; SET search_path = api")
            connection.execute(text)
            return read_snapshot(connection, schemas, extra)

    return read


@pytest.fixture
def ways():
    """A function that returns the relationships of a parent, each as one line."""

    def shown(snapshot, parent, schema="api"):
        return [_line(one) for one in snapshot.relationships.get(TableName(schema, parent), ())]

    return shown


def _line(one):
    if one.function is not None:
        number = "one" if one.is_to_one else "many"
        return f"{one.child.name} computed to {number} by {one.function.name}"
    if one.junction is not None:
        through = one.junction
        left = ",".join("=".join(pair) for pair in through.parent_columns)
        right = ",".join("=".join(pair) for pair in through.child_columns)
        return f"{one.child.name} {one.kind} {through.table.name} {left} {right}"
    pairs = ",".join("=".join(pair) for pair in one.columns)
    return f"{one.child.name} {one.kind} {one.constraint} {pairs}"
