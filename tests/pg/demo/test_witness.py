"""The witness sees who takes writes, and twins that are apart."""

from contextlib import closing

from psycopg import sql

from changeover import Side
from salon.demo.mixture import TABLES, TWINS
from salon.demo.witness import Eye, count_twins


def fill(pair):
    """Put one pair of twins into the source."""
    with pair.source.connect() as source:
        for statement in TWINS:
            source.execute(statement, {"writers": 1, "slots": 1})


def test_the_witness_sees_who_takes_writes(pair, ready):
    """The open side takes a write, the fenced one does not, and no probe is left anywhere."""
    ready(pair, *TABLES)
    with closing(Eye(Side.SOURCE, pair.source.dsn)) as eye:
        assert eye.look().accepted_s is not None
    with closing(Eye(Side.TARGET, pair.target.dsn)) as eye:
        seen = eye.look()
    assert (seen.accepted_s, seen.trouble) == (None, "")
    for database in (pair.source, pair.target):
        with database.connect() as connection:
            assert connection.execute("SELECT count(*) FROM ledger_write").fetchone() == (0,)


def test_the_witness_sees_twins_apart(pair, ready, mirror_of):
    """Twins are not read while catching up; afterwards equal ones are 0, and one apart is 1."""
    move = ready(pair, *TABLES)
    fill(pair)
    with closing(Eye(Side.TARGET, pair.target.dsn)) as eye:
        assert eye.look().unequal_twins is None
        mirror_of(move).round()
        assert eye.look().unequal_twins == 0
        with pair.target.connect_as_superuser() as target:
            row = target.execute("SELECT mirror_role FROM changeover.side").fetchone()
            target.execute(sql.SQL("SET SESSION AUTHORIZATION {}").format(sql.Identifier(row[0])))
            target.execute("UPDATE public.twin_b SET number = 7")
        seen = eye.look()
    assert count_twins([seen], Side.TARGET) == (1, 1)
    assert count_twins([seen], Side.SOURCE) == (0, None)


def test_a_side_that_can_not_be_asked_is_trouble(pair):
    """Where the table is not there, the look is neither an acceptance nor a refusal."""
    with closing(Eye(Side.TARGET, pair.target.dsn)) as eye:
        seen = eye.look()
    assert (seen.accepted_s, seen.trouble) == (None, "42P01")
