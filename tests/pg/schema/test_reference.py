"""Foreign keys of partitioned tables: before 18, NOT VALID goes partition by partition."""

import pytest

from changeover.database import Endpoint, connect
from changeover.model.name import TableName
from changeover.model.secret import Secret
from changeover.model.side import Side
from changeover.transfer.schema_reference import Reference, add, validate

TABLES = """
CREATE TABLE public.parent (id int PRIMARY KEY);
CREATE TABLE public.child (id int, parent_id int) PARTITION BY RANGE (id);
CREATE TABLE public.child_1 PARTITION OF public.child FOR VALUES FROM (0) TO (10);
CREATE TABLE public.child_2 PARTITION OF public.child FOR VALUES FROM (10) TO (20);
INSERT INTO public.child VALUES (1, 1), (11, 1);
"""
STATES = """
SELECT c.conrelid::regclass::text, c.convalidated FROM pg_catalog.pg_constraint AS c
WHERE c.contype = 'f' AND c.confrelid = 'public.parent'::regclass ORDER BY 1
"""
REFERENCE = Reference(
    relation=TableName("public", "child"),
    name="child_parent",
    definition="FOREIGN KEY (parent_id) REFERENCES public.parent(id)",
    is_validated=True,
    is_partitioned=True,
    columns=("parent_id",),
    references=TableName("public", "parent"),
    referenced_columns=("id",),
    referenced_types=("integer",),
    is_carried=False,
)


@pytest.fixture(params=[16, 18])
def session(request, pair):
    """A pinned session on either version, with a partitioned child whose rows are orphans."""
    database, side = (
        (pair.source, Side.SOURCE) if request.param == 16 else (pair.target, Side.TARGET)
    )
    with connect(Endpoint(side=side, dsn=Secret(database.dsn)), "test") as connection:
        connection.execute(TABLES)
        yield connection


def test_a_partitioned_child_gets_its_key_on_every_version(session):
    """NOT VALID over orphans, refused as long as they are there, valid on all levels afterwards."""
    add(session, REFERENCE)
    assert not any(valid for _, valid in session.execute(STATES))
    assert "no parent in public.parent" in validate(session, REFERENCE)
    session.execute("INSERT INTO public.parent VALUES (1)")
    assert validate(session, REFERENCE) == ""
    states = session.execute(STATES).fetchall()
    assert {name.removeprefix("public.") for name, _ in states} == {"child", "child_1", "child_2"}
    assert all(valid for _, valid in states)


def test_adding_and_validating_twice_changes_nothing(session):
    """Both are repeatable."""
    session.execute("INSERT INTO public.parent VALUES (1)")
    for _ in range(2):
        add(session, REFERENCE)
        assert validate(session, REFERENCE) == ""
    assert len(session.execute(STATES).fetchall()) == 3
