"""Verification beside live traffic and the real mirror: no false alarm."""

import random
import threading

import pytest

from changeover.journey.daemon import Daemon
from changeover.model.settings import VerifySettings
from changeover.model.side import Side
from changeover.transfer.verify import verify

ROWS = 60_000
TABLES = (
    "CREATE TABLE public.account (id bigint PRIMARY KEY, balance numeric, note text)",
    "CREATE TABLE public.entry (account text, n bigint, at timestamptz, PRIMARY KEY (account, n))",
    "CREATE TABLE public.counter (id int PRIMARY KEY, n bigint)",
    f"INSERT INTO public.account SELECT g, 0, 'n' || g FROM generate_series(1, {ROWS}) g",
    "INSERT INTO public.entry SELECT 'счёт ' || g % 9, g, 'epoch' FROM generate_series(1, 20000) g",
    "INSERT INTO public.counter VALUES (1, 0)",
    "ANALYZE",
)


@pytest.fixture
def live(pair, ready):
    """A move whose daemon runs."""
    move = ready(pair, *TABLES, verify=VerifySettings(range_rows=10_000, settle_s_max=60.0))
    stop = threading.Event()
    thread = threading.Thread(target=Daemon(move).run, args=(stop.is_set,))
    thread.start()
    yield move
    stop.set()
    thread.join()


def test_live_writes_raise_no_false_alarm(live, verify_under_writes):
    """A hundred thousand writes, a hot row among them, and every verification is green."""
    assert verify(live).is_green
    chance = random.Random(7)  # noqa: S311 - only has to be the same each time
    with live.connect_owner(Side.SOURCE, "write") as connection:

        def write(number):
            ids = [chance.randrange(1, ROWS) for _ in range(40)]
            with connection.transaction():
                connection.execute(
                    "UPDATE public.account SET balance = balance + 1.0 WHERE id = ANY (%s)", (ids,)
                )
                connection.execute(
                    "INSERT INTO public.entry SELECT 'новый ' || g, %s, now()"
                    " FROM generate_series(1, 5) g",
                    (1_000_000 + number,),
                )
                connection.execute(
                    "DELETE FROM public.entry WHERE n = %s OR n = %s",
                    (1_000_000 + number // 2, number),
                )
                connection.execute("UPDATE public.counter SET n = n + 1 WHERE id = 1")
            return len(ids) + 5 + 2 + 1

        report = verify_under_writes(live, write, writes_min=100_000)
    assert report.hashing == "hashtextextended"
