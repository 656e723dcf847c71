"""Printing: data to stdout, everything else to stderr, errors as one fact and one next act."""

import json
import sys
import traceback
from collections.abc import Mapping, Sequence
from typing import Any, Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from changeover.cli.mask import mask_text
from changeover.cli.outcome import Block, ExitCode, Grid, Outcome
from changeover.cli.plain import plain
from changeover.model.errors import ChangeoverError, ConfigurationError, DatabaseError

JSON_VERSION: Final = 1
WIDTH_OFF_TERMINAL: Final = 10_000

# The texts of these name files and code, never a cell's value.
_TELLING: Final = (OSError, ImportError, NameError, AttributeError, AssertionError, TypeError)


def has_colors(environment: Mapping[str, str], *, is_refused: bool) -> bool:
    """Return whether escape sequences may be printed: NO_COLOR, TERM=dumb and --no-color say no."""
    return not (is_refused or environment.get("NO_COLOR") or environment.get("TERM") == "dumb")


def console(*, to_stderr: bool, is_colored: bool) -> Console:
    """Return a terminal or a file to print to; markup in texts is not interpreted."""
    file = sys.stderr if to_stderr else sys.stdout
    return Console(
        file=file,
        color_system="auto" if is_colored else None,
        markup=False,
        emoji=False,
        highlight=False,
        width=None if file.isatty() else WIDTH_OFF_TERMINAL,
    )


def printable(text: str) -> str:
    """Return a text without the control characters that a name may smuggle to a terminal."""
    return "".join(
        c if c.isprintable() or c in "\n\t" else "\N{REPLACEMENT CHARACTER}" for c in text
    )


class Printer:
    """Prints the end of one command.

    Attributes:
        command: Its words, such as `schema plan`.
        is_json: Whether people or programs read.
        is_quiet: Whether notes are left out; data and errors never are.
    """

    def __init__(self, command: str, *, is_json: bool, is_quiet: bool, is_colored: bool) -> None:
        """Print for one command."""
        self.command = command
        self.is_json = is_json
        self.is_quiet = is_quiet
        self.is_colored = is_colored

    def note(self, text: str) -> None:
        """Tell people something by the way."""
        if not (self.is_quiet or self.is_json):
            self._stderr().print(Text(printable(text)), soft_wrap=True)

    def warn(self, text: str) -> None:
        """Tell something that nobody should miss: quiet or not."""
        if self.is_json:
            self._stderr_line({"event": "Warning", "message": text})
        else:
            warning = Text.assemble(("warning: ", "bold yellow"), printable(text))
            self._stderr().print(warning, soft_wrap=True)

    def outcome(self, outcome: Outcome) -> None:
        """Print how a command ended."""
        if self.is_json:
            self._document(
                ok=outcome.exit_code == ExitCode.FINE,
                result=plain(outcome.result),
                next_steps=list(outcome.next_steps),
            )
            return
        self.blocks(outcome.shown())
        for step in outcome.next_steps:
            self.note(f"next: {step}")

    def blocks(self, blocks: Sequence[Block], *, to_stderr: bool = False) -> None:
        """Print lines and tables."""
        out = console(to_stderr=to_stderr, is_colored=self.is_colored)
        for block in blocks:
            if isinstance(block, str):
                out.print(Text(printable(block)), soft_wrap=True)
            else:
                _print_grid(out, block)
        out.file.flush()

    def error(self, error: ChangeoverError) -> None:
        """Print one of our errors: the fact and the next act."""
        self._failure(error.code, error.message, error.hint)

    def unexpected(self, error: BaseException, *, is_debug: bool) -> int:
        """Print an error that nobody foresaw, without values; the traceback if asked for.

        Returns:
            The exit code.
        """
        code, exit_code, fact = _describe(error)
        hint = "" if is_debug else "run it again with --debug for the traceback, and report it"
        if is_debug:
            for line in _frames(error):
                self._stderr().print(Text(line), soft_wrap=True)
        self._failure(code, fact, hint)
        return exit_code

    def interrupted(self) -> None:
        """Print that the operator stopped it."""
        if self.is_json:
            message = {"code": "interrupted", "message": "interrupted", "hint": "run it again"}
            self._document(ok=False, error=message)
        else:
            self._stderr().print(Text("interrupted"))

    def usage(self, text: str) -> None:
        """Print that the command line could not be understood."""
        words = f"changeover {self.command}".strip()
        self._failure(ConfigurationError.code, text, f"run `{words} --help`")

    def _failure(self, code: str, fact: str, hint: str) -> None:
        fact, hint = mask_text(fact), mask_text(hint)
        if self.is_json:
            self._document(ok=False, error={"code": code, "message": fact, "hint": hint})
            return
        err = self._stderr()
        err.print(Text.assemble((f"error {code}: ", "bold red"), printable(fact)), soft_wrap=True)
        if hint:
            err.print(Text.assemble(("next: ", "bold"), printable(hint)), soft_wrap=True)

    def _document(self, **content: Any) -> None:
        head = {"version": JSON_VERSION, "command": self.command}
        sys.stdout.write(json.dumps(head | content, ensure_ascii=False) + "\n")
        sys.stdout.flush()

    def _stderr(self) -> Console:
        return console(to_stderr=True, is_colored=self.is_colored)

    def _stderr_line(self, content: Mapping[str, Any]) -> None:
        sys.stderr.write(json.dumps(content, ensure_ascii=False) + "\n")
        sys.stderr.flush()


def _print_grid(out: Console, grid: Grid) -> None:
    if grid.title:
        out.print(Text(printable(grid.title), style="bold"), soft_wrap=True)
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for name in grid.columns:
        table.add_column(Text(printable(name)), overflow="fold")
    for row in grid.rows:
        table.add_row(*(Text(printable(text)) for text in row))
    out.print(table)


def _describe(error: BaseException) -> tuple[str, int, str]:
    """Return code, exit code and fact of a foreign error; a driver's text may hold values."""
    name = type(error).__name__
    sqlstate = getattr(error, "sqlstate", "")
    if type(error).__module__.partition(".")[0] == "psycopg":
        if sqlstate or sqlstate == "":
            return DatabaseError.code, 1, f"a server answered {name} (SQLSTATE {sqlstate})"
        return "CO201", ExitCode.UNREACHABLE, f"a connection broke ({name})"
    where = traceback.extract_tb(error.__traceback__)[-1:]
    place = f" in {where[0].name}, line {where[0].lineno}" if where else ""
    text = f": {error}" if isinstance(error, _TELLING) else ""
    return ChangeoverError.code, 1, f"unexpected {name}{place}{text}"


def _frames(error: BaseException) -> list[str]:
    """Return a traceback with the errors' types but without their texts."""
    found: list[str] = []
    seen: BaseException | None = error
    while seen is not None:
        frames = traceback.format_list(traceback.extract_tb(seen.__traceback__))
        found += [*"".join(frames).splitlines(), type(seen).__name__]
        seen = seen.__cause__ or seen.__context__
    return found
