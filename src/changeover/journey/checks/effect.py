"""What happens by itself beside the application: cron jobs, webhooks, event triggers.

Commands and arguments of triggers may hold secrets, so names and numbers are all that is shown.
"""

from collections.abc import Iterator
from typing import Any, Final

from psycopg import errors as pg

from changeover.journey.checks.finding import Finding, Severity
from changeover.journey.checks.mention import called_names, calls_out, written_tables
from changeover.journey.checks.scene import Check, Scene, show
from changeover.journey.checks.writer import Outside, ask, read_outside
from changeover.model.side import Side

PLATFORM_OWNERS: Final = frozenset({"supabase_admin", "rdsadmin", "cloudsqladmin"})


def check_cron(scene: Scene, side: Side) -> Iterator[Finding]:
    """Yield cron jobs: those that likely write into moved tables, and all others as a warning."""
    if not scene.one(side, "read_has_cron")["has_cron"]:
        return
    jobs, is_partial = _read_jobs(scene, side)
    if is_partial:
        yield ask(
            "CK-EFFECT-CRON-HIDDEN",
            side,
            f"{side} cron.job",
            f"{scene.catalogs[side].user} sees its own cron jobs only ({len(jobs)}); what others"
            " run is not known",
            "let an administrator list cron.job, or give the role BYPASSRLS",
        )
    outside = read_outside(scene, side)
    for job in jobs:
        label = f"cron job {job['number']}" + (f" {job['name']}" if job["name"] else "")
        yield _job(side, label, _written(scene, side, outside, job["command"]))


def _read_jobs(scene: Scene, side: Side) -> tuple[list[dict[str, Any]], bool]:
    """Return the active cron jobs that we see, and whether there may be more."""
    try:
        return scene.rows(side, "read_cron_jobs"), False
    except pg.InsufficientPrivilege:
        connection = scene.connections[side]
        with connection.transaction(force_rollback=True):
            connection.execute("SET LOCAL row_security = on")
            return scene.rows(side, "read_cron_jobs"), True


def _written(scene: Scene, side: Side, outside: Outside, command: str) -> list[str]:
    called = called_names(command)
    direct = written_tables(command, scene.relations(side))
    through = [
        mention
        for number, mentions in outside.writes.items()
        if outside.bodies[number].name in called
        for mention in mentions
    ]
    return sorted({str(mention.table) for mention in (*direct, *through)})


def _job(side: Side, label: str, tables: list[str]) -> Finding:
    if not tables:
        return Finding(
            code="CK-EFFECT-CRON",
            side=side,
            subject=label,
            severity=Severity.WARN,
            fact=f"{label} runs on the {side}; it likely writes into no moved table",
            fix="say where it runs after the cutover: on both sides it acts twice",
        )
    if side is Side.TARGET:
        return Finding(
            code="CK-WRITER-CRON",
            side=side,
            subject=label,
            severity=Severity.WARN,
            fact=f"{label} likely writes into {show(tables)}: the fence refuses it until cutover",
            fix="switch it on after the cutover",
        )
    return ask(
        "CK-WRITER-CRON",
        side,
        label,
        f"{label} likely writes into {show(tables)}: once the source is fenced, it fails",
        "move it to the target and switch it over with the cutover",
    )


def check_webhooks(scene: Scene, side: Side) -> Iterator[Finding]:
    """Yield triggers of moved tables that make HTTP requests: after the cutover they fall silent.

    Source: Supabase's Database Webhooks are triggers that call supabase_functions.http_request.
    """
    outside = read_outside(scene, side)
    for row in scene.rows(side, "read_triggers_inside", scene.oids(side)):
        body = outside.bodies.get(row["function"])
        is_platform = row["function_schema"] in {"supabase_functions", "net"}
        if not is_platform and (body is None or not calls_out(body.text)):
            continue
        subject = f"{row['schema']}.{row['name']}.{row['trigger']}"
        yield ask(
            "CK-EFFECT-WEBHOOK",
            side,
            subject,
            f"the trigger {row['trigger']} of {row['schema']}.{row['name']} makes HTTP requests:"
            " once the source is fenced it falls silent, and on both sides it would call twice",
            "rebuild the call behind the target, and switch it over with the cutover",
        )


def check_event_triggers(scene: Scene, side: Side) -> Iterator[Finding]:
    """Yield event triggers: they act on the statements that install capture and fence."""
    for row in scene.rows(side, "read_event_triggers"):
        subject = f"event trigger {row['name']}"
        fact = f"{subject} of {row['owner']} runs {row['function']} on {row['event']}"
        if row["owner"] in PLATFORM_OWNERS:
            yield Finding(
                code="CK-EFFECT-EVENT-TRIGGER",
                side=side,
                subject=subject,
                severity=Severity.NOTE,
                fact=f"{fact}; it is the platform's",
            )
        else:
            yield ask(
                "CK-EFFECT-EVENT-TRIGGER",
                side,
                subject,
                f"{fact}, also when capture and fence are installed and taken away",
                "read what it does to tables, triggers and functions, or disable it for the move",
            )


CHECKS: Final = (
    Check(
        proves={
            "CK-EFFECT-CRON-HIDDEN": "all cron jobs can be seen, or there is no pg_cron",
            "CK-WRITER-CRON": "no cron job likely writes into a moved table",
            "CK-EFFECT-CRON": "no other cron job is active",
        },
        run=check_cron,
    ),
    Check(
        proves={"CK-EFFECT-WEBHOOK": "no trigger of a moved table makes HTTP requests"},
        run=check_webhooks,
        sides=(Side.SOURCE,),
    ),
    Check(
        proves={"CK-EFFECT-EVENT-TRIGGER": "no event trigger acts here"}, run=check_event_triggers
    ),
)
