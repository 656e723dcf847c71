"""What capture and an open fence cost the writer: pgbench with and without them, interleaved."""

import re

import rig
from changeover.transfer import capture

ROUNDS = 3
SECONDS = 8
_RATE = re.compile(r"tps = ([0-9.]+)")


def measure() -> list[rig.Row]:
    """Return transactions/s with capture against none, for 2 and 8 clients, fsync on."""
    with rig.servers() as (source, target):
        plain = source.clone("plain")
        for database in (source, plain):
            rig.pgbench(database, "-i", "-q", "-s", "10")
        rig.pgbench(target, "-i", "-q", "-s", "10", "-I", "dtp")
        with source.connect() as one:
            one.execute("ALTER TABLE pgbench_history ADD id bigserial PRIMARY KEY")
        for database in (plain, target):
            with database.connect() as one:
                one.execute("ALTER TABLE pgbench_history ADD id bigserial PRIMARY KEY")
        with rig.move_of(source, target) as move:
            capture.install(move)
            return [_compare(source, plain, clients) for clients in (2, 8)]


def _compare(captured: rig.Database, plain: rig.Database, clients: int) -> rig.Row:
    ours, theirs = [], []
    for _ in range(ROUNDS):
        theirs.append(_rate(plain, clients))
        ours.append(_rate(captured, clients))
        with captured.connect() as connection:
            connection.execute("TRUNCATE changeover.change")
    return rig.row(
        f"capture, pgbench tpcb-like, {clients} clients",
        "transactions/s",
        ours,
        theirs,
        "without capture",
    )


def _rate(database: rig.Database, clients: int) -> float:
    printed = rig.pgbench(
        database, "-n", "-c", str(clients), "-j", "2", "-T", str(SECONDS), "-M", "prepared"
    )
    found = _RATE.search(printed)
    if found is None:
        raise SystemExit("pgbench printed no rate")
    return float(found.group(1))
