"""One writer process: writes through `changeover.Writer` and keeps the ledger of what it was told.

Run as ``python writer.py CONFIG.json``. Reads ``hold`` and ``go`` from its input between two
writes and answers each; ends when its input ends.
"""

import json
import select
import sys
import time
from pathlib import Path

from changeover import (
    ChangeoverError,
    Endpoint,
    OutcomeUnknownError,
    Secret,
    Side,
    Writer,
    WritesPausedError,
)
from salon.demo.ledger import Ledger, Outcome

PAUSE_S = 0.1
SHARED = 0


def work_of(writer, number):
    """Return the transaction of a write: always the ledger and the twins, the rest in turn."""

    def work(session):
        run = session.execute
        run(
            "INSERT INTO public.ledger_write (writer, number, note) VALUES (%s, %s, %s)",
            (writer, number, f"Запись {number}"),
        )
        rows = (writer, SHARED) if number % 5 == 0 else (writer,)
        for table in ("twin_a", "twin_b"):
            for row in rows:
                run(f"UPDATE public.{table} SET n = n + 1 WHERE writer = %s", (row,))
        if number % 3 == 0:
            exchange_seats(run, writer)
        if number % 4 == 0:
            bear_and_bury(run, writer, number)
        if number % 7 == 0:
            hand_over(run, writer)

    return work


def exchange_seats(run, writer):
    """Exchange the unique values of two rows in one transaction."""
    one, other = run(
        "SELECT place FROM public.seat WHERE writer = %s AND is_kept ORDER BY id FOR UPDATE",
        (writer,),
    ).fetchall()
    move = "UPDATE public.seat SET place = %s, moves = moves + 1 WHERE place = %s"
    run(move, (-writer, one[0]))
    run(move, (one[0], other[0]))
    run(move, (other[0], -writer))


def hand_over(run, writer):
    """Free a unique value that another row takes, now and in the transaction before."""
    place = 1000 + writer
    run("DELETE FROM public.seat WHERE place = %s", (place,))
    run("INSERT INTO public.seat (writer, place, is_kept) VALUES (%s, %s, false)", (writer, place))


def bear_and_bury(run, writer, number):
    """Insert a parent with children; delete the parents before, whose children go by cascade."""
    row = run(
        "INSERT INTO public.parent (writer, number) VALUES (%s, %s) RETURNING id", (writer, number)
    ).fetchone()
    for label in ("a", "b"):
        run("INSERT INTO public.child (parent, label) VALUES (%s, %s)", (row[0], label))
    run("DELETE FROM public.parent WHERE writer = %s AND number < %s", (writer, number - 8))


class Process:
    """The loop."""

    def __init__(self, config, ledger):
        self._config = config
        self._ledger = ledger
        self._number = 0
        endpoints = {
            side: Endpoint(side=side, dsn=Secret(Path(config[str(side)]).read_text().strip()))
            for side in Side
        }
        self._client = Writer(endpoints, swap_wait_s_max=config["swap_wait_s_max"])
        self._is_held = False

    def run(self):
        """Write at a steady rate until the input ends."""
        due = time.monotonic()
        while True:
            now = time.monotonic()
            wait_s = None if self._is_held else max(0.0, due - now)
            if select.select([sys.stdin], [], [], wait_s)[0]:
                if not self._obey(sys.stdin.readline().strip()):
                    break
                continue
            due = max(due, now - 0.2) + 1 / self._config["rate_per_s"]
            self._number += 1
            self._write(self._number)
        self._client.close()

    def _obey(self, word):
        if not word:
            return False
        self._is_held = word == "hold"
        print(f"{word} {self._number}", flush=True)  # noqa: T201 - the answer
        return True

    def _write(self, number):
        writer, settle = self._config["writer"], self._ledger.settle
        self._ledger.intend(number, "write")
        try:
            written = self._client.write(work_of(writer, number))
        except OutcomeUnknownError as error:
            settle(number, Outcome.UNKNOWN, reason=error.code)
        except WritesPausedError as error:
            settle(number, Outcome.REFUSED, reason=error.code)
        except ChangeoverError as error:
            settle(number, Outcome.FAILED, reason=f"{error.code} {error.message}")
            time.sleep(PAUSE_S)
        else:
            settle(number, Outcome.ACKNOWLEDGED, side=str(written.side))


def main():
    """Run one writer."""
    config = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    with Ledger(Path(config["ledger_file"]), config["writer"]) as ledger:
        Process(config, ledger).run()


if __name__ == "__main__":
    main()
