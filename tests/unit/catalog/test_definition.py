import msgspec
import pytest

from changeover.catalog.definition import Definition, Drift, Kind, definitions, drifted, merged
from changeover.catalog.values import (
    Catalog,
    Check,
    Column,
    ForeignKey,
    Function,
    Index,
    Partition,
    Policy,
    Table,
    Trigger,
    View,
)
from changeover.model.name import TableName

THING = TableName("public", "thing")


def column(**given):
    """A column."""
    plain = {
        "name": "a",
        "position": 1,
        "type": "text",
        "base_type": "text",
        "category": "S",
        "is_not_null": False,
        "default": None,
        "identity": "",
        "generated": "",
        "collation": "",
        "is_collation_deterministic": True,
    }
    return Column(**(plain | given))


def index(**given):
    """An index."""
    plain = {
        "name": "i",
        "definition": "CREATE INDEX i ON thing USING btree (a)",
        "is_unique": False,
        "is_primary": False,
        "is_valid": True,
        "is_exclusion": False,
        "constraint": None,
    }
    return Index(**(plain | given))


def trigger(**given):
    """A trigger."""
    plain = {
        "name": "t",
        "definition": "CREATE TRIGGER t",
        "enabled": "O",
        "function": TableName("public", "touch"),
    }
    return Trigger(**(plain | given))


def key(definition):
    """A foreign key."""
    return ForeignKey(
        name="k",
        columns=("a",),
        references=THING,
        referenced_columns=("a",),
        definition=definition,
        on_delete="a",
        on_update="a",
        is_validated=True,
        is_deferrable=False,
    )


def function(digest):
    """A function."""
    return Function(
        name=TableName("public", "touch"),
        identity="touch()",
        language="sql",
        is_security_definer=False,
        body_digest=digest,
    )


def policy(using):
    """A policy."""
    return Policy(
        table=THING,
        name="p",
        command="ALL",
        is_permissive=True,
        roles=("public",),
        using=using,
        check=None,
    )


TABLE = Table(
    oid=1,
    name=THING,
    kind="r",
    persistence="p",
    owner="o",
    rows_estimate=1,
    size_bytes=1,
    has_row_security=False,
    is_row_security_forced=False,
    is_row_security_active=False,
    has_rules=False,
    partition_key=None,
    columns=(column(),),
    indexes=(index(),),
    checks=(Check(name="c", definition="CHECK (a > 0)", is_validated=True),),
    foreign_keys=(key("FOREIGN KEY (a)"),),
    triggers=(trigger(),),
    partitions=(Partition(name=TableName("public", "part"), bound="FOR VALUES", is_leaf=True),),
)


def catalog(table=TABLE, **given):
    """A catalog of one table, or of none."""
    plain = {
        "version": 180000,
        "system": None,
        "database": "d",
        "user": "u",
        "settings": {},
        "tables": {} if table is None else {table.name: table},
        "functions": (function("1"),),
        "policies": (policy("true"),),
        "views": (View(name=TableName("public", "v"), kind="v", definition="SELECT 1"),),
    }
    return Catalog(**(plain | given))


def altered(**given):
    """The catalog with something of its table altered."""
    return catalog(msgspec.structs.replace(TABLE, **given))


def told(after, resting=()):
    """Return what is said of a catalog that was as above."""
    found = drifted(definitions(catalog()), definitions(after), resting)
    return [(str(one.kind), one.subject) for one in found]


ALTERED = (
    (altered(columns=(column(type="varchar(9)"),)), ("column", "public.thing.a")),
    (altered(columns=(column(is_not_null=True),)), ("column", "public.thing.a")),
    (altered(columns=(column(collation="C"),)), ("column", "public.thing.a")),
    (altered(columns=(column(identity="d"),)), ("column", "public.thing.a")),
    (altered(columns=(column(generated="s", expression="1"),)), ("column", "public.thing.a")),
    (altered(columns=()), ("column", "public.thing.a")),
    (altered(columns=(column(), column(name="b", default="1"))), ("column", "public.thing.b")),
    (altered(columns=(column(default="1"),)), ("default", "public.thing.a")),
    (altered(indexes=()), ("index", "public.thing.i")),
    (altered(indexes=(index(definition="CREATE INDEX i"),)), ("index", "public.thing.i")),
    (altered(indexes=(index(is_valid=False),)), ("index", "public.thing.i")),
    (altered(indexes=(index(constraint="x"),)), ("index", "public.thing.i")),
    (altered(indexes=(index(), index(name="more"))), ("index", "public.thing.more")),
    (altered(checks=()), ("check", "public.thing.c")),
    (altered(foreign_keys=()), ("foreign key", "public.thing.k")),
    (altered(triggers=()), ("trigger", "public.thing.t")),
    (altered(triggers=(trigger(enabled="D"),)), ("trigger", "public.thing.t")),
    (altered(partitions=()), ("partition", "public.part")),
    (altered(persistence="u"), ("table", "public.thing")),
    (altered(has_row_security=True), ("table", "public.thing")),
    (altered(kind="p", partition_key="RANGE (a)"), ("table", "public.thing")),
    (catalog(table=None), ("table", "public.thing")),
    (catalog(functions=(function("2"),)), ("function", 'public."touch()"')),
    (catalog(functions=()), ("function", 'public."touch()"')),
    (catalog(policies=(policy("false"),)), ("policy", "public.thing.p")),
    (catalog(views=()), ("view", "public.v")),
)


@pytest.mark.parametrize(("after", "named"), ALTERED)
def test_one_change_is_told_once(after, named):
    """What was altered is named, and what it implies is not."""
    found = [one for one in told(after) if one[1] != "public.part" or named[1] == "public.part"]
    assert found == [named]


def test_what_is_added_beside_a_table_is_no_drift():
    """A new table, partition, view or function alters nothing that was there."""
    new = msgspec.structs.replace(TABLE, name=TableName("public", "other"))
    more = Partition(name=TableName("public", "part2"), bound="x", is_leaf=True)
    grown = msgspec.structs.replace(TABLE, partitions=(*TABLE.partitions, more))
    after = catalog(
        tables={THING: grown, new.name: new},
        functions=(function("1"), msgspec.structs.replace(function("1"), identity="more()")),
    )
    assert told(after) == []


def test_what_we_do_is_no_drift():
    """Our own triggers, what we have put to rest, and validation do not count."""
    ours = trigger(name="fence", function=TableName("changeover", "fence"))
    assert told(altered(triggers=(trigger(), ours))) == []
    assert told(altered(triggers=(trigger(enabled="D"),)), {(THING, "t")}) == []
    assert told(altered(foreign_keys=()), {(THING, "k")}) == []
    assert told(altered(foreign_keys=(key("FOREIGN KEY (a) NOT VALID"),))) == []


def test_an_index_of_a_resting_name_counts():
    """Rest is of triggers and foreign keys only."""
    assert told(altered(indexes=()), {(THING, "i")}) == [("index", "public.thing.i")]


def test_drift_survives_being_recorded_anew():
    """What was altered before our own change stays drift; what we changed is the new record."""
    recorded = definitions(catalog())
    before = altered(
        indexes=(), columns=(column(default="1"),), triggers=(trigger(), trigger(name="u"))
    )
    drift = drifted(recorded, definitions(before))
    assert len(drift) == 3
    ours = msgspec.structs.replace(before.tables[THING], checks=())
    again = merged(recorded, definitions(catalog(ours)), drift)
    assert drifted(again, definitions(catalog(ours))) == drift
    assert drifted(again, definitions(catalog())) == (
        Drift(
            kind=Kind.CHECK,
            table=THING,
            subject="public.thing.c",
            was=None,
            now=Definition(kind=Kind.CHECK, table=THING, name="c", text="CHECK (a > 0)"),
        ),
    )


def test_definitions_survive_json():
    """What is recorded is read back as it was."""
    found = definitions(catalog())
    text = msgspec.json.encode(found)
    assert msgspec.json.decode(text, type=tuple[Definition, ...]) == found


def test_a_drift_says_what_was_and_what_is():
    """The sentence holds both texts, and says what is gone or new."""
    gone, new, other = (
        drifted(definitions(catalog()), definitions(altered(**given)))[0]
        for given in (
            {"checks": ()},
            {"indexes": (index(), index(name="more"))},
            {"columns": (column(default="1"),)},
        )
    )
    assert str(gone) == "the check public.thing.c is gone; it was: CHECK (a > 0)"
    assert str(new).startswith("the index public.thing.more was added: CREATE INDEX")
    assert str(other) == "the default public.thing.a was: none; is: 1"
