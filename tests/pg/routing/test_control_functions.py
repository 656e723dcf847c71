"""The functions that clients call on the target: what they answer, store and refuse."""

import json
from uuid import UUID, uuid4

import psycopg
import pytest

from changeover.control import rollout
from changeover.control.move import STATE_VERSION, Move, read_pairs
from changeover.database import Endpoint
from changeover.model.routing_settings import RoutingSettings
from changeover.model.secret import Secret
from changeover.model.settings import MirrorSettings, Settings
from changeover.model.side import Side
from changeover.transfer import capture

TABLE = "CREATE TABLE public.notes (id integer PRIMARY KEY, body text)"


@pytest.fixture(scope="module")
def owner(make_module_pair, tmp_path_factory):
    """A session of the target's owner, capture being installed."""
    databases = make_module_pair()
    for database in databases.values():
        with database.connect() as connection:
            connection.execute(TABLE)
    move = Move(
        owners={
            side: Endpoint(side=side, dsn=Secret(database.dsn))
            for side, database in databases.items()
        },
        settings=Settings(state_directory=str(tmp_path_factory.mktemp("state"))),
    )
    capture.install_on(move, read_pairs(move))
    with move.connect_owner(Side.TARGET, "test") as connection:
        yield connection


@pytest.fixture
def control(owner):
    """The same in a transaction that is taken back, so that each test finds all as installed."""
    with owner.transaction(force_rollback=True):
        yield owner


@pytest.fixture
def installed(ready, pair):
    """A session of the owner of a target of the test's own, for what other sessions see."""
    with ready(pair, TABLE).connect_owner(Side.TARGET, "test") as connection:
        yield connection


def call(connection, text, *values):
    """Return what a call of one function returned."""
    return connection.execute(text, values).fetchone()[0]


def poll(connection, **client):
    """Poll as a client, or only look."""
    given = json.dumps({"id": str(uuid4()), **client}) if client else None
    return call(connection, "SELECT changeover.poll(%s::jsonb)", given)


def test_a_look_answers_where_the_move_stands_and_writes_nothing(control):
    """poll(NULL) returns the state, no members, and leaves no client."""
    answer = poll(control)
    assert answer["version"] == STATE_VERSION
    assert (answer["stage"], answer["primary"], answer["epoch"]) == ("off", "source", 1)
    assert (answer["percent"], answer["group"], answer["killed"]) == (0, "reads", None)
    assert (answer["is_swapping"], answer["is_catching_up"]) == (False, True)
    assert answer["marker"] is None
    assert "members" not in answer
    assert control.execute("SELECT count(*) FROM changeover.client").fetchone() == (0,)


def test_what_must_be_obeyed_changes_the_digest_and_nothing_else_does(control):
    """`seen` is another one after each change of stage, rollout, list, kill; not after a limit."""
    changes = [
        "UPDATE changeover.control SET stage = 'live'",
        "UPDATE changeover.control SET epoch = 7",
        "UPDATE changeover.control SET primary_side = 'target'",
        "UPDATE changeover.rollout SET percent = 5",
        "UPDATE changeover.rollout SET group_name = 'g'",
        "UPDATE changeover.rollout SET shadow_percent = 0.5",
        "UPDATE changeover.rollout SET killed = 'why'",
        "INSERT INTO changeover.rollout_member VALUES ('a,b')",
        "INSERT INTO changeover.rollout_member VALUES ('c')",
    ]
    digests = [poll(control)["seen"]]
    for change in changes:
        control.execute(change)
        digests.append(poll(control)["seen"])
    assert len(set(digests)) == len(digests)
    control.execute("UPDATE changeover.rollout SET client_expiry_s = 5, swap_wait_s_max = 3")
    assert poll(control)["seen"] == digests[-1]


def test_the_digest_of_the_list_depends_on_its_keys_alone(control):
    """The same keys give the same digest in any order; members come only if it differs."""
    control.execute("INSERT INTO changeover.rollout_member VALUES ('b'), ('a')")
    first = poll(control, members_digest="")
    assert sorted(first["members"]) == ["a", "b"]
    digest = first["members_digest"]
    assert "members" not in poll(control, members_digest=digest)
    control.execute("TRUNCATE changeover.rollout_member")
    emptied = poll(control, members_digest=digest)
    assert (emptied["members_digest"], emptied["members"]) == ("", [])
    control.execute("INSERT INTO changeover.rollout_member VALUES ('a'), ('b')")
    assert poll(control)["members_digest"] == digest


def test_the_marker_is_that_of_the_direction_away_from_the_primary(control):
    """Its age is the heartbeat's plus its lag; the other direction's is not shown."""
    control.execute(
        "INSERT INTO changeover.heartbeat (direction, epoch, marker_number, lag_ms, lag_ms_max,"
        " owner, beaten_at) VALUES ('forward', 1, 1, 500, 500, 't',"
        " clock_timestamp() - interval '10 s')"
    )
    control.execute("UPDATE changeover.mirror SET is_catching_up = false WHERE direction='forward'")
    answer = poll(control)
    assert 10_500 <= answer["marker"]["age_ms"] < 40_000
    assert (answer["marker"]["error"], answer["marker"]["epoch"]) == (None, 1)
    assert answer["is_catching_up"] is False
    control.execute("UPDATE changeover.control SET primary_side = 'target'")
    answer = poll(control)
    assert (answer["marker"], answer["is_catching_up"]) == (None, True)


def test_a_client_is_kept_as_it_last_told_and_leaves_when_it_says_so(control):
    """One row per id, texts are bounded, and a client that leaves is gone at once."""
    one = str(uuid4())
    told = {"id": one, "name": "n" * 300, "version": "1", "stage": "off", "side": "source"}
    poll(control, **told, seen="old", queued={"shadow": 3})
    poll(control, **told, seen="new", queued={"shadow": 4}, breaker="open")
    rows = control.execute(
        "SELECT name, seen, queued, breaker, role_name FROM changeover.client"
    ).fetchall()
    assert rows == [("n" * 200, "new", {"shadow": 4}, "open", control.info.user)]
    poll(control, id=one, is_leaving=True)
    assert control.execute("SELECT count(*) FROM changeover.client").fetchone() == (0,)


def test_tokens_go_in_and_answered_ones_come_back_once(control):
    """An unanswered token stays; an answered one is returned and removed; no one else's is."""
    mine, other = uuid4(), uuid4()
    exchange = "SELECT changeover.exchange_tokens(%s, %s)"
    assert call(control, exchange, mine, []) == []
    assert call(control, exchange, other, [mine]) == []
    control.execute("UPDATE changeover.token SET answered_at = clock_timestamp()")
    assert call(control, exchange, None, [mine]) == [mine]
    assert call(control, exchange, None, [mine]) == []
    assert control.execute("SELECT token FROM changeover.token").fetchall() == [(other,)]


def steps(connection, *rows):
    """Write the history of the rollout: percent, seconds held (None: still), breach."""
    for percent, held_s, breach in rows:
        connection.execute(
            "INSERT INTO changeover.rollout_step (epoch, percent, group_name, began_at, ended_at,"
            " breach) SELECT 1, %(percent)s, 'reads', clock_timestamp() - interval '1 hour',"
            " clock_timestamp() - interval '1 hour' + make_interval(secs => %(held)s), %(breach)s",
            {"percent": percent, "held": held_s, "breach": breach},
        )


@pytest.mark.parametrize(
    ("history", "good"),
    [
        ([], 0),
        ([(1, 60, None), (10, 60, None), (50, None, None)], 10),
        ([(1, 60, None), (10, 60, "slow"), (50, None, None)], 1),
        ([(1, 60, None), (10, 3, None), (50, None, None)], 1),
        ([(10, 60, "slow"), (10, 60, None), (50, None, None)], 10),
        ([(10, 60, None), (10, 60, "slow"), (50, None, None)], 0),
        ([(70, 60, None), (50, None, None)], 0),
    ],
)
def test_a_breach_leads_to_the_last_good_step(control, history, good):
    """The highest lower step that was held for a window without a breach, else 0; with an event."""
    control.execute("UPDATE changeover.control SET stage = 'live'")
    control.execute("UPDATE changeover.rollout SET percent = 50, guard_window_s = 30")
    steps(control, *history)
    seen = poll(control)["seen"]
    assert call(control, "SELECT changeover.lower_rollout('too slow', %s)", seen) is True
    assert poll(control)["percent"] == good
    event = control.execute("SELECT what, detail FROM changeover.event").fetchall()
    assert event == [("rollout lowered", {"from": 50, "to": good, "reason": "too slow"})]
    open_steps = control.execute(
        "SELECT percent FROM changeover.rollout_step WHERE ended_at IS NULL"
    ).fetchall()
    assert open_steps == [(good,)]


def test_a_guard_rail_that_is_late_does_nothing(control):
    """Another digest, another stage, a kill or nobody to call back: false, and nothing changes."""
    lower = "SELECT changeover.lower_rollout('slow', %s)"
    control.execute("UPDATE changeover.rollout SET percent = 50")
    assert call(control, lower, poll(control)["seen"]) is False
    control.execute("UPDATE changeover.control SET stage = 'live'")
    assert call(control, lower, "another") is False
    assert call(control, lower, None) is False
    control.execute("UPDATE changeover.rollout SET killed = 'by hand'")
    assert call(control, lower, poll(control)["seen"]) is False
    control.execute("UPDATE changeover.rollout SET killed = NULL, percent = 0")
    assert call(control, lower, poll(control)["seen"]) is False
    assert control.execute("SELECT count(*) FROM changeover.event").fetchone() == (0,)


def test_a_breach_at_nought_percent_calls_the_listed_back_too(control):
    """With nobody but the list on the target, the guard rail trips the kill switch."""
    control.execute("UPDATE changeover.control SET stage = 'live'")
    control.execute("INSERT INTO changeover.rollout_member VALUES ('tester')")
    seen = poll(control)["seen"]
    assert call(control, "SELECT changeover.lower_rollout('errors', %s)", seen) is True
    assert poll(control)["killed"] == "guard rail: errors"


def report(connection, counts, mismatches):
    """Hand in what shadow reads found."""
    connection.execute(
        "SELECT changeover.report_shadow(%s, %s::jsonb, %s::jsonb)",
        (uuid4(), json.dumps(counts), json.dumps(mismatches)),
    )


def test_reports_of_shadow_reads_add_up(control):
    """Counts add per table and class; a mismatch that was seen before is counted, not repeated."""
    one = {"table": "notes", "class": "value", "columns": ["body"], "key_hash": "h", "times": 2}
    report(control, {"notes": {"compared": 5, "equal": 3}}, [{**one, "stage": "shadow"}])
    report(control, {"notes": {"compared": 1, "dropped": 4}}, [{**one, "stage": "live"}])
    counts = control.execute(
        "SELECT table_name, compared, equal, unsettled, skipped, dropped"
        " FROM changeover.shadow_count"
    ).fetchall()
    assert counts == [("notes", 6, 3, 0, 0, 4)]
    rows = control.execute(
        "SELECT table_name, class, columns, key_hash, stage, times FROM changeover.shadow_mismatch"
    ).fetchall()
    assert rows == [("notes", "value", ["body"], "h", "live", 4)]


def test_the_rows_of_mismatches_are_bounded_and_their_number_is_kept(control):
    """Of one table and class a hundred rows stay; the others are counted together."""
    many = [{"table": "notes", "class": "order", "key_hash": f"h{n}"} for n in range(150)]
    report(control, {}, many)
    report(control, {}, many)
    found = control.execute("SELECT count(*), sum(times) FROM changeover.shadow_mismatch")
    assert found.fetchone() == (101, 300)


def test_a_role_of_the_routing_may_call_the_functions_and_nothing_else(installed, pair):
    """Granted roles poll, exchange, lower and report; tables and helpers stay closed to them."""
    with pair.target.server.connect() as server:
        server.execute("CREATE ROLE route_client LOGIN")
    settings = Settings(mirror=MirrorSettings(marker_age_ms_max=1234))
    with pytest.raises(Exception, match="nobody_there"):
        rollout.install(installed, _with_roles(settings, "nobody_there"))
    rollout.install(installed, _with_roles(settings, "route_client"))
    with pair.target.connect_as_superuser() as session:
        session.execute("SET SESSION AUTHORIZATION route_client")
        assert poll(session)["marker_age_ms_max"] == 1234
        assert call(session, "SELECT changeover.exchange_tokens(%s, '{}')", UUID(int=1)) == []
        assert call(session, "SELECT changeover.lower_rollout('r', 's')") is False
        report(session, {}, [])
        for statement in (
            "SELECT * FROM changeover.rollout_member",
            "UPDATE changeover.rollout SET percent = 100",
            "SELECT changeover.move_rollout(100, 'reads', NULL)",
            "SELECT changeover.digest_state()",
            "SELECT changeover.note_client('{}')",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                session.execute(statement)
    with pair.target.connect_as_superuser() as session:
        session.execute("CREATE ROLE stranger LOGIN")
        session.execute("SET SESSION AUTHORIZATION stranger")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            session.execute("SELECT changeover.poll(NULL)")


def test_a_role_that_is_named_no_more_loses_the_functions(installed, pair):
    """Installing again takes them from whoever is not in the list, and from nobody else."""
    with pair.target.server.connect() as server:
        server.execute("CREATE ROLE former_client LOGIN")
        server.execute("CREATE ROLE kept_client LOGIN")
    rollout.install(installed, _with_roles(Settings(), "former_client", "kept_client"))
    rollout.install(installed, _with_roles(Settings(), "kept_client"))
    with pair.target.connect_as_superuser() as session:
        session.execute("SET SESSION AUTHORIZATION kept_client")
        assert poll(session)["stage"] == "off"
        session.execute("SET SESSION AUTHORIZATION former_client")
        for statement in (
            "SELECT changeover.poll(NULL)",
            "SELECT changeover.exchange_tokens(NULL, '{}')",
            "SELECT changeover.lower_rollout('r', 's')",
            "SELECT changeover.report_shadow(NULL, '{}', '[]')",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                session.execute(statement)


def _with_roles(settings, *roles):
    """Return settings whose routing names roles."""
    return Settings(mirror=settings.mirror, routing=RoutingSettings(roles=roles))
