"""Who writes into moved tables from outside of them: once the source is fenced, it would fail.

Bodies of functions are searched as text, so what they do is called likely. Each finding has to be
answered: moved, rebuilt on the target, or accepted.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from changeover.journey.checks.finding import Finding, Severity
from changeover.journey.checks.mention import (
    Body,
    Mention,
    catches_by_name,
    mentioned_tables,
    writing_bodies,
)
from changeover.journey.checks.scene import Check, Scene, show
from changeover.model.side import Side

ACTIONS: Final = {"c": "CASCADE", "n": "SET NULL", "d": "SET DEFAULT"}
STEADY_LANGUAGES: Final = frozenset({"sql", "plpgsql", "c", "internal"})
"""Languages of which no function can swallow the fence's error unless it names it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """The functions of a side and what each likely writes to."""

    bodies: Mapping[int, Body]
    writes: Mapping[int, tuple[Mention, ...]]

    def tables(self, number: int) -> str:
        """Return the tables that a function likely writes to, and why, for a message."""
        return show(f"{mention.table} ({mention.how})" for mention in self.writes[number])


def read_outside(scene: Scene, side: Side) -> Outside:
    """Read the text of every function that is neither the system's, an extension's nor ours."""
    bodies = [Body(**row) for row in scene.rows(side, "read_functions")]
    return Outside(
        bodies={body.number: body for body in bodies},
        writes=writing_bodies(bodies, scene.relations(side)),
    )


def ask(code: str, side: Side, subject: str, fact: str, fix: str) -> Finding:
    """Return a refusal that an answer to its subject turns into a note."""
    return Finding(
        code=code,
        side=side,
        subject=subject,
        severity=Severity.REFUSE,
        fact=fact,
        fix=fix,
        is_answerable=True,
    )


def check_triggers(scene: Scene, side: Side) -> Iterator[Finding]:
    """Yield triggers of tables that don't move whose function likely writes into one that does."""
    outside = read_outside(scene, side)
    for row in scene.rows(side, "read_triggers_outside", scene.oids(side)):
        body = outside.bodies.get(row["function"])
        if body is None:
            continue
        table = f"{row['schema']}.{row['name']}"
        subject = f"{table}.{row['trigger']}"
        begin = f"the trigger {row['trigger']} of {table}, which does not move, runs {body}"
        named = mentioned_tables(body.text, scene.relations(side))
        if row["function"] in outside.writes:
            yield ask(
                "CK-WRITER-TRIGGER",
                side,
                subject,
                f"{begin} and likely writes into {outside.tables(row['function'])}: once the source"
                " is fenced, it fails and takes the write to its own table with it",
                "do its work elsewhere before the cutover, or move its table too",
            )
        elif named:
            yield Finding(
                code="CK-WRITER-TRIGGER",
                side=side,
                subject=subject,
                severity=Severity.WARN,
                fact=f"{begin}, which names {show(named)} and likely only reads there: after the"
                " cutover it reads what stands still",
                fix="read it, and do its work elsewhere if it needs what is new",
            )


def check_foreign_keys(scene: Scene, side: Side) -> Iterator[Finding]:
    """Yield foreign keys between moved tables and those that stay, by what they do."""
    for row in scene.rows(side, "read_foreign_keys_across", scene.oids(side)):
        subject = f"{row['schema']}.{row['name']}.{row['constraint']}"
        table, other = f"{row['schema']}.{row['name']}", f"{row['other_schema']}.{row['other']}"
        acts = [
            f"ON {event} {ACTIONS[row[column]]}"
            for event, column in (("DELETE", "on_delete"), ("UPDATE", "on_update"))
            if row[column] in ACTIONS
        ]
        if row["is_inward"]:
            yield _warn_key(
                side,
                subject,
                f"{table}, which does not move, refers to {other}: after the cutover nothing keeps"
                f" its rows true ({row['constraint']})",
            )
        elif acts:
            yield ask(
                "CK-WRITER-FOREIGN-KEY",
                side,
                subject,
                f"{table} refers to {other}, which does not move, {' '.join(acts)}: a change there"
                f" writes into {table}, and fails once the source is fenced ({row['constraint']})",
                "carry the referenced keys, or change them through the application from then on",
            )
        else:
            yield _warn_key(
                side,
                subject,
                f"{table} refers to {other}, which does not move: the target needs the referenced"
                f" keys, or it can't have this foreign key ({row['constraint']})",
            )


def _warn_key(side: Side, subject: str, fact: str) -> Finding:
    return Finding(
        code="CK-WRITER-REFERENCE",
        side=side,
        subject=subject,
        severity=Severity.WARN,
        fact=fact,
        fix="carry the other table's keys too, or say what replaces the foreign key",
    )


def check_subscriptions(scene: Scene, side: Side) -> Iterator[Finding]:
    """Yield subscriptions that feed moved tables."""
    for row in scene.rows(side, "read_subscribed", scene.oids(side)):
        subject = f"subscription {row['subscription']}"
        yield ask(
            "CK-WRITER-SUBSCRIPTION",
            side,
            subject,
            f"{subject} feeds {show(row['tables'])}: its worker runs into the fence and stops",
            "end it before the cutover, or move its tables' authority with it",
        )


def check_swallowing(scene: Scene, side: Side) -> Iterator[Finding]:
    """Yield functions that could swallow the fence's refusal, so that a caller takes it for done.

    Source: https://www.postgresql.org/docs/current/plpgsql-control-structures.html: "OTHERS matches
    every error type except QUERY_CANCELED and ASSERT_FAILURE"
    """
    outside = read_outside(scene, side)
    for number, body in outside.bodies.items():
        by_name = body.language == "plpgsql" and catches_by_name(body.text)
        if not by_name and body.language in STEADY_LANGUAGES:
            continue
        why = "handles assert_failure (P0004) by name" if by_name else f"is in {body.language}"
        fact = f"{body} {why}: it could swallow the fence's refusal and report success"
        writes = number in outside.writes or mentioned_tables(body.text, scene.relations(side))
        if writes:
            yield ask(
                "CK-FENCE-SWALLOWED",
                side,
                str(body),
                f"{fact}, and it likely writes into moved tables",
                "let the error through, or read it and make sure that it does",
            )
        else:
            yield Finding(
                code="CK-FENCE-SWALLOWED",
                side=side,
                subject=str(body),
                severity=Severity.WARN,
                fact=f"{fact}; it names no moved table",
                fix="read it and make sure that it lets the error through",
            )


CHECKS: Final = (
    # On the target the fence refuses such writes only until it is the primary.
    Check(
        proves={
            "CK-WRITER-TRIGGER": "no trigger of a table that stays likely writes into a moved one"
        },
        run=check_triggers,
        sides=(Side.SOURCE,),
    ),
    Check(
        proves={
            "CK-WRITER-FOREIGN-KEY": "no foreign key writes into a moved table from outside",
            "CK-WRITER-REFERENCE": "no other foreign key joins a moved table and one that stays",
        },
        run=check_foreign_keys,
        sides=(Side.SOURCE,),
    ),
    Check(
        proves={"CK-WRITER-SUBSCRIPTION": "no subscription feeds a moved table"},
        run=check_subscriptions,
    ),
    Check(
        proves={"CK-FENCE-SWALLOWED": "no function could swallow the fence's refusal"},
        run=check_swallowing,
    ),
)
