"""One writer process: writes at a steady rate through `changeover.Writer` and keeps its ledger.

Run as ``python -m salon.demo.writer --config FILE.json``. SIGTERM lets it finish the write under
way. It ends by itself when the process that started it is gone.
"""

import argparse
import datetime as dt
import os
import signal
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psycopg

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
from salon.demo.mixture import Mixture, Write
from salon.demo.process import Config

REPEATS_MAX: Final = 6
PAUSE_S: Final = 0.2
BEHIND_S_MAX: Final = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class WriterConfig(Config):
    """What a writer process is told.

    Attributes:
        writer: Its number; `ledger_write`, `twin_a` and `twin_b` know it by that.
        source_dsn_file: A file with the application's connection string.
        target_dsn_file: The same for the target.
        ledger_file: Where it keeps its ledger.
        rate_per_s: Writes a second.
        client_count: How many clients the sample has.
        seed: Same seed, same order of writes.
        swap_wait_s_max: Longest wait for a swap, in seconds.
        recycle_s: How long connections are kept, in seconds, as a pool would.
    """

    writer: int
    source_dsn_file: str
    target_dsn_file: str
    ledger_file: str
    rate_per_s: float
    client_count: int
    seed: int = 1
    swap_wait_s_max: float = 15.0
    recycle_s: float = 4.0

    def endpoints(self) -> Mapping[Side, Endpoint]:
        """Return how the application reaches both sides."""
        files = {Side.SOURCE: self.source_dsn_file, Side.TARGET: self.target_dsn_file}
        return {
            side: Endpoint(side=side, dsn=Secret(Path(name).read_text(encoding="utf-8").strip()))
            for side, name in files.items()
        }


class WriterProcess:
    """The loop of one writer."""

    def __init__(self, config: WriterConfig, ledger: Ledger) -> None:
        """Prepare; nothing is connected before the first write."""
        self._config = config
        self._ledger = ledger
        self._endpoints = config.endpoints()
        self._mixture = Mixture(config.writer, seed=config.seed, client_count=config.client_count)
        self._is_stopping = False
        self._parent = os.getppid()
        self._client = self._connect()

    def stop(self, _number: int, _frame: object) -> None:
        """Take the signal that asks for the end."""
        self._is_stopping = True

    def run(self) -> None:
        """Write until told to stop."""
        due = time.monotonic()
        recycled = due + self._config.recycle_s * self._config.writer / 8
        while not self._is_stopping and os.getppid() == self._parent:
            now = time.monotonic()
            if now < due:
                time.sleep(min(due - now, PAUSE_S))
                continue
            due = max(due, now - BEHIND_S_MAX) + 1 / self._config.rate_per_s
            if now - recycled > self._config.recycle_s:
                self._client.close()
                self._client, recycled = self._connect(), now
            self._write(self._mixture.following(dt.datetime.now(dt.UTC)))
        self._client.close()

    def _connect(self) -> Writer:
        return Writer(self._endpoints, swap_wait_s_max=self._config.swap_wait_s_max)

    def _write(self, write: Write) -> None:
        """Bring one write to an end; what certainly did not happen is repeated."""
        self._ledger.intend(write.number, write.kind)
        for attempt in range(REPEATS_MAX):
            if attempt:
                time.sleep(PAUSE_S)
            if self._attempt(write):
                return

    def _attempt(self, write: Write) -> bool:
        number, settle = write.number, self._ledger.settle
        try:
            written = self._client.write(write.run)
        except OutcomeUnknownError as error:
            settle(number, Outcome.UNKNOWN, reason=error.code)
            return True
        except WritesPausedError as error:
            settle(number, Outcome.REFUSED, reason=error.code)
            return False
        except ChangeoverError as error:
            settle(number, Outcome.FAILED, reason=f"{error.code} {_sqlstate(error)}".strip())
            return False
        settle(number, Outcome.ACKNOWLEDGED, side=str(written.side), accepted_s=written.result)
        return True


def _sqlstate(error: ChangeoverError) -> str:
    cause = error.__cause__
    return (cause.sqlstate or "") if isinstance(cause, psycopg.Error) else ""


def main(arguments: list[str] | None = None) -> int:
    """Run a writer until SIGTERM."""
    parser = argparse.ArgumentParser(prog="python -m salon.demo.writer", description=__doc__)
    parser.add_argument("--config", type=Path, required=True, help="its settings, as JSON")
    config = WriterConfig.load(parser.parse_args(arguments).config)
    with Ledger(Path(config.ledger_file), config.writer) as ledger:
        process = WriterProcess(config, ledger)
        signal.signal(signal.SIGTERM, process.stop)
        process.run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
