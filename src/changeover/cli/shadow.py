"""`shadow`: what the comparison of both sides' answers found, and how many are compared."""

import math
import re
from typing import TYPE_CHECKING, Annotated, Final

import typer

from changeover.cli.command import DryRun, Yes, command, group
from changeover.cli.outcome import Block, ExitCode, Grid, Outcome, cell
from changeover.cli.plain import plain
from changeover.cli.session import Session
from changeover.cli.stage import action_lines, dry

if TYPE_CHECKING:
    from changeover.control.shadow import ShadowReport

_PERCENT: Final = re.compile(r"(\d{1,3}(?:\.\d{1,4})?)\s*%?")

Share = Annotated[
    str, typer.Argument(metavar="PERCENT", help="0 to 100, as `25%`, `25` or `0.5%`.")
]


def register(app: typer.Typer) -> None:
    """Add these verbs to the program."""
    shadow = group(app, "shadow", "Reads that run on the other side too, and are compared.")
    command(shadow, "report")(report)
    command(shadow, "sample")(sample)
    command(shadow, "clear")(clear)


def report(session: Session) -> Outcome:
    """Show what shadow reads found since the stage began; ends with 3 on a settled mismatch.

    Keys are hashes, and no value is shown. Unsettled ones are counted apart, never as equal.
    """
    from changeover.journey.shadow import report as read

    found = read(session.move)
    is_fine = not found.mismatches
    return Outcome(
        result={
            "compared": found.compared,
            "different": found.different,
            "errors": found.errors,
            "tables": found.counts,
            "mismatches": found.mismatches,
        },
        blocks=_blocks(found),
        exit_code=ExitCode.FINE if is_fine else ExitCode.FINDINGS,
        next_steps=[] if is_fine else ["mend what differs, then changeover shadow clear"],
    )


def _blocks(found: "ShadowReport") -> list[Block]:
    facts = f"{found.compared} compared, {found.different} settled mismatch(es)"
    blocks: list[Block] = [f"{facts}, {found.errors} error(s) of one side alone"]
    if found.counts:
        columns = ["table", "compared", "equal", "unsettled", "skipped", "dropped"]
        rows = [[cell(plain(getattr(one, name))) for name in columns] for one in found.counts]
        blocks.append(Grid(title="shadow reads", columns=columns, rows=rows))
    if found.mismatches:
        names = ["table", "kind", "columns", "key_hash", "stage", "times", "last_at"]
        rows = [[cell(plain(getattr(one, name))) for name in names] for one in found.mismatches]
        heads = ["table", "class", "columns", "key", "stage", "times", "last"]
        blocks.append(Grid(title="settled mismatches", columns=heads, rows=rows))
    return blocks


def sample(
    session: Session, percent: Share, *, dry_run: DryRun = False, yes: Yes = False
) -> Outcome:
    """Set how many of a hundred reads also run on the other side; apart from the rollout."""
    from changeover.journey import shadow as journey

    found = _PERCENT.fullmatch(percent.strip())
    wanted = float(found.group(1)) if found else math.nan
    if not (dry_run or yes):
        session.confirm(lambda: action_lines(journey.plan_sample(session.move, wanted).actions))
    planned = journey.plan_sample(session.move, wanted)
    lines = action_lines(planned.actions)
    if dry_run:
        return dry({"shadow_percent": planned.percent}, (), lines)
    journey.sample(session.move, planned)
    return Outcome(
        result={"shadow_percent": planned.percent},
        blocks=[f"{planned.percent:g} % of the reads are compared"],
        next_steps=["changeover shadow report"],
    )


def clear(session: Session, *, dry_run: DryRun = False, yes: Yes = False) -> Outcome:
    """Count shadow reads anew, after what they found was mended; an event. The rows are kept."""
    from changeover.journey import shadow as journey

    lines = action_lines(journey.CLEAR_ACTIONS)
    if dry_run:
        return dry({}, (), lines)
    if not yes:
        session.confirm(lambda: lines)
    before = journey.clear(session.move)
    facts = f"{before.compared} compared, {before.different} mismatch(es), {before.errors} error(s)"
    return Outcome(
        result={"compared": before.compared, "mismatches": len(before.mismatches)},
        blocks=[f"counting anew; before: {facts}"],
        next_steps=["changeover shadow report"],
    )
