"""Each gate, turned red by its own cause and by nothing else."""

import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from typing import Any

import psycopg
import pytest

from changeover.control.move import Move, installed_pairs
from changeover.control.swap import Kind, request
from changeover.database import Endpoint
from changeover.embedded import Database
from changeover.journey.cutover import cutover
from changeover.journey.daemon import Daemon
from changeover.journey.gate import gates
from changeover.journey.rehearsal import rehearse
from changeover.model.errors import ChangeoverError, GateRefusedError
from changeover.model.secret import Secret
from changeover.model.settings import MirrorSettings, Settings
from changeover.model.side import Side
from changeover.transfer import capture
from changeover.transfer.verify import verify

TABLES = (
    "CREATE TABLE public.items (id bigint PRIMARY KEY, note text)",
    "CREATE TABLE public.others (id bigint PRIMARY KEY)",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """A move whose gates are all green, and its two databases."""

    move: Move
    databases: dict[Side, Database]

    def on(self, side: Side, *statements: str) -> None:
        """Run statements on a side as its owner."""
        with self.databases[side].connect() as connection:
            for statement in statements:
                connection.execute(statement)

    def red(self, kind: Kind = Kind.CUTOVER) -> dict[str, str]:
        """Return the gates that are not green, and what they found."""
        found = gates(self.move, kind, installed_pairs(self.move))
        assert all(gate.hint for gate in found if not gate.is_green)
        return {gate.name: gate.fact for gate in found if not gate.is_green}

    def mirror_once(self) -> None:
        """Let a daemon run until a marker of its own has come back."""
        with closing(Daemon(self.move)) as daemon, self.databases[Side.TARGET].connect() as target:
            query = "SELECT max(beaten_at) FROM changeover.heartbeat WHERE error IS NULL"
            before = target.execute(query).fetchone()
            for _ in range(50):
                daemon.step()
                if target.execute(query).fetchone() != before:
                    break


@pytest.fixture(scope="module")
def ground(make_module_pair, tmp_path_factory) -> Ground:
    """A move that is ready for its cutover: copied, mirrored, rehearsed and verified."""
    databases = make_module_pair()
    for database in databases.values():
        with database.connect() as connection:
            for statement in TABLES:
                connection.execute(statement)
    move = Move(
        owners={side: Endpoint(side=side, dsn=Secret(one.dsn)) for side, one in databases.items()},
        settings=Settings(
            state_directory=str(tmp_path_factory.mktemp("state")),
            mirror=MirrorSettings(heartbeat_ms=10, marker_age_ms_max=600_000),
        ),
    )
    capture.install(move)
    made = Ground(move=move, databases=databases)
    assert {"copied", "marker", "caught_up", "verified", "way_back_rehearsed"} <= set(made.red())
    made.on(
        Side.TARGET,
        "INSERT INTO changeover.copy (table_id, state, version)"
        " SELECT table_id, 'copied', 1 FROM changeover.moved_table",
    )
    made.on(Side.SOURCE, "INSERT INTO items VALUES (1, 'a')")
    made.mirror_once()
    assert verify(move).is_equal
    assert made.red() == {}
    return made


SIMPLE = {
    "marker: old": (
        "marker",
        "UPDATE changeover.heartbeat SET beaten_at = beaten_at - interval '1 hour'",
        "UPDATE changeover.heartbeat SET beaten_at = beaten_at + interval '1 hour'",
    ),
    "marker: slow": (
        "marker",
        "UPDATE changeover.heartbeat SET lag_ms = lag_ms + 3600000",
        "UPDATE changeover.heartbeat SET lag_ms = lag_ms - 3600000",
    ),
    "marker: other epoch": (
        "marker",
        "UPDATE changeover.heartbeat SET epoch = epoch - 1",
        "UPDATE changeover.heartbeat SET epoch = epoch + 1",
    ),
    "marker: failed": (
        "marker",
        "UPDATE changeover.heartbeat SET error = 'CO000 broken'",
        "UPDATE changeover.heartbeat SET error = NULL",
    ),
    "marker: never": (
        "marker",
        "UPDATE changeover.heartbeat SET direction = 'none'",
        "UPDATE changeover.heartbeat SET direction = 'forward'",
    ),
    "books: unequal": (
        "books",
        "UPDATE changeover.applied SET keys_applied = keys_applied + 1",
        "UPDATE changeover.applied SET keys_applied = keys_applied - 1",
    ),
    "caught up": (
        "caught_up",
        "UPDATE changeover.mirror SET is_catching_up = true WHERE direction = 'forward'",
        "UPDATE changeover.mirror SET is_catching_up = false WHERE direction = 'forward'",
    ),
    "copied": (
        "copied",
        "UPDATE changeover.copy SET state = 'copying' WHERE table_id = 2",
        "UPDATE changeover.copy SET state = 'copied'",
    ),
    "verified: differences": (
        "verified",
        "UPDATE changeover.verification SET missing = 1 WHERE table_id = 2",
        "UPDATE changeover.verification SET missing = 0",
    ),
    "verified: unsettled": (
        "verified",
        "UPDATE changeover.verification SET unsettled = 1 WHERE table_id = 1",
        "UPDATE changeover.verification SET unsettled = 0",
    ),
    "verified: stale": (
        "verified",
        "UPDATE changeover.verification SET finished_at = finished_at - interval '2 days'",
        "UPDATE changeover.verification SET finished_at = finished_at + interval '2 days'",
    ),
    "verified: another epoch": (
        "verified",
        "UPDATE changeover.verification SET epoch = epoch - 1",
        "UPDATE changeover.verification SET epoch = epoch + 1",
    ),
    "doubt": (
        "no_doubt",
        "INSERT INTO changeover.doubt (table_id, reason) VALUES (1, 'test')",
        "DELETE FROM changeover.doubt",
    ),
    "rehearsed: never": (
        "way_back_rehearsed",
        "UPDATE changeover.evidence SET epoch = epoch - 1",
        "UPDATE changeover.evidence SET epoch = epoch + 1",
    ),
    "rehearsed: failed": (
        "way_back_rehearsed",
        "UPDATE changeover.evidence SET outcome = 'fail'",
        "UPDATE changeover.evidence SET outcome = 'pass'",
    ),
    "rehearsed: long ago": (
        "way_back_rehearsed",
        "UPDATE changeover.evidence SET at = at - interval '3 hours'",
        "UPDATE changeover.evidence SET at = at + interval '3 hours'",
    ),
}


@pytest.mark.parametrize(("name", "cause", "cure"), SIMPLE.values(), ids=list(SIMPLE))
def test_a_state_that_is_not_green_turns_one_gate_red(ground, name, cause, cure):
    """What the control schema says is read by one gate each."""
    ground.on(Side.TARGET, cause)
    red = ground.red()
    ground.on(Side.TARGET, cure)
    assert set(red) == {name}
    assert ground.red() == {}


@contextmanager
def a_stranger(ground: Ground, side: Side) -> Iterator[None]:
    """Hold a session of somebody else under the mirror's role."""
    with psycopg.connect(ground.move.mirror_endpoint(side).dsn.reveal()):
        yield


@contextmanager
def an_open_pair(ground: Ground) -> Iterator[None]:
    """Let a mirror die between its two commits."""
    ground.on(Side.SOURCE, "UPDATE items SET note = 'b'")
    move = replace(ground.move, hooks=replace(ground.move.hooks, reached=_die_between))
    with closing(Daemon(move)) as dying, pytest.raises(KeyError):
        _run_forever(dying)
    yield
    ground.mirror_once()


def _run_forever(daemon: Daemon) -> None:
    while True:
        daemon.step()


def _die_between(point: str) -> None:
    if point == "round.between_commits":
        raise KeyError(point)


@contextmanager
def a_prepared_transaction(ground: Ground) -> Iterator[None]:
    """Leave a prepared transaction on the source."""
    ground.on(Side.SOURCE, "BEGIN; SELECT 1; PREPARE TRANSACTION 'gate'")
    yield
    ground.on(Side.SOURCE, "ROLLBACK PREPARED 'gate'")


@contextmanager
def a_swap_of_somebody(ground: Ground) -> Iterator[None]:
    """Leave a swap under way."""
    with ground.move.connect_owner(Side.TARGET, "test") as target:
        request(target, Kind.CUTOVER, "somebody", 60, epoch=1)
    yield
    ground.on(
        Side.TARGET,
        "UPDATE changeover.swap SET phase = 'aborted', finished_at = now()"
        " WHERE finished_at IS NULL",
    )


@contextmanager
def a_trigger_off(ground: Ground, side: Side) -> Iterator[None]:
    """Switch the fence of a table off."""
    name = '"!changeover_fence"'
    ground.on(side, f"ALTER TABLE items DISABLE TRIGGER {name}")
    yield
    ground.on(side, f"ALTER TABLE items ENABLE ALWAYS TRIGGER {name}")
    ground.mirror_once()
    ground.on(Side.TARGET, "DELETE FROM changeover.doubt")


@contextmanager
def a_trigger_off_and_on(ground: Ground, side: Side) -> Iterator[None]:
    """Switch all triggers of a table off and on again as ALWAYS, before the mirror looks."""
    ground.on(
        side,
        'ALTER TABLE items DISABLE TRIGGER "!changeover_fence"',
        'ALTER TABLE items ENABLE ALWAYS TRIGGER "!changeover_fence"',
    )
    yield
    ground.mirror_once()
    ground.on(Side.TARGET, "DELETE FROM changeover.doubt")


@contextmanager
def an_altered_column(ground: Ground, side: Side) -> Iterator[None]:
    """Alter a moved table."""
    ground.on(side, "ALTER TABLE items ALTER COLUMN note SET NOT NULL")
    yield
    ground.on(side, "ALTER TABLE items ALTER COLUMN note DROP NOT NULL")
    ground.mirror_once()
    ground.on(Side.TARGET, "DELETE FROM changeover.doubt")


REAL: dict[str, tuple[str, Callable[[Ground], Any]]] = {
    "a stranger on the source": ("only_the_mirror", lambda g: a_stranger(g, Side.SOURCE)),
    "a stranger on the target": ("only_the_mirror", lambda g: a_stranger(g, Side.TARGET)),
    "a mirror that died between its commits": ("books", an_open_pair),
    "a prepared transaction": ("no_prepared_transactions", a_prepared_transaction),
    "a swap under way": ("no_swap", a_swap_of_somebody),
    "a trigger off on the source": ("guards", lambda g: a_trigger_off(g, Side.SOURCE)),
    "a trigger off on the target": ("guards", lambda g: a_trigger_off(g, Side.TARGET)),
    "off and on on the source": ("guards", lambda g: a_trigger_off_and_on(g, Side.SOURCE)),
    "off and on on the target": ("guards", lambda g: a_trigger_off_and_on(g, Side.TARGET)),
    "a column altered on the source": ("guards", lambda g: an_altered_column(g, Side.SOURCE)),
    "a column altered on the target": ("guards", lambda g: an_altered_column(g, Side.TARGET)),
}


@pytest.mark.parametrize(("name", "cause"), REAL.values(), ids=list(REAL))
def test_a_real_cause_turns_one_gate_red(ground, name, cause):
    """What happens to the databases is seen by one gate each, and goes with its cause."""
    with cause(ground):
        assert set(ground.red()) == {name}
        with pytest.raises(ChangeoverError) as caught:
            cutover(ground.move)
        assert caught.value.exit_code == 4
    assert ground.red() == {}


@pytest.mark.parametrize("side", list(Side), ids=str)
def test_what_was_switched_off_and_on_again_is_a_doubt_until_it_is_verified(ground, side):
    """The mirror books the table; only a verification clears it, and until then no rollback too."""
    with a_trigger_off_and_on(ground, side):
        ground.mirror_once()
        assert "public.items" in ground.red()["no_doubt"]
        assert "no_doubt" in ground.red(Kind.ROLLBACK)
        assert verify(ground.move).is_equal
        assert ground.red() == {}


def test_an_error_while_checking_is_red(ground):
    """A gate that can't read what it asks for is red, and names the reason; the others go on."""
    ground.on(Side.TARGET, "ALTER TABLE changeover.doubt RENAME TO doubt_away")
    red = ground.red()
    ground.on(Side.TARGET, "ALTER TABLE changeover.doubt_away RENAME TO doubt")
    assert set(red) == {"no_doubt"}
    assert "could not be checked" in red["no_doubt"]


def test_the_wrong_primary_turns_the_authority_red(ground):
    """A rollback's gates are red while the source is primary."""
    assert "authority" in ground.red(Kind.ROLLBACK)


def test_a_refusal_names_every_red_gate_and_the_first_hint(ground):
    """The error of a refused cutover names all gates that are not green, and exits with 4."""
    ground.on(Side.TARGET, SIMPLE["doubt"][1], SIMPLE["copied"][1])
    with pytest.raises(GateRefusedError) as caught:
        cutover(ground.move)
    ground.on(Side.TARGET, SIMPLE["doubt"][2], SIMPLE["copied"][2])
    assert "no_doubt: public.items: test" in caught.value.message
    assert "copied: 1 of 2" in caught.value.message
    assert caught.value.hint
    assert caught.value.exit_code == 4


def test_a_failed_rehearsal_turns_the_gate_red_and_the_mirror_goes_on(ground):
    """A right that the mirror lacks on the source stops the cutover, not the mirror."""
    role = ground.move.mirror_endpoint(Side.SOURCE)
    with psycopg.connect(role.dsn.reveal()) as session:
        name = session.info.user
    ground.on(Side.SOURCE, f'REVOKE DELETE ON others FROM "{name}"')
    with pytest.raises(ChangeoverError):
        rehearse(ground.move, installed_pairs(ground.move))
    ground.on(Side.SOURCE, "UPDATE items SET note = 'still'")
    ground.mirror_once()
    red = ground.red()
    ground.on(Side.SOURCE, f'GRANT DELETE ON others TO "{name}"')
    assert set(red) == {"way_back_rehearsed"}
    assert "permission denied" in red["way_back_rehearsed"]
    rehearse(ground.move, installed_pairs(ground.move))
    assert ground.red() == {}


def test_a_running_mirror_does_not_turn_the_books_red(ground):
    """Gates that are asked again and again beside writers and a mirror never see it unbalanced."""
    is_over = threading.Event()
    daemon = Daemon(ground.move)
    thread = threading.Thread(target=daemon.run, args=(is_over.is_set,))
    thread.start()
    try:
        with ground.databases[Side.SOURCE].connect() as source:
            for number in range(6):
                source.execute("UPDATE items SET note = %s", (str(number),))
                assert "books" not in ground.red()
    finally:
        is_over.set()
        thread.join(30)
