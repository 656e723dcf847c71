"""Settings, encodings and collations that make equal data behave differently on the two sides."""

from collections.abc import Iterator
from typing import Any, Final

from changeover.journey.checks.finding import Finding, Severity
from changeover.journey.checks.scene import Check, PairCheck, Scene
from changeover.model.side import Side

BENDING: Final = (
    "TimeZone",
    "DateStyle",
    "IntervalStyle",
    "extra_float_digits",
    "bytea_output",
    "xmloption",
    "lc_monetary",
    "lc_numeric",
    "default_text_search_config",
    "standard_conforming_strings",
    "transform_null_equals",
    "default_transaction_isolation",
    "max_identifier_length",
    "array_nulls",
)
"""Settings by which a value reads or is read differently."""

TIMEOUTS: Final = frozenset(
    {
        "statement_timeout",
        "lock_timeout",
        "idle_in_transaction_session_timeout",
        "idle_session_timeout",
        "transaction_timeout",
    }
)

COLLATION_VERSION_MIN: Final = 150_000


def check_settings(scene: Scene) -> Iterator[Finding]:
    """Yield the settings that new sessions of our role begin with and that differ."""
    settings = {side: scene.one(side, "read_state")["settings"] for side in Side}
    for name in BENDING:
        source, target = (settings[side].get(name) for side in Side)
        if source != target:
            yield Finding(
                code="CK-SETTING-DIFFERS",
                side=None,
                subject=name,
                severity=Severity.WARN,
                fact=f"{name} is '{source}' on the source and '{target}' on the target: the"
                " application's sessions read and write values by it",
                fix=f"set {name} = '{source}' for the target's database",
            )


def check_role_settings(scene: Scene) -> Iterator[Finding]:
    """Yield settings of roles and databases, and what the other side has instead."""
    known = {side: _role_settings(scene, side) for side in Side}
    for role, name in sorted(set(known[Side.SOURCE]) | set(known[Side.TARGET])):
        source, target = (known[side].get((role, name)) for side in Side)
        if source == target:
            continue
        is_timeout = name in TIMEOUTS
        whose = f"the role {role}" if role else "the database"
        yield Finding(
            code="CK-SETTING-TIMEOUT" if is_timeout else "CK-SETTING-ROLE",
            side=None,
            subject=f"{role or 'database'} {name}",
            severity=Severity.NOTE if is_timeout else Severity.WARN,
            fact=f"{name} of {whose} is {_shown(source)} on the source and {_shown(target)} on the"
            " target",
            fix="reproduce it on the target where the role exists there, or say that it is gone",
        )


def _role_settings(scene: Scene, side: Side) -> dict[tuple[str, str], str]:
    return {
        (row["role"], row["name"].lower()): row["value"]
        for row in scene.rows(side, "read_role_settings")
    }


def _shown(value: str | None) -> str:
    return "not set" if value is None else f"'{value}'"


def check_own_timeouts(scene: Scene, side: Side) -> Iterator[Finding]:
    """Warn of time-outs that would end a long session of ours."""
    settings = scene.one(side, "read_state")["settings"]
    for name in ("transaction_timeout", "idle_session_timeout"):
        value = settings.get(name) or "0"
        if value != "0":
            yield Finding(
                code="CK-SETTING-OWN-TIMEOUT",
                side=side,
                subject=f"{scene.catalogs[side].user} {name}",
                severity=Severity.WARN,
                fact=f"{name} is {value} ms for sessions of {scene.catalogs[side].user}: it can end"
                " a copy or a waiting mirror",
                fix=f"set {name} = 0 for that role",
            )


def check_encoding(scene: Scene) -> Iterator[Finding]:
    """Refuse a target that can't hold every character of the source."""
    source, target = (scene.one(side, "read_state")["encoding"] for side in Side)
    if source == "SQL_ASCII":
        yield _encoding(
            Severity.WARN,
            "the source's encoding is SQL_ASCII: nobody knows what its bytes beyond ASCII mean",
            "find out by reading them; text that is no UTF-8 is refused by the target",
        )
    if target not in {source, "UTF8"}:
        yield _encoding(
            Severity.REFUSE,
            f"the source's encoding is {source}, the target's {target}: it can't hold all of it",
            "create the target's database with ENCODING 'UTF8' TEMPLATE template0",
        )
    elif source != target:
        yield _encoding(
            Severity.NOTE, f"the source's encoding is {source}, the target's {target}", ""
        )


def _encoding(severity: Severity, fact: str, fix: str) -> Finding:
    return Finding(
        code="CK-SETTING-ENCODING",
        side=None,
        subject="encoding",
        severity=severity,
        fact=fact,
        fix=fix,
    )


def check_collation(scene: Scene) -> Iterator[Finding]:
    """Warn where text is sorted or compared by another provider, locale or version.

    Source: https://www.postgresql.org/docs/current/collation.html, pg_database.datcollversion
    """
    states = [scene.one(side, "read_state") for side in Side]
    for name in ("provider", "collate", "ctype", "locale", "collation_version"):
        source, target = (_value(state, name) for state in states)
        if source == target:
            continue
        yield Finding(
            code="CK-SETTING-COLLATION",
            side=None,
            subject=f"collation {name}",
            severity=Severity.WARN,
            fact=f"{name} of the collation is '{source}' on the source and '{target}' on the"
            " target: ORDER BY, ranges of text and upper or lower case can differ",
            fix="create the target's database with the source's locale, or sort by COLLATE where"
            " order matters",
        )


def _value(state: dict[str, Any], name: str) -> str:
    known = state[name]
    if known is not None:
        return str(known)
    # Locales that never change have no version; before 15 nobody keeps one.
    is_fixed = state["collate"] in {"C", "POSIX"} or state["collate"].startswith("C.")
    return "none" if is_fixed else "unknown"


def check_collation_drift(scene: Scene, side: Side) -> Iterator[Finding]:
    """Warn where the operating system changed the collation since the indexes were built."""
    state = scene.one(side, "read_state")
    if state["version"] < COLLATION_VERSION_MIN or state["collation_version"] is None:
        return
    actual = scene.one(side, "read_actual_collation")["version"]
    if actual != state["collation_version"]:
        yield Finding(
            code="CK-SETTING-COLLATION-DRIFT",
            side=side,
            subject=str(side),
            severity=Severity.WARN,
            fact=f"the database's collation was version {state['collation_version']} when it was"
            f" made and is {actual} now: indexes over text may miss rows",
            fix="REINDEX DATABASE, then ALTER DATABASE … REFRESH COLLATION VERSION",
        )


CHECKS: Final = (
    PairCheck(
        proves={"CK-SETTING-DIFFERS": "settings that bend values are the same on both sides"},
        run=check_settings,
    ),
    PairCheck(
        proves={
            "CK-SETTING-ROLE": "no role or database sets what bends values",
            "CK-SETTING-TIMEOUT": "no role or database has time-outs that the other lacks",
        },
        run=check_role_settings,
    ),
    Check(
        proves={"CK-SETTING-OWN-TIMEOUT": "no time-out would end a long session of ours"},
        run=check_own_timeouts,
    ),
    PairCheck(
        proves={"CK-SETTING-ENCODING": "both databases have the same encoding"},
        run=check_encoding,
    ),
    PairCheck(
        proves={"CK-SETTING-COLLATION": "both databases sort by the same collation"},
        run=check_collation,
    ),
    Check(
        proves={
            "CK-SETTING-COLLATION-DRIFT": "the collation is the one that indexes were built by"
        },
        run=check_collation_drift,
    ),
)
