"""What a command is given: its configuration, its move, a way to ask and to show progress."""

import os
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from changeover.cli.configuration import Configuration, load, location
from changeover.cli.outcome import Block
from changeover.cli.printer import Printer, console, has_colors
from changeover.cli.progress import Progress, json_lines
from changeover.model.errors import ConfigurationError, ConfirmationNeededError
from changeover.model.observation import Observer, ignore
from changeover.model.side import Side

if TYPE_CHECKING:
    from changeover.control.move import Move


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The flags that every command has.

    Attributes:
        config: `--config`.
        source: `--source`.
        target: `--target`.
        is_json: `--json`.
        is_quiet: `--quiet`.
        is_plain: `--no-color`.
        is_debug: `--debug`.
    """

    config: Path | None = None
    source: str = ""
    target: str = ""
    is_json: bool = False
    is_quiet: bool = False
    is_plain: bool = False
    is_debug: bool = False

    def over(self, before: "Options") -> "Options":
        """Return these flags over those that stood before the command."""
        return Options(
            config=self.config or before.config,
            source=self.source or before.source,
            target=self.target or before.target,
            is_json=self.is_json or before.is_json,
            is_quiet=self.is_quiet or before.is_quiet,
            is_plain=self.is_plain or before.is_plain,
            is_debug=self.is_debug or before.is_debug,
        )


class Session:
    """One run of one command.

    Attributes:
        options: Its flags.
        printer: Where it prints.
    """

    def __init__(self, command: str, options: Options) -> None:
        """Prepare a command; nothing is read yet."""
        self.options = options
        self.is_colored = has_colors(os.environ, is_refused=options.is_plain)
        self.printer = Printer(
            command,
            is_json=options.is_json,
            is_quiet=options.is_quiet,
            is_colored=self.is_colored,
        )
        self.exits = ExitStack()

    @cached_property
    def configuration(self) -> Configuration:
        """What names the move.

        Raises:
            ConfigurationError: If it can't be read.
        """
        flags = {Side.SOURCE: self.options.source, Side.TARGET: self.options.target}
        return load(self.options.config, os.environ, flags, self.printer.warn)

    @cached_property
    def move(self) -> "Move":
        """The move, not connected yet; its observations are shown until the command ends.

        Raises:
            ConfigurationError: If a database is not named, can't be read, or is named twice.
        """
        from changeover.control.move import Move
        from changeover.database import Endpoint

        at = self.configuration
        hooks = at.hooks()
        owners = {side: Endpoint(side=side, dsn=at.database(side).dsn) for side in Side}
        mirrors = {
            side: Endpoint(side=side, dsn=named.dsn)
            for side in Side
            if (named := at.mirror(side)) is not None
        }
        self._require_two_places()
        return Move(
            owners=owners,
            mirrors=mirrors,
            settings=at.settings,
            hooks=hooks,
            observer=self._observer(),
        )

    def _require_two_places(self) -> None:
        found = {side: self.configuration.database(side) for side in Side}
        places = [location(one) for one in found.values()]
        if places[0] == places[1]:
            origins = " and ".join(one.origin for one in found.values())
            raise ConfigurationError(
                f"source and target are the same database ({origins})",
                hint="`changeover config show` says where each comes from",
            )

    def _observer(self) -> Observer:
        if self.options.is_json:
            return json_lines
        if self.options.is_quiet:
            return ignore
        out = console(to_stderr=True, is_colored=self.is_colored)
        return self.exits.enter_context(Progress(out))

    def confirm(self, describe: Callable[[], Sequence[Block]]) -> None:
        """Show what a command is about to do and ask.

        Args:
            describe: Returns what it will do; called only where somebody can be asked.

        Raises:
            ConfirmationNeededError: If nobody can be asked, or the answer is not yes.
        """
        self._require_terminal()
        if self._ask(describe(), "Go on? [y/N] ").lower() not in {"y", "yes"}:
            raise ConfirmationNeededError("not confirmed; nothing was changed")

    def confirm_name(self, side: Side, actions: Sequence[Block]) -> None:
        """Show what a command is about to do and have the database's name typed.

        Args:
            side: The database whose name is asked for.
            actions: What it will do.

        Raises:
            ConfirmationNeededError: If nobody can be asked, or the name is another.
        """
        self._require_terminal()
        with self.move.connect_owner(side, "confirm") as connection:
            name = connection.info.dbname
        if self._ask(actions, f"Type the name of the {side} database to go on: ") != name:
            raise ConfirmationNeededError(
                f"that is not the name of the {side} database; nothing was changed"
            )

    def _ask(self, actions: Sequence[Block], question: str) -> str:
        self.printer.blocks(actions, to_stderr=True)
        sys.stderr.write(question)
        sys.stderr.flush()
        return sys.stdin.readline().strip()

    def _require_terminal(self) -> None:
        if not (sys.stdin.isatty() and sys.stderr.isatty()):
            raise ConfirmationNeededError(
                f"`changeover {self.printer.command}` asks before it changes a database, and this "
                "is no terminal",
                hint="look at it with --dry-run, then add --yes",
            )
