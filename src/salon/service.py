"""The seven services of the salon: what each touches, its pool, and what it says of its health.

Owns the list, the one setting per service, the sum that the server must have room for, and the
alarm on answers that differ. How a service gets its rows is not known here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from types import MappingProxyType
from typing import Any, Final

import psycopg

from changeover import Side, Stage
from salon.flag import PRIMARIES, Backend, Decision

POOL_MAX: Final = 100
BESIDE_POOL: Final = 2
"""Connections of a service beside its pool: who waits for a changed schema, who reads the stage."""
MOVE_CONNECTIONS: Final = 12
"""What Changeover's own commands hold while copy, mirror and a swap run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """One process of the salon.

    Attributes:
        name: Its name, as health and alarms show it.
        reads: The tables that it reads.
        writes: The tables that it writes.
        pool: Connections to PostgreSQL by default.
    """

    name: str
    reads: tuple[str, ...]
    writes: tuple[str, ...]
    pool: int

    @property
    def variable(self) -> str:
        """The setting of its pool."""
        return f"SALON_{self.name.upper()}_CONNECTIONS_MAX"


SERVICES: Final = (
    Service(
        name="api",
        reads=("companies", "messages", "sync_status"),
        writes=(
            "companies",
            "clients",
            "services",
            "staff",
            "staff_schedules",
            "bookings",
            "appointments_cache",
            "messages",
            "sync_status",
        ),
        pool=5,
    ),
    Service(
        name="worker",
        reads=(
            "companies",
            "clients",
            "services",
            "staff",
            "staff_schedules",
            "bookings",
            "appointments_cache",
            "dialog_contexts",
        ),
        writes=("dialog_contexts", "clients", "appointments_cache", "messages"),
        pool=5,
    ),
    Service(
        name="batch_processor",
        reads=("messages", "dialog_contexts"),
        writes=("messages", "dialog_contexts", "appointments_cache"),
        pool=2,
    ),
    Service(
        name="booking_monitor",
        reads=("bookings", "companies", "services", "staff", "reminders"),
        writes=("bookings", "reminders", "clients", "staff"),
        pool=2,
    ),
    Service(
        name="telegram_bot",
        reads=("companies", "bookings", "sync_status"),
        writes=("companies",),
        pool=2,
    ),
    Service(
        name="whatsapp_session",
        reads=("whatsapp_auth", "whatsapp_keys", "companies"),
        writes=("whatsapp_auth", "whatsapp_keys", "companies"),
        pool=3,
    ),
    Service(
        name="whatsapp_backup",
        reads=("whatsapp_auth", "whatsapp_keys"),
        writes=(),
        pool=2,
    ),
)
"""Seven processes, seven pools, 21 connections by default."""


class PoolError(ValueError):
    """The pools' settings can't be used."""


def read_pools(environment: Mapping[str, str]) -> Mapping[str, int]:
    """Return the connections of each service's pool, from its own setting or its default.

    Args:
        environment: Names and values, such as `os.environ`.

    Returns:
        Connections by the service's name, in the order of SERVICES.

    Raises:
        PoolError: If a setting is no whole number from 1 to 100.
    """
    return MappingProxyType(
        {service.name: _pool(environment, service) for service in SERVICES},
    )


def _pool(environment: Mapping[str, str], service: Service) -> int:
    text = environment.get(service.variable)
    if text is None:
        return service.pool
    is_number = text.isascii() and text.isdecimal() and len(text) <= len(str(POOL_MAX))
    if not is_number or not 1 <= int(text) <= POOL_MAX:
        raise PoolError(f"{service.variable} must be a whole number from 1 to {POOL_MAX}")
    return int(text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How many connections a server takes.

    Attributes:
        connections_max: `max_connections`.
        kept_back: Of these, for superusers and roles with a reservation.
        database_max: The database's own limit, -1 for none.
        role_max: The role's own limit, -1 for none.
    """

    connections_max: int
    kept_back: int
    database_max: int = -1
    role_max: int = -1

    @property
    def room(self) -> int:
        """How many connections our role can have at the most."""
        own = [limit for limit in (self.database_max, self.role_max) if limit >= 0]
        return min([self.connections_max - self.kept_back, *own])


def read_limits(connection: psycopg.Connection) -> Limits:
    """Read the limits of the server, the database and the role of a session.

    Args:
        connection: A session of the role that the services log in as.
    """
    text = resources.files("salon").joinpath("sql", "read_connection_limits.sql").read_bytes()
    row = connection.execute(text).fetchone()
    assert row is not None, "a SELECT without FROM returns one row"
    return Limits(connections_max=row[0], kept_back=row[1], database_max=row[2], role_max=row[3])


def require_room(pools: Mapping[str, int], limits: Limits) -> int:
    """Hold the sum of the pools against what the server takes, before anything starts.

    Args:
        pools: Connections by service.
        limits: The server's limits.

    Returns:
        How many connections are needed at the most: pools, what stands beside them, and the move.

    Raises:
        PoolError: If the server has less room.
    """
    total = sum(pools.values())
    beside = BESIDE_POOL * len(pools)
    needed = total + beside + MOVE_CONNECTIONS
    if needed > limits.room:
        raise PoolError(
            f"{needed} connections are needed ({total} in {len(pools)} pools, {beside} beside "
            f"them, {MOVE_CONNECTIONS} for the move), the server has room for {limits.room}: raise "
            f"max_connections, or lower {', '.join(s.variable for s in SERVICES)}"
        )
    return needed


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """What one service answers at /health.

    Attributes:
        service: Its name.
        stage: The stage that holds for it; None where it could not be read.
        primary: Where it sends writes; None where that is unknown.
        backend: Who really answers its reads, as its data layer says.
        pool: Connections of its pool at the most.
        problems: What is wrong, in sentences.
    """

    service: str
    stage: Stage | None
    primary: Side | None
    backend: Backend
    pool: int
    problems: tuple[str, ...] = ()

    @property
    def is_healthy(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problems

    def as_json(self) -> dict[str, Any]:
        """Return the answer as plain values."""
        return {
            "service": self.service,
            "stage": None if self.stage is None else self.stage.value,
            "primary": None if self.primary is None else self.primary.value,
            "backend": self.backend.value,
            "pool": self.pool,
            "problems": list(self.problems),
            "healthy": self.is_healthy,
        }


def health(service: str, decision: Decision | None, *, backend: Backend, pool: int) -> Health:
    """Say how a service is.

    Args:
        service: Its name.
        decision: Where it stands; None where the stage could not be read.
        backend: Who really answers its reads: asked of the data layer, not of the flags.
        pool: Connections of its pool at the most.
    """
    if decision is None:
        return Health(
            service=service,
            stage=None,
            primary=None,
            backend=backend,
            pool=pool,
            problems=("the stage can't be read from the target",),
        )
    return Health(
        service=service,
        stage=decision.stage,
        primary=decision.primary,
        backend=backend,
        pool=pool,
        problems=(*_misplaced(decision, backend), *decision.disagreements),
    )


def _misplaced(decision: Decision, backend: Backend) -> tuple[str, ...]:
    problems = []
    if backend is not decision.backend:
        problems.append(
            f"reads are answered by {backend}, the stage {decision.stage} wants {decision.backend}"
        )
    if decision.primary is not PRIMARIES[decision.stage]:
        problems.append(
            f"the {decision.primary} is the primary, the stage {decision.stage} goes with the "
            f"{PRIMARIES[decision.stage]}"
        )
    return tuple(problems)


def alarms(answers: Sequence[Health], pools: Mapping[str, int]) -> tuple[str, ...]:
    """Compare what the services say; nothing but seven equal and healthy answers is quiet.

    Answers that were collected while a stage changed differ for that moment: ask once more before
    you wake anybody.

    Args:
        answers: What was answered at /health; a service that did not answer is left out.
        pools: The connections that each service should have.

    Returns:
        One sentence per alarm, naming the services.
    """
    found = [f"{answer.service}: {problem}" for answer in answers for problem in answer.problems]
    return (*_attendance(answers), *_differences(answers), *_pools(answers, pools), *found)


def _attendance(answers: Sequence[Health]) -> list[str]:
    names = [answer.service for answer in answers]
    known = [service.name for service in SERVICES]
    return [
        *(f"{name} does not answer" for name in known if name not in names),
        *(f"{name} is no service of ours" for name in sorted({*names} - {*known})),
        *(f"{name} answers {names.count(name)} times" for name in known if names.count(name) > 1),
    ]


def _differences(answers: Sequence[Health]) -> list[str]:
    """Return a sentence per fact in which the answers differ, with who says what."""
    sentences = []
    for fact in ("stage", "primary", "backend"):
        said: dict[str, list[str]] = {}
        for answer in answers:
            said.setdefault(str(getattr(answer, fact) or "unknown"), []).append(answer.service)
        if len(said) > 1:
            parts = [f"{value} ({', '.join(names)})" for value, names in said.items()]
            sentences.append(f"the services differ in their {fact}: {'; '.join(parts)}")
    return sentences


def _pools(answers: Sequence[Health], pools: Mapping[str, int]) -> list[str]:
    return [
        f"{answer.service} has a pool of {answer.pool}, set are {pools[answer.service]}"
        for answer in answers
        if answer.service in pools and answer.pool != pools[answer.service]
    ]
