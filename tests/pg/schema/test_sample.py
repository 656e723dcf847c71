"""The sample application, carried from a Supabase-like source to a bare target."""

import uuid

import psycopg
import pytest

from changeover.model.errors import (
    ConfigurationError,
    DatabaseError,
    DefinitionChangedError,
    GateRefusedError,
    SchemaMismatchError,
)
from changeover.model.name import TableName
from changeover.model.settings import MoveSettings
from changeover.transfer import schema
from changeover.transfer.schema_plan import Outcome

FK = "public.profiles.profiles_id_fkey"
PERSON = uuid.UUID("6f0e9b62-7d0b-4f6e-9d1e-2f3a4b5c6d7e")


def outcome_of(objects, name):
    """Return the outcome of the one object of that name."""
    (found,) = [o for o in objects if o.name == name]
    return found.outcome


def add_person(pair):
    """Make an account on the source; the trigger there gives it a profile."""
    with pair.source.connect_as_superuser() as connection:
        connection.execute("INSERT INTO auth.users (id) VALUES (%s)", [PERSON])


def test_an_open_question_refuses_and_names_its_key(sample_move, rows):
    """A foreign key into auth is asked about, and nothing is applied until it is answered."""
    pair, move = sample_move(answers={})
    with pytest.raises(GateRefusedError, match=FK):
        schema.apply_pre_data(move)
    assert [q.answer_key for q in schema.plan_schema(move).questions] == [FK]
    assert rows(pair.target, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == [(0,)]


def test_an_answer_that_is_no_choice_is_an_error(sample_move):
    """A misspelt answer is not taken for another one."""
    _, move = sample_move(answers={FK: "dorp"})
    with pytest.raises(ConfigurationError, match="carry or drop"):
        schema.plan_schema(move)


def test_everything_is_carried_and_nothing_differs(sample_move, differences):
    """After apply the two catalogs have no difference at all."""
    _, move = sample_move()
    report = schema.apply_all(move)
    assert differences(move) == ()
    assert report.differences == ()
    assert report.not_validated == ()


def test_every_object_is_listed_with_its_outcome(sample_move):
    """The plan names what is carried, kept, shimmed and dropped, each with a reason if it isn't."""
    _, move = sample_move()
    objects = schema.plan_schema(move).objects
    assert outcome_of(objects, "TABLE public.notes") is Outcome.CARRIED
    assert outcome_of(objects, "SCHEMA public") is Outcome.KEPT
    assert outcome_of(objects, "FUNCTION auth.uid()") is Outcome.SHIMMED
    assert outcome_of(objects, "TRIGGER on_auth_user_created on auth.users") is Outcome.DROPPED
    assert all(o.why for o in objects if o.outcome is not Outcome.CARRIED)
    assert len({o.name for o in objects}) == len(objects)


def test_planning_changes_nothing(sample_move, rows):
    """A dry run shows the statements and leaves the target as it was."""
    pair, move = sample_move()
    plan = schema.plan_schema(move)
    assert "CREATE TABLE public.notes" in plan.statements["pre-data"]
    assert "NOT VALID" in plan.statements["foreign-keys"]
    assert rows(pair.target, "SELECT count(*) FROM pg_namespace WHERE nspname = 'changeover'") == [
        (0,)
    ]


def test_carried_keys_are_those_of_the_referenced_table(sample_move, rows):
    """The answer carry makes auth.users of keys alone, and the foreign key is valid."""
    pair, move = sample_move()
    add_person(pair)
    schema.apply_all(move)
    assert rows(pair.target, "SELECT * FROM auth.users") == [(PERSON,)]
    assert rows(
        pair.target, "SELECT convalidated FROM pg_constraint WHERE conname = 'profiles_id_fkey'"
    ) == [(True,)]


def test_keys_are_carried_again_on_demand(sample_move, rows):
    """Accounts made after the schema step reach the target by another call, and only once."""
    pair, move = sample_move()
    schema.apply_all(move)
    add_person(pair)
    assert schema.carry_referenced_keys(move) == 1
    assert schema.carry_referenced_keys(move) == 0
    assert rows(pair.target, "SELECT id FROM auth.users") == [(PERSON,)]


def test_a_dropped_foreign_key_is_listed_and_differs(sample_move, differences):
    """The answer drop leaves the key out, says so, and the difference says what it means."""
    _, move = sample_move(answers={FK: "drop"})
    report = schema.apply_all(move)
    name = "FK CONSTRAINT profiles_id_fkey on public.profiles"
    assert outcome_of(report.objects, name) is Outcome.DROPPED
    (found,) = differences(move)
    assert (found.kind, found.object, found.severity) == (
        "foreign key",
        "public.profiles",
        "behaves",
    )


def test_a_second_apply_does_nothing(sample_move, applied, rows):
    """The same definitions applied again are recognised by their checksums."""
    pair, move = sample_move()
    first = schema.apply_all(move)
    before = rows(pair.target, "SELECT step, applied_at FROM changeover.schema_step")
    second = schema.apply_all(move)
    assert second.done == ()
    assert set(second.known) == set(applied(pair)) == set(first.done) - {"preparation"}
    assert rows(pair.target, "SELECT step, applied_at FROM changeover.schema_step") == before


def test_steps_one_by_one_come_to_the_same(sample_move, differences):
    """Before the copy, after it, after the drain: each step brings its part and no other."""
    _, move = sample_move()
    notes = TableName("public", "notes")
    assert schema.apply_pre_data(move).done == ("preparation", "pre-data")
    kinds = {d.kind for d in differences(move)}
    assert {"primary key", "unique key", "index", "foreign key", "trigger"} <= kinds
    assert schema.apply_keys(move, [notes]).done == ("keys:public.notes",)
    assert {(d.kind, d.object) for d in differences(move) if d.kind == "primary key"} == {
        ("primary key", f"public.{name}") for name in ("note_tags", "profiles", "tags")
    }
    assert len(schema.apply_keys(move).done) == 3
    assert schema.apply_unique(move).done == ("unique",)
    assert {d.kind for d in differences(move)} & {"primary key", "unique key"} == set()
    assert schema.apply_indexes(move).done == ("indexes",)
    assert schema.apply_foreign_keys(move).done == ("foreign-keys",)
    assert schema.apply_triggers_and_policies(move).done == ("triggers-and-policies", "privileges")
    assert differences(move) == ()


def test_until_keys_brings_what_upserts_need(sample_move, applied):
    """The short form stops after the primary keys."""
    pair, move = sample_move()
    schema.apply_all(move, until="keys")
    assert {step.partition(":")[0] for step in applied(pair)} == {"pre-data", "keys"}


def test_a_source_altered_after_the_step_is_said(sample_move):
    """A column added on the source after apply stops the next apply, by name of the step."""
    pair, move = sample_move()
    schema.apply_all(move)
    with pair.source.connect() as connection:
        connection.execute("ALTER TABLE public.notes ADD COLUMN mood text")
    with pytest.raises(DefinitionChangedError, match="pre-data was applied with checksum"):
        schema.apply_all(move)


def test_a_step_that_fails_leaves_nothing(sample_move, applied, rows):
    """Two rows that agree in a unique key stop the step; no index, no ledger row stays."""
    pair, move = sample_move()
    schema.apply_keys(move)
    with pair.target.connect() as connection:
        connection.execute("INSERT INTO tags (name) VALUES ('a'), ('a')")
    with pytest.raises(DatabaseError, match="23505"):
        schema.apply_unique(move)
    assert "unique" not in applied(pair)
    assert rows(pair.target, "SELECT 1 FROM pg_class WHERE relname = 'notes_slug_key'") == []
    with pair.target.connect() as connection:
        connection.execute("DELETE FROM tags")
    assert schema.apply_unique(move).done == ("unique",)


def test_orphans_leave_a_foreign_key_not_valid(sample_move, rows):
    """A row without its parent is counted, and the key stands all the same for new rows."""
    pair, move = sample_move()
    table = "public.note_tags"
    schema.apply_indexes(move)
    with pair.target.connect() as connection:
        connection.execute("INSERT INTO note_tags VALUES (1, 1), (2, 1)")
    report = schema.apply_foreign_keys(move)
    assert report.not_validated == (
        f"{table}: note_tags_note_id_fkey: 2 row(s) of {table} have no parent in public.notes",
        f"{table}: note_tags_tag_id_fkey: 2 row(s) of {table} have no parent in public.tags",
    )
    with pair.target.connect() as connection:
        with pytest.raises(psycopg.errors.ForeignKeyViolation):
            connection.execute("INSERT INTO note_tags VALUES (3, 3)")
        connection.execute("DELETE FROM note_tags")
    assert schema.validate_foreign_keys(move) == ()
    assert rows(pair.target, "SELECT 1 FROM pg_constraint WHERE NOT convalidated") == []


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("request.jwt.claims", f'{{"sub": "{PERSON}", "role": "authenticated"}}'),
        ("request.jwt.claim.sub", str(PERSON)),
    ],
)
def test_policies_see_who_asks(sample_move, setting, value):
    """A person reads the own notes through policies that call auth.uid(), by either setting."""
    pair, move = sample_move()
    add_person(pair)
    schema.apply_all(move)
    with pair.target.connect() as connection:
        connection.execute("INSERT INTO profiles (id) VALUES (%s)", [PERSON])
        connection.execute(
            "INSERT INTO notes (author_id, slug, title) VALUES (%s, 'a', 'A')", [PERSON]
        )
    with pair.target.connect_as_superuser() as connection:
        connection.execute("SET ROLE authenticated")
        assert connection.execute("SELECT slug FROM notes").fetchall() == []
        connection.execute("SELECT set_config(%s, %s, false)", [setting, value])
        assert connection.execute("SELECT slug, auth.uid() FROM notes").fetchall() == [
            ("a", PERSON)
        ]


def test_effective_rights_are_those_of_the_source(sample_move, rows):
    """A right taken from PUBLIC and a right on one column arrive, and no default right is left."""
    pair, move = sample_move()
    with pair.source.connect() as connection:
        connection.execute("REVOKE ALL ON tags FROM anon")
        connection.execute("GRANT SELECT (name) ON tags TO anon")
        connection.execute("REVOKE EXECUTE ON FUNCTION count_notes FROM PUBLIC, anon")
    with pair.target.connect() as connection:
        connection.execute("ALTER DEFAULT PRIVILEGES GRANT ALL ON TABLES TO PUBLIC")
    schema.apply_all(move)
    assert rows(
        pair.target,
        "SELECT has_table_privilege('anon', 'tags', 'SELECT'),"
        " has_column_privilege('anon', 'tags', 'name', 'SELECT'),"
        " has_column_privilege('anon', 'tags', 'id', 'SELECT'),"
        " has_table_privilege('authenticated', 'tags', 'INSERT'),"
        " has_function_privilege('anon', 'count_notes(uuid)', 'EXECUTE'),"
        " has_function_privilege('authenticated', 'count_notes(uuid)', 'EXECUTE')",
    ) == [(False, True, False, True, False, True)]


def test_without_createrole_the_roles_are_asked_about(sample_move, rows):
    """Where roles can't be made, each policy and each role is a question; drop goes on without."""
    names = ("anon", "authenticated", "service_role")
    pair, move = sample_move(createrole=False)
    questions = schema.plan_schema(move).questions
    assert {q.answer_key for q in questions} == {f"role.{name}" for name in names}
    assert "POLICY" in {q.name.split()[0] for q in questions}
    with pytest.raises(GateRefusedError, match=r"role\.anon"):
        schema.apply_all(move)
    answers = {FK: "carry"} | {f"role.{name}": "drop" for name in names}
    dropping = type(move)(
        owners=move.owners,
        settings=type(move.settings)(
            move=MoveSettings(answers=answers), state_directory=move.settings.state_directory
        ),
    )
    report = schema.apply_all(dropping)
    assert rows(pair.target, "SELECT count(*) FROM pg_policy") == [(0,)]
    assert {o.outcome for o in report.objects if o.name.startswith("POLICY")} == {Outcome.DROPPED}


def test_roles_made_by_hand_are_enough(sample_move, differences):
    """Without CREATEROLE, but with the roles there, policies and rights are carried."""
    pair, move = sample_move(createrole=False)
    with pair.target.connect_as_superuser() as connection:
        connection.execute("CREATE ROLE anon; CREATE ROLE authenticated; CREATE ROLE service_role")
    schema.apply_all(move)
    assert differences(move) == ()


def test_a_table_that_was_there_is_kept(sample_move, rows):
    """A table prepared by hand, with one index more, is left as it is; the others are carried."""
    pair, move = sample_move()
    with pair.target.connect() as connection:
        connection.execute(
            "CREATE TABLE tags (id serial PRIMARY KEY, name text NOT NULL UNIQUE,"
            " parent_id integer)"
        )
        connection.execute("CREATE INDEX tags_by_hand ON tags (parent_id)")
    report = schema.apply_all(move)
    assert outcome_of(report.objects, "TABLE public.tags") is Outcome.KEPT
    assert outcome_of(report.objects, "TABLE public.notes") is Outcome.CARRIED
    assert {(d.kind, d.severity) for d in report.differences if d.object == "public.tags"} == {
        ("foreign key", "behaves"),
        ("index", "note"),
    }
    assert rows(pair.target, "SELECT 1 FROM pg_class WHERE relname = 'tags_by_hand'") == [(1,)]
    assert schema.apply_all(move).done == ()


def test_a_table_by_hand_that_refuses_rows_is_refused(sample_move, rows):
    """A narrower column on a table prepared by hand stops the step before anything is applied."""
    pair, move = sample_move()
    with pair.target.connect() as connection:
        connection.execute(
            "CREATE TABLE tags (id serial PRIMARY KEY, name varchar(5) NOT NULL UNIQUE,"
            " parent_id integer)"
        )
    with pytest.raises(SchemaMismatchError, match="rows longer than 5 are refused"):
        schema.apply_all(move)
    assert rows(pair.target, "SELECT to_regclass('public.notes')") == [(None,)]


def test_an_excluded_table_stays_and_keys_into_it_are_asked_about(sample_move, make_move):
    """Exclusion drops a table with all that hangs on it, but never a key of another in silence."""
    pair, _ = sample_move()
    settings = MoveSettings(exclude=("public.tags",), answers={FK: "drop"})
    plan = schema.plan_schema(make_move(pair, move=settings))
    assert outcome_of(plan.objects, "TABLE public.tags") is Outcome.DROPPED
    assert outcome_of(plan.objects, "CONSTRAINT tags_name_key on public.tags") is Outcome.DROPPED
    assert [q.answer_key for q in plan.questions] == ["public.note_tags.note_tags_tag_id_fkey"]
