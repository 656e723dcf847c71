"""Relationships are found as the foreign keys, views and functions of a database say."""

import pytest

from changeover.model.name import TableName

FILMS = """
    CREATE TABLE director (id int PRIMARY KEY, name text);
    CREATE TABLE film (id int PRIMARY KEY, title text,
      director_id int CONSTRAINT made_by REFERENCES director);
"""


def test_a_key_leads_both_ways(snapshot_of, ways):
    """A foreign key is many-to-one from its own side and one-to-many from the other."""
    snapshot = snapshot_of(FILMS)
    assert ways(snapshot, "film") == ["director many-to-one made_by director_id=id"]
    assert ways(snapshot, "director") == ["film one-to-many made_by id=director_id"]
    (forth,) = snapshot.relationships[TableName("api", "film")]
    (back,) = snapshot.relationships[TableName("api", "director")]
    assert (forth.is_to_one, forth.is_parent_referencing) == (True, True)
    assert (back.is_to_one, back.is_parent_referencing) == (False, False)


@pytest.mark.parametrize(
    ("unique", "kind"),
    [
        ("UNIQUE (b, a)", "one-to-one"),
        ("PRIMARY KEY (a, b)", "one-to-one"),
        ("UNIQUE (a)", "many-to-one"),
        ("UNIQUE (a, b, c)", "many-to-one"),
        ("CHECK (true)); CREATE UNIQUE INDEX ON child (a, b", "many-to-one"),
    ],
)
def test_one_to_one_needs_exactly_the_key(snapshot_of, ways, unique, kind):
    """A key is one-to-one if its columns are a primary key or unique constraint, no index."""
    snapshot = snapshot_of(
        "CREATE TABLE parent (x int, y int, PRIMARY KEY (x, y));"
        " CREATE TABLE child (a int, b int, c int,"
        f" CONSTRAINT fk FOREIGN KEY (b, a) REFERENCES parent (x, y), {unique})"
    )
    assert ways(snapshot, "child") == [f"parent {kind} fk b=x,a=y"]
    back = "one-to-one" if kind == "one-to-one" else "one-to-many"
    assert ways(snapshot, "parent") == [f"child {back} fk x=b,y=a"]
    (inverse,) = snapshot.relationships[TableName("api", "parent")]
    assert (inverse.is_to_one, inverse.is_parent_referencing) == (kind == "one-to-one", False)


ROLES = """
    CREATE TABLE actor (id int PRIMARY KEY);
    CREATE TABLE film (id int PRIMARY KEY);
"""


@pytest.mark.parametrize(
    ("columns", "has_way"),
    [
        ("PRIMARY KEY (actor_id, film_id)", True),
        ("part text, PRIMARY KEY (film_id, part, actor_id)", True),
        ("UNIQUE (actor_id), PRIMARY KEY (actor_id, film_id)", False),
        ("id int PRIMARY KEY", False),
        ("UNIQUE (actor_id, film_id)", False),
        ("PRIMARY KEY (actor_id)", False),
    ],
)
def test_a_junction_has_both_keys_in_its_own(snapshot_of, ways, columns, has_way):
    """Two keys make a many-to-many only if the primary key holds all of their columns."""
    snapshot = snapshot_of(
        f"{ROLES} CREATE TABLE role (actor_id int CONSTRAINT fk_actor REFERENCES actor,"
        f" film_id int CONSTRAINT fk_film REFERENCES film, {columns})"
    )
    through = [line for line in ways(snapshot, "actor") if "many-to-many" in line]
    assert through == (["film many-to-many role id=actor_id id=film_id"] if has_way else [])


def test_a_junction_of_a_table_with_itself(snapshot_of, ways):
    """Two keys to one table lead from it to itself, both ways."""
    snapshot = snapshot_of(
        "CREATE TABLE person (id int PRIMARY KEY);"
        " CREATE TABLE follow (a int CONSTRAINT one REFERENCES person,"
        " b int CONSTRAINT two REFERENCES person, PRIMARY KEY (a, b))"
    )
    assert [line for line in ways(snapshot, "person") if "many-to-many" in line] == [
        "person many-to-many follow id=a id=b",
        "person many-to-many follow id=b id=a",
    ]
    assert all(
        one.is_self
        for one in snapshot.relationships[TableName("api", "person")]
        if one.junction is not None
    )


def test_a_key_to_the_own_table(snapshot_of, ways):
    """A self reference is one key with two directions, many first."""
    snapshot = snapshot_of(
        "CREATE TABLE node (id int PRIMARY KEY, up int CONSTRAINT above REFERENCES node)"
    )
    assert ways(snapshot, "node") == [
        "node one-to-many above id=up",
        "node many-to-one above up=id",
    ]
    assert all(one.is_self for one in snapshot.relationships[TableName("api", "node")])


def test_candidates_are_in_the_order_of_messages(snapshot_of, ways):
    """By kind, then by constraint or junction."""
    snapshot = snapshot_of(
        "CREATE TABLE a (id int PRIMARY KEY);"
        " CREATE TABLE b (id int PRIMARY KEY, a2 int CONSTRAINT z2 REFERENCES a,"
        " a1 int CONSTRAINT z1 REFERENCES a, sole int UNIQUE CONSTRAINT z0 REFERENCES a);"
        " ALTER TABLE a ADD b1 int CONSTRAINT y1 REFERENCES b;"
        " CREATE TABLE j (a int CONSTRAINT ja REFERENCES a, b int CONSTRAINT jb REFERENCES b,"
        " PRIMARY KEY (a, b))"
    )
    assert [line for line in ways(snapshot, "a") if line.startswith("b ")] == [
        "b one-to-many z1 id=a1",
        "b one-to-many z2 id=a2",
        "b many-to-one y1 b1=id",
        "b one-to-one z0 id=sole",
        "b many-to-many j id=a id=b",
    ]


def test_partitions_have_their_parents_keys_only(snapshot_of, ways):
    """A partitioned table's own keys count, what its partitions inherit does not."""
    snapshot = snapshot_of(
        f"{FILMS} CREATE TABLE showing (id int, day int,"
        " film_id int CONSTRAINT shows REFERENCES film,"
        " PRIMARY KEY (id, day)) PARTITION BY RANGE (day);"
        " CREATE TABLE showing_1 PARTITION OF showing FOR VALUES FROM (0) TO (10);"
        " CREATE TABLE showing_2 PARTITION OF showing DEFAULT;"
        " CREATE TABLE ticket (showing_id int, day int,"
        " CONSTRAINT admits FOREIGN KEY (showing_id, day) REFERENCES showing)"
    )
    assert [line for line in ways(snapshot, "film") if "show" in line] == [
        "showing one-to-many shows id=film_id"
    ]
    assert ways(snapshot, "ticket") == ["showing many-to-one admits showing_id=id,day=day"]
    assert ways(snapshot, "showing_1") == []


def test_views_stand_for_their_tables(snapshot_of, ways):
    """Table to view, view to table and view to view, through views of views."""
    snapshot = snapshot_of(
        f"{FILMS}"
        " CREATE VIEW inner_film AS SELECT id AS no, director_id AS did FROM film;"
        " CREATE MATERIALIZED VIEW film_view AS SELECT no AS film, did AS by FROM inner_film;"
        " CREATE VIEW maker AS SELECT * FROM (SELECT id AS mid, name FROM director) AS d"
    )
    assert ways(snapshot, "film_view") == [
        "director many-to-one made_by by=id",
        "maker many-to-one made_by by=mid",
    ]
    assert ways(snapshot, "maker") == [
        "film one-to-many made_by mid=director_id",
        "film_view one-to-many made_by mid=by",
        "inner_film one-to-many made_by mid=did",
    ]
    assert ways(snapshot, "film") == [
        "director many-to-one made_by director_id=id",
        "maker many-to-one made_by director_id=mid",
    ]
    marks = {
        one.child.name: (one.is_parent_view, one.is_child_view)
        for one in snapshot.relationships[TableName("api", "film_view")]
    }
    assert marks == {"director": (True, False), "maker": (True, True)}


def test_keys_of_one_name_are_told_apart(snapshot_of, ways):
    """Two tables may name their keys alike; a view on what they refer to has both."""
    snapshot = snapshot_of(
        "CREATE TABLE p (id int PRIMARY KEY); CREATE VIEW v AS SELECT id AS no FROM p;"
        " CREATE TABLE a (p int CONSTRAINT fk REFERENCES p);"
        " CREATE TABLE b (p int CONSTRAINT fk REFERENCES p)"
    )
    assert ways(snapshot, "v") == ["a one-to-many fk no=p", "b one-to-many fk no=p"]


def test_a_partition_is_no_child(snapshot_of, ways):
    """A partition's own key leads nowhere: partitions are no resources."""
    snapshot = snapshot_of(
        "CREATE TABLE p (id int PRIMARY KEY);"
        " CREATE TABLE parted (id int, p int) PARTITION BY RANGE (id);"
        " CREATE TABLE part PARTITION OF parted DEFAULT;"
        " ALTER TABLE part ADD FOREIGN KEY (p) REFERENCES p"
    )
    assert ways(snapshot, "p") == ways(snapshot, "part") == []


def test_a_column_selected_twice_leads_twice(snapshot_of, ways):
    """Each copy of a key's column is a relationship of its own."""
    snapshot = snapshot_of(
        f"{FILMS} CREATE VIEW v AS SELECT director_id AS one, director_id AS two FROM film"
    )
    assert ways(snapshot, "v") == [
        "director many-to-one made_by one=id",
        "director many-to-one made_by two=id",
    ]


def test_a_view_without_all_columns_of_a_key_has_no_relationship(snapshot_of, ways):
    """Part of a key, an expression or a UNION leads nowhere."""
    snapshot = snapshot_of(
        "CREATE TABLE p (x int, y int, PRIMARY KEY (x, y));"
        " CREATE TABLE c (a int, b int, FOREIGN KEY (a, b) REFERENCES p);"
        " CREATE VIEW part AS SELECT a FROM c;"
        " CREATE VIEW worked AS SELECT a, b + 0 AS b FROM c;"
        " CREATE VIEW joined AS SELECT a, b FROM c UNION SELECT a, b FROM c"
    )
    assert [ways(snapshot, name) for name in ("part", "worked", "joined")] == [[], [], []]
    assert len(ways(snapshot, "p")) == 1


def test_a_view_can_be_a_junction(snapshot_of, ways):
    """A view that shows a junction's whole key is one too."""
    snapshot = snapshot_of(
        f"{ROLES} CREATE TABLE role (actor_id int CONSTRAINT fk_actor REFERENCES actor,"
        " film_id int CONSTRAINT fk_film REFERENCES film, PRIMARY KEY (actor_id, film_id));"
        " CREATE VIEW played AS SELECT actor_id AS a, film_id AS f FROM role"
    )
    assert [line for line in ways(snapshot, "actor") if "many-to-many" in line] == [
        "film many-to-many played id=a id=f",
        "film many-to-many role id=actor_id id=film_id",
    ]


PRIVATE = """
    CREATE SCHEMA hidden;
    CREATE TABLE hidden.director (id int PRIMARY KEY);
    CREATE TABLE hidden.film (id int PRIMARY KEY,
      director_id int CONSTRAINT made_by REFERENCES hidden.director);
    CREATE SCHEMA middle;
    CREATE VIEW middle.director AS SELECT id AS no FROM hidden.director;
    CREATE VIEW director AS SELECT no AS id FROM middle.director;
    CREATE VIEW film AS SELECT * FROM hidden.film;
"""


def test_keys_of_hidden_schemas_serve_views(snapshot_of, ways):
    """Views in an exposed schema have the keys of tables that are in none."""
    snapshot = snapshot_of(PRIVATE, extra=("middle",))
    assert ways(snapshot, "film") == ["director many-to-one made_by director_id=id"]
    assert ways(snapshot, "director", schema="middle") == []


def test_views_of_unlisted_schemas_are_not_followed(snapshot_of, ways):
    """A view between, in a schema that is neither exposed nor on the extra path, ends the chain."""
    snapshot = snapshot_of(PRIVATE)
    assert ways(snapshot, "film") == []


def test_children_lie_in_the_parents_schema(snapshot_of, ways):
    """A key across schemas leads nowhere, though both are exposed; a junction may lie elsewhere."""
    snapshot = snapshot_of(
        "CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE b (id int PRIMARY KEY);"
        " CREATE SCHEMA more; CREATE TABLE more.c (a int REFERENCES a, b int REFERENCES b,"
        " PRIMARY KEY (a, b))",
        schemas=("api", "more"),
    )
    assert ways(snapshot, "a") == ["b many-to-many c id=a id=b"]
    assert ways(snapshot, "c", schema="more") == []


def test_a_junction_outside_the_exposed_schemas_joins_nothing(snapshot_of, ways):
    """The junction must be in an exposed schema."""
    snapshot = snapshot_of(
        "CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE b (id int PRIMARY KEY);"
        " CREATE SCHEMA more; CREATE TABLE more.c (a int REFERENCES a, b int REFERENCES b,"
        " PRIMARY KEY (a, b))"
    )
    assert ways(snapshot, "a") == []


COMPUTED = f"""
    {FILMS}
    CREATE FUNCTION films(director) RETURNS SETOF film LANGUAGE sql AS
      'SELECT * FROM api.film WHERE director_id = $1.id';
    CREATE FUNCTION first(director) RETURNS film LANGUAGE sql AS
      'SELECT * FROM api.film WHERE director_id = $1.id LIMIT 1';
    CREATE FUNCTION single(director) RETURNS SETOF film ROWS 1 LANGUAGE sql AS
      'SELECT * FROM api.film WHERE director_id = $1.id LIMIT 1';
    CREATE FUNCTION peers(d director) RETURNS SETOF director LANGUAGE sql AS
      'SELECT * FROM api.director';
    CREATE FUNCTION length(director) RETURNS int LANGUAGE sql AS 'SELECT 1';
    CREATE FUNCTION two(director, int) RETURNS SETOF film LANGUAGE sql AS 'TABLE api.film';
"""


def test_functions_from_row_to_rows_are_relationships(snapshot_of, ways):
    """One row argument and rows as the result, in the requested schema; to one if ROWS 1."""
    snapshot = snapshot_of(COMPUTED)
    assert ways(snapshot, "director") == [
        "film one-to-many made_by id=director_id",
        "film computed to many by films",
        "film computed to one by first",
        "director computed to many by peers",
        "film computed to one by single",
    ]


def test_a_function_named_as_the_child_replaces_what_was_found(snapshot_of, ways):
    """A computed relationship of the child's name and schema stands instead of the key."""
    snapshot = snapshot_of(
        f"{FILMS} CREATE FUNCTION film(director) RETURNS SETOF film LANGUAGE sql"
        " AS 'TABLE api.film'"
    )
    assert ways(snapshot, "director") == ["film computed to many by film"]
    assert ways(snapshot, "film") == ["director many-to-one made_by director_id=id"]


def test_odd_names_have_relationships(snapshot_of, ways):
    """Quoted and Cyrillic names, through a view too."""
    snapshot = snapshot_of(
        'CREATE TABLE "Клиент" ("Номер {1}" int PRIMARY KEY);'
        ' CREATE TABLE "Заказ, (срочный)" ("кто \\ где" int CONSTRAINT "чей?" REFERENCES "Клиент");'
        ' CREATE VIEW "Вид" AS SELECT "кто \\ где" AS "а}б", 1 AS "{" FROM "Заказ, (срочный)"'
    )
    assert ways(snapshot, "Вид") == ["Клиент many-to-one чей? а}б=Номер {1}"]
