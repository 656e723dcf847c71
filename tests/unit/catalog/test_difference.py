"""Differences of two catalogs that are made by hand; drift on servers is tested with servers."""

import msgspec
import pytest

from changeover.catalog.difference import Severity, compare, fits
from changeover.catalog.values import (
    Catalog,
    Column,
    Extension,
    ForeignKey,
    Index,
    Key,
    Partition,
    Privilege,
    Sequence,
    Table,
    Trigger,
)
from changeover.model.name import TableName
from changeover.model.settings import MoveSettings

NAME = TableName("public", "note")
OTHER = TableName("public", "person")


def column(name="id", type_name="bigint", **more):
    """Return a column."""
    values = {
        "name": name,
        "position": 1,
        "type": type_name,
        "base_type": type_name,
        "category": "N",
        "is_not_null": False,
        "default": None,
        "identity": "",
        "generated": "",
        "collation": "",
        "is_collation_deterministic": True,
    }
    return Column(**(values | more))


def key(*columns, **more):
    """Return a unique key."""
    values = {
        "name": "_".join(columns),
        "columns": columns,
        "is_primary": False,
        "is_constraint": True,
        "is_deferrable": False,
        "is_exact": True,
    }
    return Key(**(values | more))


def index(name, definition, **more):
    """Return an index."""
    values = {
        "name": name,
        "definition": definition,
        "is_unique": False,
        "is_primary": False,
        "is_valid": True,
        "is_exclusion": False,
        "constraint": None,
    }
    return Index(**(values | more))


def table(**more):
    """Return a table with one column."""
    values = {
        "oid": 1,
        "name": NAME,
        "kind": "r",
        "persistence": "p",
        "owner": "app",
        "rows_estimate": 0,
        "size_bytes": 0,
        "has_row_security": False,
        "is_row_security_forced": False,
        "is_row_security_active": False,
        "has_rules": False,
        "partition_key": None,
        "columns": (column(),),
    }
    return Table(**(values | more))


def catalog(*tables, **more):
    """Return a catalog of some tables."""
    values = {
        "version": 160000,
        "system": None,
        "database": "app",
        "user": "app",
        "settings": {"server_encoding": "UTF8"},
        "tables": {t.name: t for t in tables},
    }
    return Catalog(**(values | more))


def found(source, target, **more):
    """Return the differences of two tables as (kind, severity)."""
    differences = compare(catalog(source), catalog(target), MoveSettings(), **more)
    return [(d.kind, str(d.severity)) for d in differences]


def test_equal_catalogs_do_not_differ():
    """A catalog has no difference with itself."""
    assert compare(catalog(table()), catalog(table()), MoveSettings()) == ()


def test_excluded_tables_are_not_compared():
    """Only what moves counts."""
    move = MoveSettings(exclude=("public.note",))
    assert compare(catalog(table()), catalog(), move) == ()


def test_a_wider_key_on_the_target_refuses_nothing():
    """A key that contains the source's, as partitions demand it, lets every row in."""
    pairs = found(
        table(keys=(key("id", is_primary=True),)),
        table(keys=(key("id", "at", is_primary=True),)),
    )
    assert pairs == [("primary key", "behaves")]


def test_a_narrower_key_on_the_target_refuses():
    """A key over fewer columns refuses rows that the source holds."""
    pairs = found(table(keys=(key("a", "b"),)), table(keys=(key("a"),)))
    assert ("unique key", "refuses") in pairs


def test_a_deferrable_key_of_the_source_does_not_vouch_for_one_that_is_not():
    """Two rows may swap a value under a deferrable key only."""
    pairs = found(table(keys=(key("a", is_deferrable=True),)), table(keys=(key("a"),)))
    assert pairs == [("unique key", "refuses")]
    assert found(table(keys=(key("a"),)), table(keys=(key("a", is_deferrable=True),))) == [
        ("unique key", "behaves")
    ]


def test_nulls_that_are_equal_on_the_target_only_are_refused():
    """NULLS NOT DISTINCT refuses what the same key takes without it."""
    definition = "CREATE UNIQUE INDEX a ON public.note USING btree (a)"
    source = table(keys=(key("a"),), indexes=(index("a", definition, is_unique=True),))
    strict = index("a", f"{definition} NULLS NOT DISTINCT", is_unique=True)
    assert found(source, table(keys=(key("a"),), indexes=(strict,))) == [("unique key", "refuses")]


@pytest.mark.parametrize(
    ("source", "target"),
    [
        (
            "CREATE INDEX a ON public.note USING btree (id)",
            "CREATE INDEX b ON public.note USING btree (id)",
        ),
        (
            'CREATE INDEX "a USING b" ON public."No.te" USING btree (id)',
            "CREATE INDEX b ON ONLY public.note USING btree (id)",
        ),
    ],
)
def test_names_of_indexes_do_not_matter(source, target):
    """Indexes are compared by what they do."""
    assert not found(table(indexes=(index("a", source),)), table(indexes=(index("b", target),)))


def test_an_index_twice_is_one_too_many():
    """Equal indexes are counted, not merged."""
    definition = "CREATE INDEX a ON public.note USING btree (id)"
    one, two = index("a", definition), index("b", definition)
    assert found(table(indexes=(one,)), table(indexes=(one, two))) == [("index", "note")]


def test_an_invalid_index_is_named():
    """An index that a failed build left is not taken for one that works."""
    broken = index("a", "CREATE INDEX a ON public.note USING btree (id)", is_valid=False)
    whole = index("a", "CREATE INDEX a ON public.note USING btree (id)")
    assert found(table(indexes=(whole,)), table(indexes=(broken,))) == [("index", "behaves")]


def foreign_key(**more):
    """Return a foreign key."""
    values = {
        "name": "note_person",
        "columns": ("id",),
        "references": OTHER,
        "referenced_columns": ("id",),
        "definition": "",
        "on_delete": "a",
        "on_update": "a",
        "is_validated": True,
        "is_deferrable": False,
    }
    return ForeignKey(**(values | more))


@pytest.mark.parametrize(
    ("source", "target", "severity"),
    [
        ((foreign_key(),), (), "behaves"),
        ((), (foreign_key(),), "refuses"),
        ((foreign_key(),), (foreign_key(on_delete="c"),), "behaves"),
        ((foreign_key(),), (foreign_key(is_validated=False),), "note"),
    ],
)
def test_foreign_keys_differ_by_what_they_do(source, target, severity):
    """A foreign key of one side, or with another action, is named."""
    pairs = found(table(foreign_keys=source), table(foreign_keys=target))
    assert pairs == [("foreign key", severity)]


def trigger(name="touch", schema="public", **more):
    """Return a trigger."""
    return Trigger(
        **(
            {
                "name": name,
                "definition": f"CREATE TRIGGER {name}",
                "enabled": "O",
                "function": TableName(schema, name),
            }
            | more
        )
    )


def test_what_is_at_rest_is_no_difference():
    """Triggers and foreign keys that we put to rest come back at the swap."""
    source = table(foreign_keys=(foreign_key(),), triggers=(trigger(),))
    target = table(triggers=(trigger(enabled="D"),))
    assert found(source, target) == [("foreign key", "behaves"), ("trigger", "behaves")]
    resting = {(NAME, "note_person"), (NAME, "touch")}
    assert found(source, target, resting=resting) == []
    elsewhere = {(OTHER, "note_person"), (OTHER, "touch")}
    assert len(found(source, target, resting=elsewhere)) == 2


def test_our_own_triggers_never_count():
    """A trigger whose function stands in the schema changeover is not the application's."""
    ours = trigger(name="!changeover_fence", schema="changeover")
    assert found(table(triggers=(ours,)), table()) == []
    assert found(table(), table(triggers=(ours,))) == []


def test_partitions_of_both_sides_are_compared_by_bound():
    """A partition that only the source has is named."""
    part = Partition(name=TableName("public", "p1"), bound="FOR VALUES IN (1)", is_leaf=True)
    source = table(kind="p", partition_key="LIST (id)", partitions=(part,))
    target = table(kind="p", partition_key="LIST (id)")
    assert found(source, target) == [("partition", "behaves")]


def test_a_serial_and_an_identity_count_alike():
    """A column that counts by a sequence of its own on both sides loses nothing."""
    source = table(columns=(column(default="nextval('public.note_id_seq'::regclass)"),))
    target = table(columns=(column(identity="d"),))
    assert found(source, target) == [("identity", "note")]


def test_types_of_extensions_may_stand_in_another_schema():
    """The same extension's type is the same type, wherever the extension was put."""
    source = catalog(
        table(columns=(column(type_name="extensions.vector(3)"),)),
        extensions=(Extension(name="vector", version="1", schema="extensions"),),
    )
    target = catalog(
        table(columns=(column(type_name="public.vector(3)"),)),
        extensions=(Extension(name="vector", version="1", schema="public"),),
    )
    (difference,) = compare(source, target, MoveSettings())
    assert (difference.kind, difference.severity) == ("column type", Severity.NOTE)
    plain = msgspec.structs.replace(target, extensions=())
    assert not fits(compare(source, plain, MoveSettings()))


def test_sequences_of_tables_that_stay_do_not_count():
    """A sequence goes with its table."""
    sequence = Sequence(
        name=TableName("public", "s"),
        last_value=None,
        start=1,
        increment=1,
        minimum=1,
        maximum=10,
        cache=1,
        is_cycled=False,
        owner_table=NAME,
        owner_column="id",
    )
    source = catalog(table(), sequences=(sequence,))
    assert [d.kind for d in compare(source, catalog(table()), MoveSettings())] == ["sequence"]
    assert compare(source, catalog(), MoveSettings(exclude=("public.note",))) == ()


@pytest.mark.parametrize(
    ("name", "source", "target", "is_fit"),
    [
        ("server_encoding", "UTF8", "LATIN1", False),
        ("server_encoding", "LATIN1", "UTF8", True),
        ("datcollate", "en_US.UTF-8", "C", True),
        ("TimeZone", "UTC", "Europe/Moscow", True),
        ("collation_version", "2.31", "2.36", True),
    ],
)
def test_settings_are_compared(name, source, target, is_fit):
    """A server setting that changes what is seen or taken is named."""
    (found_one,) = compare(
        catalog(settings={name: source}), catalog(settings={name: target}), MoveSettings()
    )
    assert (found_one.kind, found_one.object) == ("setting", name)
    assert fits((found_one,)) is is_fit


def test_rights_of_owners_and_of_the_mirror_do_not_count():
    """Rights are compared for the application's roles only."""
    rights = tuple(
        Privilege(table=NAME, grantee=role, privilege="SELECT")
        for role in ("app", "changeover_mirror_5", "anon")
    )
    (difference,) = compare(catalog(table(), privileges=rights), catalog(table()), MoveSettings())
    assert difference.object == "public.note for anon"


def test_a_difference_shows_where_and_what():
    """The text names the place, both sides and what breaks."""
    (difference,) = compare(catalog(table()), catalog(), MoveSettings())
    assert str(difference) == (
        "[refuses] table public.note: its rows have no place; every query of it raises 42P01 "
        "(source: 1 columns; target: none)"
    )
