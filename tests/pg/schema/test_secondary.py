"""The schema's last steps on a target that is the secondary already: nothing may act there."""

import pytest

from changeover.model.errors import GateRefusedError
from changeover.transfer import capture, schema


@pytest.fixture
def installed(sample_move, make_move):
    """A function that applies the keys, installs capture, and returns pair and move."""

    def make(*, createrole):
        pair, move = sample_move(
            createrole=createrole,
            answers=None
            if createrole
            else {
                "public.profiles.profiles_id_fkey": "carry",
                **{f"role.{name}": "drop" for name in ("anon", "authenticated", "service_role")},
            },
        )
        schema.apply_unique(move)
        capture.install(move)
        return pair, move

    return make


def test_the_capture_of_the_source_is_not_carried(installed, rows):
    """Triggers of our own on the source are no objects of the application."""
    pair, move = installed(createrole=True)
    plan = schema.plan_schema(move)
    assert not any("changeover" in o.name for o in plan.objects)
    schema.apply_all(move)
    names = {row[0] for row in rows(pair.target, "SELECT tgname FROM pg_trigger")}
    assert "notes_touch" in names


def test_foreign_keys_stay_not_valid_or_at_rest(installed, rows):
    """On a fenced secondary a foreign key is NOT VALID, or written down for later."""
    pair, move = installed(createrole=True)
    report = schema.apply_foreign_keys(move)
    standing = rows(
        pair.target, "SELECT conname, convalidated FROM pg_constraint WHERE contype = 'f'"
    )
    resting = rows(
        pair.target,
        "SELECT name, is_validated FROM changeover.resting WHERE kind = 'foreign_key'",
    )
    assert len(standing) + len(resting) == 5
    assert not any(validated for _, validated in standing)
    assert all(validated for _, validated in resting)
    assert len(report.not_validated) == 5


def test_foreign_keys_go_straight_to_rest_where_the_mirror_can_not_pass_them(
    pair_with, make_move, rows
):
    """Without session_replication_role they are booked with the source's definition, not made."""
    pair = pair_with(replication_role_grant=False)
    with pair.source.connect() as connection:
        connection.execute("CREATE TABLE a (id int PRIMARY KEY)")
        connection.execute(
            "CREATE TABLE b (id int PRIMARY KEY, a int REFERENCES a ON DELETE CASCADE)"
        )
    move = make_move(pair)
    schema.apply_unique(move)
    capture.install(move)
    schema.apply_foreign_keys(move)
    assert rows(pair.target, "SELECT 1 FROM pg_constraint WHERE conname = 'b_a_fkey'") == []
    assert rows(
        pair.target, "SELECT table_name, name, definition, is_validated FROM changeover.resting"
    ) == [("b", "b_a_fkey", "FOREIGN KEY (a) REFERENCES public.a(id) ON DELETE CASCADE", True)]
    assert schema.apply_all(move).done == ("privileges",)


def test_triggers_go_to_rest_in_the_transaction_that_makes_them(pair_with, make_move, rows):
    """A trigger of the application is off on the secondary, and its state is written down."""
    pair = pair_with(replication_role_grant=False)
    with pair.source.connect() as connection:
        connection.execute("CREATE TABLE a (id int PRIMARY KEY)")
        connection.execute(
            "CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END';"
            "CREATE TRIGGER on_a AFTER INSERT ON a FOR EACH ROW EXECUTE FUNCTION touch()"
        )
    move = make_move(pair)
    schema.apply_indexes(move)
    capture.install(move)
    report = schema.apply_triggers_and_policies(move)
    assert rows(pair.target, "SELECT tgenabled FROM pg_trigger WHERE tgname = 'on_a'") == [("D",)]
    assert rows(pair.target, "SELECT name, enabled FROM changeover.resting") == [("on_a", "O")]
    assert report.differences == ()


def test_everything_before_capture_works_too(sample_move):
    """The other order: all of the schema first, then capture; a later apply finds nothing to do."""
    _, move = sample_move()
    schema.apply_all(move)
    capture.install(move)
    report = schema.apply_all(move)
    assert report.done == ()
    assert report.differences == ()


def test_questions_are_asked_on_a_secondary_too(installed):
    """Without the right to create roles the answers are demanded at every step."""
    pair, move = installed(createrole=False)
    with pair.source.connect() as connection:
        connection.execute("CREATE VIEW people AS SELECT id FROM auth.users")
    with pytest.raises(GateRefusedError, match=r"public\.people"):
        schema.apply_all(move)
