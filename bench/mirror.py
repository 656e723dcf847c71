"""How many changed keys the mirror carries in a second, beside the writer that makes them."""

import time

import rig
from changeover import Side
from changeover.control.move import read_pairs
from changeover.transfer import capture
from changeover.transfer.mirror import Mirror, read_control

ROWS = 200_000
ROUNDS = 3


def measure() -> list[rig.Row]:
    """Return keys/s of a drain of 200,000 updated rows, beside the plain UPDATE itself."""
    table = "CREATE TABLE public.wide (id bigint PRIMARY KEY, number int, text text)"
    with rig.servers() as (source, target):
        for database in (source, target):
            with database.connect() as connection:
                connection.execute(table)
                connection.execute(
                    "INSERT INTO public.wide SELECT g, g, repeat('x', 80)"
                    " FROM generate_series(1, %s) AS g",
                    (ROWS,),
                )
        with rig.move_of(source, target) as move:
            capture.install_on(move, read_pairs(move))
            rig.declare_copied(move)
            ours, theirs = _drain(move, source)
    return [
        rig.row(
            "mirror, updated rows drained", "keys/s", ours, theirs, "the UPDATE itself, captured"
        )
    ]


def _drain(move: rig.Move, source: rig.Database) -> tuple[list[float], list[float]]:
    with move.connect_owner(Side.TARGET, "bench") as connection:
        mirror = Mirror.of(move, read_control(connection).authority)
    ours, theirs = [], []
    try:
        for _ in range(ROUNDS):
            with source.connect() as connection:
                began = time.perf_counter()
                connection.execute("UPDATE public.wide SET number = number + 1")
                theirs.append(ROWS / (time.perf_counter() - began))
            began = time.perf_counter()
            carried = mirror.drain(120)
            ours.append(carried / (time.perf_counter() - began))
    finally:
        mirror.close()
    return ours, theirs
