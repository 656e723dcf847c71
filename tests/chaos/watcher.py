"""A reader of both sides: looks at the twin tables in one statement, again and again.

Run as ``python watcher.py CONFIG.json``; writes a line per change of what it counts.
"""

import json
import select
import sys
from pathlib import Path

import psycopg

PAUSE_S = 0.01
REPORT_LOOKS = 20
LOOK = (
    "SELECT (SELECT count(*) FROM public.twin_a AS a FULL JOIN public.twin_b AS b USING (writer)"
    " WHERE a.n IS DISTINCT FROM b.n),"
    " (SELECT m.is_catching_up FROM changeover.mirror AS m WHERE m.direction = %s)"
)
DIRECTIONS = {"source": "reverse", "target": "forward"}


class Watch:
    """What is seen of one side."""

    def __init__(self, side, dsn):
        self.side = side
        self.looks = 0
        self.torn = 0
        self.torn_while_catching_up = 0
        self.troubles = 0
        self._dsn = dsn
        self._session = None

    def look(self):
        """Look once; a server that is away is no finding."""
        try:
            if self._session is None or self._session.closed:
                self._session = psycopg.connect(self._dsn, autocommit=True, connect_timeout=3)
            row = self._session.execute(LOOK, (DIRECTIONS[self.side],)).fetchone()
        except psycopg.Error:
            self.troubles += 1
            if self._session is not None:
                self._session.close()
            self._session = None
            return
        self.looks += 1
        if row[0] and row[1]:
            self.torn_while_catching_up += 1
        elif row[0]:
            self.torn += 1

    def counts(self):
        """Return what was counted."""
        return {
            "looks": self.looks,
            "torn": self.torn,
            "torn_while_catching_up": self.torn_while_catching_up,
            "troubles": self.troubles,
        }


def main():
    """Look until the input ends; the file is replaced whole."""
    config = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    watches = [Watch(side, Path(config[side]).read_text().strip()) for side in DIRECTIONS]
    output = Path(config["sightings_file"])
    rounds = 0
    while not select.select([sys.stdin], [], [], PAUSE_S)[0]:
        for watch in watches:
            watch.look()
        rounds += 1
        if rounds % REPORT_LOOKS == 0 or any(watch.torn for watch in watches):
            partial = output.with_suffix(".new")
            partial.write_text(json.dumps({watch.side: watch.counts() for watch in watches}))
            partial.replace(output)


if __name__ == "__main__":
    main()
