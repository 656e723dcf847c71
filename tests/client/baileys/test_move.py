"""A WhatsApp session of the real library moves from source to target while its keys rotate."""

import json
import os
import secrets

import pytest
import whatsapp_schema
from gateway_process import SECRET_KEY, wait_for
from psycopg import sql
from psycopg.conninfo import make_conninfo

from changeover.embedded import binaries
from salon.demo.process import Clock, CommandLine
from salon.demo.scene import BY_ADMINISTRATOR, MIRROR_ROLE

COMPANY = "42"
TALKING = "43"
IDLE = "44"
FRIEND = "70000000002:0@s.whatsapp.net"
KEYS = 728
AT_REST_MIN = 340
EXPIRED_MS = 1_736_000_000_000 + 0.125
SECONDS_MAX = 240.0
FLOWING = {"marker", "caught_up"}
REHEARSED = {*FLOWING, "way_back_rehearsed"}
CONFIGURATION = """
state_directory = "state"
client_binaries = {programs}
[source]
dsn = "@source.dsn"
[target]
dsn = "@target.dsn"
mirror_dsn = "@mirror.dsn"
[move.answers]
"CK-VISIBLE-OPEN-POLICY public.whatsapp_auth" = "accepted: as on the source"
"CK-VISIBLE-OPEN-POLICY public.whatsapp_keys" = "accepted: as on the source"
[mirror]
heartbeat_ms = 250
"""
ROWS = """
SELECT key_type, key_id, value::text, created_at, updated_at, expires_at
FROM public.whatsapp_keys WHERE company_id = %s
"""
# Equal in value, in the text that the server writes, in JSON's type at every depth, in expiry.
EQUAL = """
SELECT count(*)
FROM public.whatsapp_keys AS k
JOIN jsonb_to_recordset(%s)
  AS w (company_id text, key_type text, key_id text, value jsonb, expires_at timestamptz)
  USING (company_id, key_type, key_id)
WHERE k.value = w.value AND k.value::text = w.value::text AND k.expires_at = w.expires_at
  AND ARRAY(SELECT jsonb_typeof(v) FROM jsonb_path_query(k.value, 'strict $.**') AS v)
    = ARRAY(SELECT jsonb_typeof(v) FROM jsonb_path_query(w.value, 'strict $.**') AS v)
"""
CREDS = "SELECT creds::text = %s::jsonb::text FROM public.whatsapp_auth WHERE company_id = %s"


def dsn_of_mirror(target):
    """Make the mirror's role anew, as an administrator does it; the test before had its own."""
    password = secrets.token_urlsafe()
    alter = sql.SQL("ALTER ROLE {} PASSWORD {}").format(sql.Identifier(MIRROR_ROLE), password)
    with target.connect_as_superuser() as administrator:
        for statement in (*BY_ADMINISTRATOR, alter):
            administrator.execute(statement)
    return make_conninfo(target.dsn, user=MIRROR_ROLE, password=password)


@pytest.fixture
def command(pair, tmp_path):
    """The command line of a move between two databases, of which the source has the tables."""
    whatsapp_schema.create(pair.source)
    connections = {
        "source": pair.source.dsn,
        "target": pair.target.dsn,
        "mirror": dsn_of_mirror(pair.target),
    }
    for name, dsn in connections.items():
        handle = os.open(tmp_path / f"{name}.dsn", os.O_WRONLY | os.O_CREAT, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(dsn)
    path = tmp_path / "changeover.toml"
    path.write_text(CONFIGURATION.format(programs=json.dumps(str(binaries(18)))))
    (tmp_path / "log").mkdir()
    return CommandLine(path, tmp_path / "log", faults="", clock=Clock(SECONDS_MAX))


def carry_out(command, *words, also=()):
    """Run a command that must be fine, or end with one of some other codes."""
    said = command.run(*words)
    assert said.exit_code in {0, *also}, f"{said.words}: {said.complaint}"
    return said.result


def await_green(command, needed):
    """Wait until the mirror has turned gates green."""

    def is_green():
        gates = command.run("gates").result.get("gates", ())
        return bool(gates) and not {one["name"] for one in gates if not one["is_green"]} & needed

    wait_for(is_green, what="a green mirror", seconds_max=60)


def rows(database, company=COMPANY):
    """Return a session's keys as text and moments, by type and id."""
    with database.connect() as connection:
        found = connection.execute(ROWS, (company,)).fetchall()
    return {(key_type, key_id): row for key_type, key_id, *row in found}


def plant_an_expired_key(baileys, url):
    """Write a key of a session that nobody has used for long."""
    options = {"now": EXPIRED_MS}
    baileys.do("open", url=url, key=SECRET_KEY, company=IDLE, options=options)
    baileys.do("set", data={"session": {"1/2:3": {"$bytes": "00ff"}}})


def assert_as_written(baileys, target, company):
    """Hold a session on the target against what the API has acknowledged."""
    ledger = baileys.do("ledger", company=company)
    keys = ledger["keys"]
    assert set(rows(target, company)) == {(one["key_type"], one["key_id"]) for one in keys}
    with target.connect() as connection:
        equal = connection.execute(EQUAL, (json.dumps(keys),)).fetchone()[0]
        assert equal == len(keys)
        creds = (json.dumps(ledger["creds"]), company)
        assert connection.execute(CREDS, creds).fetchone() == (True,)
    return keys


def prepare(command):
    """Bring the target's schema and the capture of changes."""
    carry_out(command, "schema", "apply", "--yes", also=(3,))
    carry_out(command, "capture", "install", "--yes")


def bring_up(command):
    """Bring the target up behind a running mirror; verify finds nothing."""
    carry_out(command, "copy", "run", "--yes")
    await_green(command, REHEARSED)
    verify(command)


def verify(command):
    """Both sides are equal while keys rotate."""
    verified = carry_out(command, "verify")
    assert (verified["differences"], verified["unsettled"]) == (0, 0)


def start_session(baileys, url):
    """Fill a session, rotate its keys 50 times a second, and converse in another one."""
    creds = baileys.do("open", url=url, key=SECRET_KEY, company=COMPANY)
    assert creds["noiseKey"]["private"]["$bytes"]
    assert baileys.do("fill") == KEYS
    baileys.do("rotate")
    baileys.do("converse", key=SECRET_KEY, company=TALKING)


def written(baileys):
    """Return how many keys were written."""
    return baileys.do("counts")["written"]


def lead(baileys, gateway, *, keys):
    """Let the session's URL lead to a gateway until some keys are written there."""
    baileys.do("url", url=gateway.url)
    after = written(baileys)
    wait_for(lambda: written(baileys) >= after + keys, what="writes", seconds_max=120)


def assert_loaded(baileys):
    """A state that knows nothing reads all that the writer wants to be there."""
    loaded = baileys.do("load", key=SECRET_KEY, company=COMPANY)
    assert loaded == {"missing": [], "different": [], "loaded": KEYS, "creds": True}


def test_a_session_moves_while_its_keys_rotate(command, pair, make_baileys, gateway_of):
    """Every key is on the target as the library wrote it: bytes, types, expiry; none is lost."""
    old = gateway_of(pair.source.dsn_of("authenticator"))
    idle, baileys = make_baileys(), make_baileys()
    plant_an_expired_key(idle, old.url)
    start_session(baileys, old.url)

    prepare(command)
    with command.start("mirror", "run", name="mirror"):
        bring_up(command)
        wait_for(lambda: written(baileys) > KEYS + 100, what="rotated keys", seconds_max=120)
        carry_out(command, "cutover", "--yes")
        at_the_swap = rows(pair.source)
        new = gateway_of(pair.target.dsn, is_single_role=True)
        lead(baileys, new, keys=100)
        assert baileys.do("hush") > 10, "too few messages"
        ended = baileys.do("end")
    assert ended["failed"] == []
    assert ended["refused"] > 0, "no write met the fence"
    assert ended["deleted"] > 0, "no pre-key was used up"

    keys = assert_as_written(baileys, pair.target, COMPANY)
    assert len(keys) == KEYS
    moved = rows(pair.target)
    unchanged = {(one["key_type"], one["key_id"]) for one in keys if one["at"] == old.url}
    assert len(unchanged) >= AT_REST_MIN
    assert {key: moved[key] for key in unchanged} == {key: at_the_swap[key] for key in unchanged}
    assert any(expiry.microsecond % 1000 for *_, expiry in moved.values())
    assert_loaded(baileys)

    # Signal's own proof: a key that is one message old could not read the next one.
    assert_as_written(baileys, pair.target, TALKING)
    known = baileys.do("rejoin", key=SECRET_KEY, company=TALKING)
    assert known == {"phone": FRIEND, "preKeys": ["2", "3", "4", "5"]}
    baileys.do("speak")

    assert rows(pair.target, IDLE) == rows(pair.source, IDLE) != {}
    idle.do("url", url=new.url)
    assert idle.do("get", type="session", ids=["1/2:3"]) == {"1/2:3": {"$bytes": "00ff"}}


@pytest.mark.nightly
def test_a_session_goes_there_and_back_and_there(command, pair, make_baileys, gateway_of):
    """After three swaps, minutes of rotation apart, both sides hold what was acknowledged."""
    gateways = {"rollback": gateway_of(pair.source.dsn_of("authenticator"))}
    baileys = make_baileys()
    start_session(baileys, gateways["rollback"].url)
    prepare(command)
    with command.start("mirror", "run", name="mirror"):
        bring_up(command)
        # The fence is there before anything is on the target.
        gateways["cutover"] = gateway_of(pair.target.dsn, is_single_role=True)
        for swap in ("cutover", "rollback", "cutover"):
            await_green(command, FLOWING)
            carry_out(command, swap, "--yes")
            lead(baileys, gateways[swap], keys=1000)
            verify(command)
        assert baileys.do("hush") > 100, "too few messages"
        ended = baileys.do("end")
        for company in (COMPANY, TALKING):
            wait_for(
                lambda name=company: rows(pair.source, name) == rows(pair.target, name),
                what="the mirror's last round",
            )
    assert ended["failed"] == []
    assert_loaded(baileys)
    baileys.do("rejoin", key=SECRET_KEY, company=TALKING)
    for database in (pair.source, pair.target):
        for company in (COMPANY, TALKING):
            assert_as_written(baileys, database, company)
    baileys.do("speak")
