"""Our own program, run as an operator runs it: commands in a directory with a changeover.toml."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import usage
from changeover.embedded import Database

STOP_S_MAX = 60


class Program:
    """`changeover` in a directory of its own.

    Attributes:
        place: The directory.
    """

    def __init__(self, place: Path, source: Database, target: Database, settings: str) -> None:
        """Write the configuration; connection strings lie in files that only we can read."""
        self.place = place
        for side, database in (("source", source), ("target", target)):
            file = place / f"{side}.dsn"
            file.touch(mode=0o600)
            file.write_text(database.dsn, encoding="utf-8")
        sides = "".join(f'[{side}]\ndsn = "@{side}.dsn"\n' for side in ("source", "target"))
        (place / "changeover.toml").write_text(settings + sides, encoding="utf-8")

    def run(self, *words: str, code: int = 0) -> usage.Usage:
        """Run one command and return what it took; `code` is how it is to end."""
        command = [sys.executable, "-m", "changeover", *words, "--json"]
        return usage.run(command, {}, place=self.place, code=code)

    @property
    def log(self) -> Path:
        """What the mirror's daemon says."""
        return self.place / "mirror.log"

    @contextmanager
    def mirror(self) -> Iterator[int]:
        """Run the mirror's daemon meanwhile; give its process id."""
        words = [sys.executable, "-m", "changeover", "mirror", "run", "--json"]
        with self.log.open("wb") as log:
            process = subprocess.Popen(words, cwd=self.place, stdout=log, stderr=log)
            try:
                yield process.pid
            finally:
                process.terminate()
                process.wait(STOP_S_MAX)

    def change(self, *words: str) -> usage.Usage:
        """Run a command that would ask."""
        return self.run(*words, "--yes")


@contextmanager
def program(source: Database, target: Database, settings: str = "") -> Iterator[Program]:
    """Give a place to run our program between two databases."""
    with TemporaryDirectory(prefix="changeover-bench-") as directory:
        yield Program(Path(directory), source, target, settings)
