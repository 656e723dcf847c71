"""What the 21 methods must come to, as SQL by hand; it knows nothing of the layer's code.

Reads are queries, with the arguments as they are meant. A write is tried row by row in a
transaction that is undone, which also tells which error it must raise.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
from layer_way import NOW, Books, Case
from psycopg import sql

from changeover import (
    DuplicateKeyError,
    MalformedValueError,
    MissingValueError,
    MultipleRowsError,
    NotInSchemaError,
)

CLASSES = {
    psycopg.errors.UniqueViolation: DuplicateKeyError,
    psycopg.errors.NotNullViolation: MissingValueError,
    psycopg.errors.UndefinedColumn: NotInSchemaError,
    psycopg.errors.DataError: MalformedValueError,
}
"""Which error a server's refusal must become."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """The query of a read.

    Attributes:
        query: Its rows are rows as jsonb.
        is_one: Whether one row or None is wanted; two are an error.
        defaults: Values of arguments that are left out.
    """

    query: str
    is_one: bool = False
    defaults: Mapping[str, Any]


def _one(table: str, column: str, name: str, *, has_company: bool = True) -> Question:
    company = " AND (%(company_id)s::bigint IS NULL OR company_id = %(company_id)s)"
    return Question(
        query=f"SELECT to_jsonb(t) FROM {table} t WHERE {column} = %({name})s"
        + (company if has_company else ""),
        is_one=True,
        defaults={"company_id": None},
    )


QUESTIONS: Mapping[str, Question] = {
    "get_dialog_context": _one("dialog_contexts", "user_id", "user_id", has_company=False),
    "get_client_by_phone": _one("clients", "phone", "phone"),
    "get_client_by_id": _one("clients", "yclients_id", "yclients_id"),
    "get_staff_by_id": _one("staff", "yclients_id", "staff_id"),
    "get_service_by_id": _one("services", "yclients_id", "yclients_id"),
    "get_company": Question(
        query="SELECT to_jsonb(t) FROM companies t WHERE company_id = %(company_id)s",
        is_one=True,
        defaults={},
    ),
    "get_staff_schedule": Question(
        query="SELECT to_jsonb(t) FROM staff_schedules t"
        " WHERE staff_id = %(staff_id)s AND date = %(date)s",
        is_one=True,
        defaults={},
    ),
    "get_client_appointments": Question(
        query="SELECT to_jsonb(t) FROM appointments_cache t WHERE client_id = %(client_id)s"
        " AND (%(company_id)s::bigint IS NULL OR company_id = %(company_id)s) ORDER BY"
        " CASE WHEN %(direction)s = 'desc' AND %(order_by)s = 'cost' THEN cost END DESC,"
        " CASE WHEN %(direction)s = 'asc' AND %(order_by)s = 'cost' THEN cost END ASC,"
        " CASE WHEN %(direction)s = 'desc' THEN CASE %(order_by)s WHEN 'created_at'"
        " THEN created_at WHEN 'appointment_datetime' THEN appointment_datetime END END DESC,"
        " CASE WHEN %(direction)s = 'asc' THEN CASE %(order_by)s WHEN 'created_at'"
        " THEN created_at WHEN 'appointment_datetime' THEN appointment_datetime END END ASC,"
        " id LIMIT %(limit)s",
        defaults={
            "company_id": None,
            "limit": 100,
            "order_by": "appointment_datetime",
            "direction": "desc",
        },
    ),
    "get_upcoming_appointments": Question(
        query="SELECT to_jsonb(t) FROM appointments_cache t WHERE client_id = %(client_id)s"
        " AND company_id = %(company_id)s AND status <> 'cancelled' AND appointment_datetime >="
        " %(now)s::timestamptz AT TIME ZONE coalesce((SELECT timezone FROM companies c"
        " WHERE c.company_id = %(company_id)s), 'Etc/GMT-3')"
        " ORDER BY appointment_datetime, id LIMIT 10",
        defaults={"now": NOW},
    ),
    "search_clients_by_name": Question(
        query="SELECT jsonb_build_object('id', id, 'yclients_id', yclients_id, 'name', name,"
        " 'phone', phone, 'email', email, 'visit_count', visit_count, 'total_spent', total_spent,"
        " 'loyalty_level', loyalty_level, 'last_visit_date', last_visit_date) FROM clients"
        " WHERE company_id = %(company_id)s AND strpos(lower(name), lower(%(name)s)) > 0"
        " ORDER BY last_visit_date DESC NULLS LAST, visit_count DESC NULLS LAST, id"
        " LIMIT %(limit)s",
        defaults={"limit": 100},
    ),
    "get_staff_schedules": Question(
        query="SELECT to_jsonb(t) FROM staff_schedules t WHERE"
        " (%(company_id)s::bigint IS NULL OR EXISTS (SELECT FROM staff s"
        " WHERE s.yclients_id = t.staff_id AND s.company_id = %(company_id)s))"
        " AND (%(staff_id)s::bigint IS NULL OR staff_id = %(staff_id)s)"
        " AND (%(staff_name)s::text IS NULL OR"
        " strpos(lower(staff_name), lower(%(staff_name)s)) > 0)"
        " AND (%(date_from)s::date IS NULL OR date >= %(date_from)s)"
        " AND (%(date_to)s::date IS NULL OR date <= %(date_to)s)"
        " AND (%(is_working)s::boolean IS NULL OR is_working = %(is_working)s)"
        " ORDER BY date, staff_name, id LIMIT %(limit)s",
        defaults={
            "company_id": None,
            "staff_id": None,
            "staff_name": None,
            "date_from": None,
            "date_to": None,
            "is_working": None,
            "limit": 100,
        },
    ),
    "get_services": Question(
        query="SELECT to_jsonb(t) FROM services t WHERE company_id = %(company_id)s"
        " AND (is_active OR %(include_inactive)s) ORDER BY weight DESC, title, id",
        defaults={"include_inactive": False},
    ),
    "get_staff": Question(
        query="SELECT to_jsonb(t) FROM staff t WHERE company_id = %(company_id)s"
        " AND (is_active OR %(include_inactive)s) ORDER BY name, id",
        defaults={"include_inactive": False},
    ),
    "get_services_by_category": Question(
        query="SELECT to_jsonb(t) FROM services t WHERE company_id = %(company_id)s"
        " AND category_id = %(category_id)s AND is_active ORDER BY weight DESC, title, id",
        defaults={},
    ),
}


def reading(method: str, /, **meant: Any) -> Callable[[Books], Any]:
    """Return what asks for the data of a read; the arguments are those that are meant."""
    question = QUESTIONS[method]

    def expected(books: Books) -> Any:
        try:
            rows = books.ask(question.query, {**question.defaults, **meant})
        except psycopg.errors.DataError:
            return MalformedValueError
        if not question.is_one:
            return rows
        return MultipleRowsError if len(rows) > 1 else next(iter(rows), None)

    return expected


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where a write goes.

    Attributes:
        table: The table.
        key: The columns of its unique key.
        stamps: What is set to the moment of the tests.
        returned: The columns of a returned row; none for all.
    """

    table: str
    key: tuple[str, ...]
    stamps: tuple[str, ...]
    returned: tuple[str, ...] = ()


TARGETS: Mapping[str, Target] = {
    "upsert_dialog_context": Target(
        table="dialog_contexts", key=("user_id",), stamps=("last_activity", "updated_at")
    ),
    "upsert_client": Target(
        table="clients", key=("yclients_id", "company_id"), stamps=("updated_at",)
    ),
    "upsert_clients": Target(
        table="clients",
        key=("yclients_id", "company_id"),
        stamps=("updated_at",),
        returned=("id", "yclients_id", "name", "phone"),
    ),
    "upsert_staff_schedules": Target(
        table="staff_schedules",
        key=("staff_id", "date"),
        stamps=("last_updated",),
        returned=("staff_id", "date", "is_working"),
    ),
    "upsert_services": Target(
        table="services",
        key=("yclients_id", "company_id"),
        stamps=("updated_at", "last_sync_at"),
        returned=("id", "yclients_id", "title"),
    ),
    "upsert_company": Target(table="companies", key=("company_id",), stamps=("updated_at",)),
}


def _statement(target: Target, columns: Sequence[str]) -> sql.Composed:
    """Return the upsert of one row, which jsonb_populate_record makes of its parameter."""
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    return sql.SQL(
        "INSERT INTO {table} ({names}) SELECT {names} FROM"
        " jsonb_populate_record(NULL::{table}, %s) ON CONFLICT ({key}) DO UPDATE SET {changes}"
        " RETURNING to_jsonb({table})"
    ).format(
        table=sql.Identifier(target.table),
        names=names,
        key=sql.SQL(", ").join(map(sql.Identifier, target.key)),
        changes=sql.SQL(", ").join(
            sql.SQL("{0} = EXCLUDED.{0}").format(sql.Identifier(name)) for name in columns
        ),
    )


def writing(method: str, *meant: Mapping[str, Any]) -> Callable[[Books], Any]:
    """Return what tries a write and asks for its data.

    Args:
        method: The method.
        meant: The rows as they must be written, in JSON's values, without the stamps.
    """
    target = TARGETS[method]
    whole = keeping(method, *meant)

    def expected(books: Books) -> Any:
        rows = whole(books)
        if isinstance(rows, type):
            return rows
        shown = [{name: row[name] for name in target.returned or row} for row in rows]
        return shown if target.returned else shown[0]

    return expected


def keeping(method: str, *meant: Mapping[str, Any]) -> Callable[[Books], Any]:
    """Return what tries a write and returns its whole rows, or the class of its error."""
    target = TARGETS[method]
    now = NOW.isoformat()

    def expected(books: Books) -> Any:
        rows = []
        try:
            with books.connection.transaction(force_rollback=True):
                for row in meant:
                    whole = {**row, **dict.fromkeys(target.stamps, now)}
                    statement = _statement(target, tuple(whole))
                    rows += books.ask(statement, [json.dumps(whole)])
        except psycopg.Error as error:
            return next(CLASSES[kind] for kind in CLASSES if isinstance(error, kind))
        return rows

    return expected


def written(method: str, given: Mapping[str, Any], *meant: Mapping[str, Any], name="") -> Case:
    """Return the case of a write."""
    return Case(
        method=method,
        given=given,
        expected=writing(method, *meant),
        name=name,
        meant=meant,
        whole=keeping(method, *meant),
        stored=lambda books: [stored(books, method, row) for row in meant],
    )


def stored(books: Books, method: str, row: Mapping[str, Any]) -> Any:
    """Return the row that now stands under the key of one that was to be written."""
    target = TARGETS[method]
    conditions = sql.SQL(" AND ").join(
        sql.SQL("{}::text = %s").format(sql.Identifier(name)) for name in target.key
    )
    query = sql.SQL("SELECT to_jsonb(t) FROM {} t WHERE {}").format(
        sql.Identifier(target.table), conditions
    )
    return next(iter(books.ask(query, [str(row[name]) for name in target.key])), None)


def restore(books: Books, method: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Put rows back as they stood."""
    for row in rows:
        books.ask(_statement(TARGETS[method], tuple(row)), [json.dumps(row)])
