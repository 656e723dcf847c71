"""`rollout`: whose reads the target answers in the stage `live`."""

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Final

import typer

from changeover.cli.command import DryRun, Yes, command, group
from changeover.cli.outcome import Block, Grid, Outcome, cell
from changeover.cli.plain import plain
from changeover.cli.session import Session
from changeover.cli.stage import action_lines, dry
from changeover.model.errors import ConfigurationError

if TYPE_CHECKING:
    from changeover.journey.rollout import RolloutPlan, RolloutShown

_PERCENT: Final = re.compile(r"(\d{1,3})\s*%?")

Percent = Annotated[
    str, typer.Argument(metavar="PERCENT", help="A whole number from 0 to 100, as `5%` or `5`.")
]
Group = Annotated[
    str,
    typer.Option(
        "--group",
        help="Another salt of the buckets: every key falls into another one. An event.",
        show_default=False,
    ),
]
Keys = Annotated[
    list[str],
    typer.Argument(
        metavar="KEY...",
        help="Targeting keys, as the application gives them; shown as hashes ever after.",
    ),
]


def register(app: typer.Typer) -> None:
    """Add these verbs to the program."""
    rollout = group(app, "rollout", "Whose reads the target answers: by list, then by percentage.")
    command(rollout, "show")(show)
    command(rollout, "set")(set_percent)
    command(rollout, "add")(add)
    command(rollout, "remove")(remove)


def show(session: Session) -> Outcome:
    """Show the percentage, the list as hashes, the kill switch, and the steps of this epoch."""
    from changeover.journey import rollout as journey

    shown = journey.show(session.move)
    return Outcome(result=shown, blocks=_blocks(shown))


def set_percent(
    session: Session,
    percent: Percent,
    *,
    bucket_group: Group = "",
    dry_run: DryRun = False,
    yes: Yes = False,
) -> Outcome:
    """Set the percentage; raising asks gates (4 when one refuses), lowering never does.

    Widening keeps who was in. After a guard rail has lowered it, only this raises it again.
    """
    from changeover.journey import rollout as journey

    found = _PERCENT.fullmatch(percent.strip())
    if found is None:
        raise ConfigurationError(
            f"'{percent}' is not a whole percentage", hint="write 5%, or 5; from 0 to 100"
        )
    number = int(found.group(1))
    return _change(
        session,
        lambda: journey.plan_percent(session.move, number, bucket_group),
        dry_run=dry_run,
        yes=yes,
    )


def add(session: Session, keys: Keys, *, dry_run: DryRun = False, yes: Yes = False) -> Outcome:
    """List targeting keys: their reads go to the target whatever the percentage; asks gates."""
    from changeover.journey import rollout as journey

    def plan() -> "RolloutPlan":
        return journey.plan_add(session.move, keys)

    return _change(session, plan, dry_run=dry_run, yes=yes)


def remove(session: Session, keys: Keys, *, dry_run: DryRun = False, yes: Yes = False) -> Outcome:
    """Take targeting keys off the list; never gated. The percentage may still let them in."""
    from changeover.journey import rollout as journey

    def plan() -> "RolloutPlan":
        return journey.plan_remove(session.move, keys)

    return _change(session, plan, dry_run=dry_run, yes=yes)


def _change(
    session: Session, plan: Callable[[], "RolloutPlan"], *, dry_run: bool, yes: bool
) -> Outcome:
    from changeover.journey import rollout as journey

    if not (dry_run or yes):
        session.confirm(lambda: action_lines(plan().actions))
    planned = plan()
    lines = action_lines(planned.actions)
    if dry_run:
        return dry({"stage": planned.stage}, journey.evaluate(session.move, planned), lines)
    shown = journey.change(session.move, planned)
    blocks = _head(shown) if lines else ["nothing was changed", *_head(shown)]
    return Outcome(result=shown, blocks=blocks, next_steps=["changeover status"])


def _head(shown: "RolloutShown") -> list[Block]:
    listed = f"{len(shown.listed)} listed key(s)"
    lines: list[Block] = [f"{shown.percent} % of the keys and {listed}, group '{shown.group}'"]
    if shown.killed is not None:
        lines.append(f"reads are called back to the source: {shown.killed}")
    elif shown.stage != "live":
        lines.append(f"the stage is {shown.stage}: the rollout waits for live")
    return lines


def _blocks(shown: "RolloutShown") -> list[Block]:
    columns = ["percent", "group", "began", "ended", "breach"]
    rows = [
        [
            cell(plain(value))
            for value in (one.percent, one.group, one.began_at, one.ended_at, one.breach)
        ]
        for one in shown.steps
    ]
    blocks = [*_head(shown), f"{shown.shadow_percent:g} % of the reads are compared"]
    blocks += [f"listed: {one}" for one in shown.listed]
    return [*blocks, *([Grid(title="steps", columns=columns, rows=rows)] if rows else [])]
