"""Bad input: a clear error with the next act and the right exit code, and nothing is changed.

The program runs in this process, through the door that `changeover` itself uses.
"""

import json
import os
import socket
import socketserver
import struct
import subprocess
import threading
import time

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from changeover.cli.application import run as run_program

LIMIT_S = 60
PLANTED = "KrakenZebra"

WITHOUT_CHANGE = [["capture", "install", "--dry-run"], ["schema", "plan"]]
PREPARING = [["capture", "install", "--yes"], ["schema", "apply", "--yes"], *WITHOUT_CHANGE]
COPYING = [
    ["capture", "status"],
    ["copy", "plan"],
    ["copy", "run", "--yes"],
    ["copy", "status"],
    ["copy", "reset", "--yes"],
    ["mirror", "run"],
    ["gates"],
    ["finish", "--yes"],
]
SWAPPING = [["cutover", "--yes"], ["rollback", "--yes"], ["finish", "--release-source", "--yes"]]
INSTALLED_ONLY = [*COPYING, *SWAPPING]
COMPARING = [["verify"], ["repair", "plan"]]
STANDING = [["status"], ["stage", "show"], ["mirror", "status"]]
ROUTING = [
    ["stage", "next", "--yes"],
    ["stage", "back", "--yes"],
    ["rollout", "show"],
    ["rollout", "set", "0%", "--yes"],
    ["shadow", "report"],
    ["shadow", "clear", "--yes"],
]
REMOVING = [["capture", "remove", "--yes"]]
EVERY_VERB = [*PREPARING, *INSTALLED_ONLY, *COMPARING, *STANDING, *REMOVING, ["check"]]

# Whatever a command could leave behind, in text, with one line per thing.
CATALOG = """
SELECT 'schema ' || nspname || coalesce(nspacl::text, '') FROM pg_namespace
  WHERE nspname !~ '^pg_(toast|temp)'
UNION ALL SELECT concat_ws(' ', 'relation', relnamespace::regnamespace, relname, relkind,
    relfilenode, relowner::regrole, relacl, relrowsecurity) FROM pg_class
  WHERE relnamespace::regnamespace::text !~ '^(pg_|information_schema)'
UNION ALL SELECT concat_ws(' ', 'trigger', tgrelid::regclass, tgname, tgenabled, tgisinternal)
  FROM pg_trigger WHERE NOT tgisinternal
UNION ALL SELECT concat_ws(' ', 'constraint', conrelid::regclass, conname, convalidated)
  FROM pg_constraint WHERE connamespace::regnamespace::text !~ '^(pg_|information_schema)'
UNION ALL SELECT concat_ws(' ', 'function', oid::regprocedure, md5(prosrc), proacl) FROM pg_proc
  WHERE pronamespace::regnamespace::text !~ '^(pg_|information_schema)'
UNION ALL SELECT concat_ws(' ', 'sequence', schemaname, sequencename, last_value) FROM pg_sequences
UNION ALL SELECT concat_ws(' ', 'role', oid, rolname, rolsuper, rolcanlogin, rolbypassrls)
  FROM pg_roles
UNION ALL SELECT concat_ws(' ', 'member', roleid::regrole, member::regrole) FROM pg_auth_members
ORDER BY 1
"""
TABLES = """
SELECT relnamespace::regnamespace::text, relname FROM pg_class
WHERE relkind = 'r' AND relnamespace::regnamespace::text !~ '^(pg_|information_schema)'
ORDER BY 1, 2
"""


def state(database):
    """Return everything that a command could have changed on a database, rows included."""
    with database.connect_as_superuser() as connection:
        found = [row[0] for row in connection.execute(CATALOG)]
        for place in connection.execute(TABLES).fetchall():
            query = sql.SQL(
                "SELECT count(*), md5(string_agg(t::text, '/' ORDER BY t::text)) FROM {}"
            )
            row = connection.execute(
                query.format(sql.SQL("{} AS t").format(sql.Identifier(*place)))
            )
            found.append(f"rows {place} {row.fetchone()}")
    return found


@pytest.fixture
def say(place, monkeypatch, capfd, secrets):
    """A function that runs a command and returns exit code and output; no secret is in it."""
    monkeypatch.chdir(place)
    for name in os.environ:
        if name.startswith(("PG", "CHANGEOVER", "SUPABASE", "DATABASE_URL")):
            monkeypatch.delenv(name)

    def run(words):
        code = run_program([*words, "--no-color"])
        out, err = capfd.readouterr()
        planted = ["Kraken", "Zebra", *secrets]
        assert [text for text in planted if text in out + err] == []
        return code, out, err

    return run


@pytest.fixture
def refuses(say, pair):
    """A function that runs commands and holds each against the refusal that is expected."""

    def run(verbs, exit_code, code, *facts):
        before = state(pair.source), state(pair.target)
        for words in verbs:
            found, out, err = say(words)
            assert found == exit_code, (words, found, out, err)
            last = [line for line in err.splitlines() if line.startswith("error ")]
            assert [line.partition(":")[0] for line in last] == [f"error {code}"], (words, err)
            assert all(fact in last[0] for fact in facts), (words, err)
            (after,) = [line for line in err.splitlines() if line.startswith("next: ")]
            assert len(after) > len("next: "), (words, err)
            assert (state(pair.source), state(pair.target)) == before, words

    return run


@pytest.fixture
def finds(say, pair):
    """A function that runs `check` and holds that it names a code with a fix, and ends with 3."""

    def run(code, *facts):
        before = state(pair.source), state(pair.target)
        found, out, _ = say(["check"])
        assert found == 3
        lines = out.splitlines()
        named = [n for n, line in enumerate(lines) if line.startswith(f"REFUSE {code} ")]
        assert named, out
        assert all(fact in lines[named[0]] for fact in facts), lines[named[0]]
        assert lines[named[0] + 1].startswith("       fix: ")
        assert (state(pair.source), state(pair.target)) == before

    return run


@pytest.fixture
def name(place):
    """A function that gives a side another connection string."""

    def write(side, dsn):
        (place / f"{side}.dsn").write_text(dsn, encoding="utf-8")

    return write


@pytest.fixture
def installed(say):
    """Capture is installed."""
    code, _, err = say(["capture", "install", "--yes"])
    assert code == 0, err


# ---- the wrong database ------------------------------------------------------------------------


@pytest.mark.parametrize("side", ["source", "target"])
@pytest.mark.parametrize("part", ["dbname", "user", "password"])
def test_a_database_that_is_not_there_or_refuses_us(refuses, name, pair, side, part):
    """Another name, role or password than the server knows ends with 5, whatever the verb."""
    dsn = getattr(pair, side).dsn
    name(side, make_conninfo(dsn, **{part: "Kraken" if part == "password" else "nobody"}))
    verbs = EVERY_VERB if side == "target" else [*PREPARING, *INSTALLED_ONLY[1:3], ["check"]]
    refuses(verbs, 5, "CO201", side)


def test_the_same_database_twice_by_two_names(refuses, finds, name, pair):
    """What leads to one database by two names is refused by whatever would change or compare it."""
    name("target", make_conninfo(pair.source.dsn, host="localhost", hostaddr="127.0.0.1"))
    verbs = [*PREPARING, *COMPARING, *REMOVING, *SWAPPING]
    refuses(verbs, 4, "CO207", "same database", pair.source.name)
    refuses(COPYING, 4, "CO401")
    finds("CK-SERVER-SAME", pair.source.name)


def test_the_same_string_twice(refuses, name, pair):
    """The same connection string for both sides is refused by every verb, before connecting."""
    name("target", pair.source.dsn)
    refuses(EVERY_VERB, 2, "CO100", "same database")


def test_a_fresh_pair_that_is_swapped(refuses, finds, name, pair):
    """Before anything is installed a full target and an empty source are refused."""
    name("source", pair.target.dsn)
    name("target", pair.source.dsn)
    refuses(PREPARING, 4, "CO207", "holds rows", "public.customer", pair.source.name)
    finds("CK-SERVER-SWAPPED")


def test_the_sides_of_a_move_that_are_swapped(refuses, installed, name, pair):
    """Once capture is installed each database knows its side: every verb refuses the other one."""
    name("source", pair.target.dsn)
    name("target", pair.source.dsn)
    verbs = [*PREPARING, *INSTALLED_ONLY, *COMPARING, *STANDING, *ROUTING, *REMOVING]
    refuses(verbs, 4, "CO207", "of a move")


def test_a_target_that_answers_is_not_lost(refuses, installed):
    """The way back without the target is refused while anything answers at its address."""
    refuses([["rollback", "--target-lost", "--yes"]], 4, "CO408", "answers")


@pytest.mark.parametrize("side", ["source", "target"])
def test_a_move_with_another_database(refuses, installed, name, pair_with, side):
    """Neither side of a move is taken for a side of a move with a third database."""
    made = getattr(pair_with(), side)
    name(side, made.dsn)
    verbs = [*PREPARING, *INSTALLED_ONLY, *REMOVING]
    refuses(verbs, 4, "CO207", "another", made.name)


# ---- rights, versions, rows --------------------------------------------------------------------


@pytest.fixture
def intruder(pair):
    """A role on both servers that may log in and read, and owns nothing."""
    made = {}
    for side, database in (("source", pair.source), ("target", pair.target)):
        role = f"intruder_of_{database.name}"
        with database.connect_as_superuser() as connection:
            connection.execute(f"CREATE ROLE {role} LOGIN BYPASSRLS")
            connection.execute(f"GRANT pg_read_all_data TO {role}")
            connection.execute(f"GRANT CREATE ON DATABASE {database.name} TO {role}")
        made[side] = (role, database.dsn_of(role))
    return made


@pytest.mark.parametrize("side", ["source", "target"])
def test_a_role_that_owns_nothing(refuses, finds, name, intruder, side):
    """A role without rights is refused before the schema changeover is made on either side."""
    role, dsn = intruder[side]
    name(side, dsn)
    refuses([["capture", "install", "--yes"], WITHOUT_CHANGE[0]], 1, "CO202", side, role)
    if side == "target":
        refuses([["schema", "apply", "--yes"]], 1, "CO202", side, role)
    finds("CK-RIGHT-OWNER", role)


def test_a_role_that_may_make_no_schema(refuses, pair, place):
    """The owner of the tables without CREATE on the database is refused, with the GRANT to run."""
    keeper = f"keeper_of_{pair.target.name}"
    with pair.target.connect_as_superuser() as connection:
        connection.execute(f"CREATE ROLE {keeper} LOGIN")
        connection.execute(f"ALTER TABLE public.customer OWNER TO {keeper}")
        connection.execute(f'ALTER TABLE public."Заказ" OWNER TO {keeper}')
    (place / "target.dsn").write_text(pair.target.dsn_of(keeper), encoding="utf-8")
    refuses(PREPARING[:2], 1, "CO202", keeper, "schema changeover")


def test_a_mirror_in_another_database(refuses, place, pair, make_target):
    """A mirror_dsn that leads elsewhere is refused before anything is made."""
    (place / "elsewhere.dsn").write_text(make_target().dsn, encoding="utf-8")
    (place / "elsewhere.dsn").chmod(0o600)
    with (place / "changeover.toml").open("a", encoding="utf-8") as file:
        file.write('mirror_dsn = "@elsewhere.dsn"\n')
    refuses([["capture", "install", "--yes"]], 4, "CO207", "mirror_dsn of the target")


def test_rows_on_the_target_that_are_not_ours(refuses, pair):
    """Rows that nobody of ours put on the target are refused before capture is installed."""
    with pair.target.connect() as connection:
        connection.execute("INSERT INTO public.customer (name) VALUES ('planted-cell-value')")
    refuses([PREPARING[0], WITHOUT_CHANGE[0]], 4, "CO501", "public.customer")


def test_rows_that_came_after_the_installation(say, installed, refuses, pair, place):
    """Rows that got past the fence by the mirror's own role are refused by the copy."""
    login = json.loads((place / ".changeover" / "mirror-target.json").read_text(encoding="utf-8"))
    dsn = make_conninfo(pair.target.dsn, user=login["role"], password=login["secret"])
    with psycopg.connect(dsn) as connection:
        connection.execute("INSERT INTO public.customer (name) VALUES ('planted-cell-value')")
    assert say(["copy", "plan"])[0] == 0
    refuses([["copy", "run", "--yes"]], 4, "CO501", "public.customer", "1 row")


def message(kind, content):
    """Return a message of the protocol, as a server sends it."""
    return kind + struct.pack("!i", len(content) + 4) + content


class OldServer(socketserver.BaseRequestHandler):
    """As much of PostgreSQL 12 as says which version it is.

    Source: https://www.postgresql.org/docs/current/protocol-flow.html
    """

    def handle(self):
        """Refuse TLS, let anybody in, announce the version, and read until the client leaves."""
        while True:
            (length,) = struct.unpack("!i", self.request.recv(4, socket.MSG_WAITALL))
            (wanted,) = struct.unpack_from("!i", self.request.recv(length - 4, socket.MSG_WAITALL))
            if wanted >> 16 == 3:
                break
            self.request.sendall(b"N")
        said = {b"server_version": b"12.22", b"client_encoding": b"UTF8", b"TimeZone": b"UTC"}
        self.request.sendall(
            message(b"R", struct.pack("!i", 0))
            + b"".join(message(b"S", b"%s\0%s\0" % pair) for pair in said.items())
            + message(b"K", struct.pack("!ii", 1, 1))
            + message(b"Z", b"I")
        )
        while self.request.recv(4096):
            pass


@pytest.fixture
def old_server():
    """The port of a server that announces version 12."""
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), OldServer) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


@pytest.mark.parametrize("side", ["source", "target"])
def test_a_server_below_13(refuses, say, name, old_server, side):
    """A server of version 12 is refused by name, with what to do, by every verb."""
    name(side, f"postgresql://app:{PLANTED}@127.0.0.1:{old_server}/app")
    verbs = [*PREPARING, *COMPARING, *STANDING[:2], *REMOVING, ["cutover", "--yes"]]
    if side == "source":
        verbs = [*PREPARING, *COMPARING, *REMOVING]
    refuses(verbs, 1, "CO205", side, "12", "13")
    code, out, _ = say(["check"])
    assert code == 3
    assert f"REFUSE CK-SESSION-VERSION ({side})" in out


# ---- a second operator -------------------------------------------------------------------------

WAITING = """
SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'public.customer'::regclass
"""


def await_waiting(database):
    """Wait until somebody waits for the table."""
    limit = time.monotonic() + LIMIT_S
    with database.connect_as_superuser() as connection:
        while connection.execute(WAITING).fetchone() == (0,):
            assert time.monotonic() < limit, "nobody waits for the table"


def test_a_second_operator_while_the_first_installs(words, say, pair):
    """Whoever installs, applies or removes second is told who is at work; the first ends well."""
    with pair.target.connect() as blocker:
        blocker.autocommit = False
        blocker.execute("LOCK TABLE public.customer IN ROW EXCLUSIVE MODE")
        first = subprocess.Popen(
            **words("capture", "install", "--yes"),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        await_waiting(pair.target)
        for verb in [*PREPARING[:2], *REMOVING]:
            code, _, err = say(verb)
            assert code == 4, (verb, err)
            assert "error CO409: another operator is at work: `changeover capture install`" in err
            assert "next: wait until it is over" in err
        blocker.rollback()
        _, err = first.communicate(timeout=LIMIT_S)
    assert first.returncode == 0, err
    assert say(["capture", "status"])[0] == 0


SWAP = """
INSERT INTO changeover.swap (kind, attempt, epoch, phase, owner, deadline_at, lease_until)
VALUES ('cutover', 1, 2, 'fenced', 'somebody@elsewhere',
  now() + interval '1 h', now() + interval '1 h')
"""


def test_a_second_operator_during_a_swap(refuses, installed, pair):
    """While a swap of somebody's is under way, nobody swaps, finishes or removes."""
    with pair.target.connect() as connection:
        connection.execute(SWAP)
    refuses([["cutover", "--yes"], ["rollback", "--yes"]], 4, "CO404", "somebody@elsewhere")
    refuses(REMOVING, 4, "CO406", "fenced")
    refuses([["finish", "--yes"]], 4, "CO406")


# ---- the stage ---------------------------------------------------------------------------------


def test_verbs_before_their_time(refuses, installed):
    """A swap back, an end or a cutover before anything was copied is refused."""
    refuses([["rollback", "--yes"], ["finish", "--yes"]], 4, "CO406", "source")
    refuses([["finish", "--release-source", "--yes"]], 4, "CO406", "not finished")
    refuses([["cutover", "--yes"]], 4, "CO408", "copied")


def test_a_column_that_came_during_the_move(say, installed, pair):
    """Until it is on both sides no next step is a swap; then `capture install` takes it in."""
    with pair.source.connect() as connection:
        connection.execute("ALTER TABLE public.customer ADD COLUMN phone text")
    code, out, err = say(["status"])
    assert code == 3
    assert "problem: gates: the target's public.customer lacks the column(s) phone" in out
    assert "next: add them on the target" in err
    assert "cutover" not in err
    code, out, err = say(["mirror", "status"])
    assert (code, "phone" in out, "next: add them on the target" in err) == (4, True, True)
    with pair.target.connect() as connection:
        connection.execute("ALTER TABLE public.customer ADD COLUMN phone text")
    assert say(["capture", "status"])[0] == 3
    assert say(["capture", "install", "--yes"])[0] == 0
    assert say(["capture", "status"])[0] == 0


def test_verbs_before_the_installation(refuses):
    """What needs capture says so, and how to install it."""
    refuses([*INSTALLED_ONLY, *ROUTING], 4, "CO401", "capture")


def test_no_output_holds_a_piece_of_a_password(refuses, name, pair):
    """A password that is not percent-encoded is refused without quoting the string."""
    parts = conninfo_to_dict(pair.source.dsn)
    for password in ("Kraken@Zebra", "Kraken/Zebra", "Kraken%zzZebra"):
        name("source", f"postgresql://app:{password}@{parts['host']}:{parts['port']}/app")
        refuses([*PREPARING, ["check"], ["copy", "run", "--yes"]], 2, "CO100", "connection string")
