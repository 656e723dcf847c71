"""Repair: the keys of found differences go into the primary's change log; the mirror does the rest.

No row is written here. The plan is the only file of ours that holds keys of rows, hence its mode.
"""

import json
import os
import uuid
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from changeover.control.move import Move, installed_pairs
from changeover.database.errors import translated
from changeover.model.errors import (
    DefinitionChangedError,
    NotInstalledError,
    StaleEpochError,
    WrongStateVersionError,
)
from changeover.model.name import TableName
from changeover.model.side import Side
from changeover.transfer.verify.divergence import Kind
from changeover.transfer.verify.record import read_state
from changeover.transfer.verify.report import VerifyReport
from changeover.transfer.verify.session import Session

PLAN_VERSION: Final = 1
BATCH_KEYS: Final = 10_000
WHOLE: Final = "whole table"


@dataclass(frozen=True, slots=True, kw_only=True)
class RepairAction:
    """One key for the change log, fit to be shown.

    Attributes:
        key_hash: The hash that the verification's report shows, or `whole table`.
        kind: The difference that it repairs; `extra` deletes a row of the secondary.
    """

    table: TableName
    key_hash: str
    kind: Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class RepairPlan:
    """What a repair does, kept in a file that only we can read.

    Attributes:
        path: The file with the keys.
        left_out: Rows to delete that were left out, since deletes were not asked for.
    """

    path: Path
    run_id: int
    primary: Side
    epoch: int
    actions: tuple[RepairAction, ...]
    left_out: int


def plan(move: Move, report: VerifyReport, *, with_deletes: bool) -> RepairPlan:
    """Write the plan that repairs what a verification found.

    Args:
        move: The move.
        report: As `verify` returned it; its keys are not in its JSON.
        with_deletes: Rows that only the secondary has are deleted there too. A table without key
            is carried whole, which deletes, so it is planned only with deletes if it has extra
            rows.

    Returns:
        The plan; its file has mode 0600 and lies in the state directory.
    """
    entries = tuple(_entries(report, with_deletes=with_deletes))
    planned = sum(entry["rows"] for entry in entries)
    text = json.dumps(
        {
            "version": PLAN_VERSION,
            "run_id": report.run_id,
            "primary": str(report.primary),
            "epoch": report.epoch,
            "left_out": report.differences - planned,
            "entries": entries,
        },
        ensure_ascii=False,
    )
    move.state_directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = move.state_directory / f"repair-{report.run_id}-{uuid.uuid4().hex[:8]}.json"
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
    return load(path)


def _entries(report: VerifyReport, *, with_deletes: bool) -> Iterator[dict[str, Any]]:
    for table in report.tables:
        found = [d for d in table.divergences if with_deletes or d.kind is not Kind.EXTRA]
        if table.is_whole:
            has_extra = any(d.kind is Kind.EXTRA for d in table.divergences)
            found = [] if has_extra and not with_deletes else list(table.divergences)
        named = {
            "table_id": table.table_id,
            "schema": table.table.schema,
            "name": table.table.name,
        }
        if table.is_whole and found:
            rows = sum(divergence.rows for divergence in found)
            yield {**named, "key": None, "key_hash": WHOLE, "kind": found[0].kind, "rows": rows}
            continue
        for divergence in found:
            yield {
                **named,
                "key": divergence.key.reveal(),
                "key_hash": divergence.key_hash,
                "kind": divergence.kind,
                "rows": divergence.rows,
            }


def _read(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    if content.get("version") != PLAN_VERSION:
        raise WrongStateVersionError(
            f"{path.name} has version {content.get('version')}, we read {PLAN_VERSION}",
            hint="write a new plan: `changeover repair plan`",
        )
    return content


def load(path: Path) -> RepairPlan:
    """Read a plan, without its keys.

    Raises:
        WrongStateVersionError: If another version of Changeover wrote it.
    """
    content = _read(path)
    return RepairPlan(
        path=path,
        run_id=content["run_id"],
        primary=Side(content["primary"]),
        epoch=content["epoch"],
        actions=tuple(
            RepairAction(
                table=TableName(entry["schema"], entry["name"]),
                key_hash=entry["key_hash"],
                kind=Kind(entry["kind"]),
            )
            for entry in content["entries"]
        ),
        left_out=content["left_out"],
    )


def describe(wanted: RepairPlan) -> tuple[str, ...]:
    """Return what `apply` does, a line per key, for a dry run."""
    return tuple(
        f"{wanted.primary}: log {action.table} key {action.key_hash} ({action.kind})"
        for action in wanted.actions
    )


def apply(move: Move, wanted: RepairPlan) -> int:
    """Put a plan's keys into the primary's change log, in one transaction.

    The mirror then carries what the primary holds of them; a key that the primary lacks is deleted
    on the secondary. Repeating it is harmless.

    Returns:
        How many keys were logged.

    Raises:
        NotInstalledError: If there is no change log.
        StaleEpochError: If the sides were swapped since the verification.
        DefinitionChangedError: If a planned table is no longer the one with its number.
    """
    _require_same_state(move, wanted)
    entries = _read(wanted.path)["entries"]
    _require_same_tables(move, entries)
    doing = "putting keys into the change log"
    with move.connect_owner(wanted.primary, "repair") as connection:
        session = Session(wanted.primary, connection)
        with translated(wanted.primary, doing), connection.transaction():
            for start in range(0, len(entries), BATCH_KEYS):
                some = entries[start : start + BATCH_KEYS]
                numbers, keys = [e["table_id"] for e in some], [e["key"] for e in some]
                session.rows("log_keys", doing, (numbers, keys))
    return len(entries)


def _require_same_state(move: Move, wanted: RepairPlan) -> None:
    state = read_state(move)
    if not state.is_installed:
        raise NotInstalledError(
            f"{wanted.primary}: there is no change log to put keys into",
            hint="run `changeover capture install`",
        )
    if (state.epoch, state.primary) != (wanted.epoch, wanted.primary):
        raise StaleEpochError(
            f"the plan is of epoch {wanted.epoch} with the {wanted.primary} as primary, now it is"
            f" epoch {state.epoch} with the {state.primary}",
            hint="run `changeover verify` again and write a new plan",
        )


def _require_same_tables(move: Move, entries: list[dict[str, Any]]) -> None:
    planned = Counter((e["table_id"], e["schema"], e["name"]) for e in entries)
    known = {(p.table_id, p.name.schema, p.name.name) for p in installed_pairs(move)}
    for number, schema, name in sorted(planned.keys() - known):
        raise DefinitionChangedError(
            f"{TableName(schema, name)} is not table {number} of this move any more",
            hint="run `changeover verify` again and write a new plan",
        )
