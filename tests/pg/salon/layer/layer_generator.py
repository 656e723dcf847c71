"""Calls by chance: each argument is drawn with what it means, or as one that must be refused."""

import datetime as dt
from collections.abc import Callable, Sequence
from typing import Any

from hypothesis import strategies as st
from layer_case import ARGUMENTS, BAD_LIMITS, BAD_NUMBERS, BAD_TEXTS, refused
from layer_oracle import QUESTIONS, reading, written
from layer_way import Case

from salon.error import InvalidArgumentError
from salon.sample import words

REFUSED = object()
"""Stands for the meaning of a value that no method takes."""

Pairs = st.SearchStrategy[tuple[Any, Any]]

COMPANIES = (words.COMPANY, 990002, 990003, 990005, 7)


def _bad(values: tuple[Any, ...]) -> Pairs:
    return st.sampled_from([value for value in values if value is not None]).map(
        lambda value: (value, REFUSED)
    )


def _mostly(good: Pairs, bad: tuple[Any, ...]) -> Pairs:
    """Draw a bad value about once in twenty times."""
    return st.integers(0, 19).flatmap(lambda chance: _bad(bad) if chance == 0 else good)


def numbers(*values: int) -> Pairs:
    """Draw one of some numbers, or any, as an int or as text."""
    any_number = st.sampled_from(values) | st.integers(1, 2**31 - 1)
    good = any_number.flatmap(lambda one: st.sampled_from([(one, one), (str(one), one)]))
    return _mostly(good, BAD_NUMBERS)


def texts(*values: str) -> Pairs:
    """Draw one of some texts, or any that PostgreSQL can hold."""
    wild = st.text(
        st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=12
    ).filter(lambda text: bool(text.strip()))
    return _mostly((st.sampled_from(values) | wild).map(lambda text: (text, text)), BAD_TEXTS)


def searched(*values: str) -> Pairs:
    """Draw a text to look for: a * is left out, and white space around it."""

    def meant(pair: tuple[Any, Any]) -> tuple[Any, Any]:
        given, text = pair
        left = text.replace("*", "").strip() if text is not REFUSED else ""
        return given, left or REFUSED

    return texts(*values, "100*", "%", "_", "\\", "**").map(meant)


def days() -> Pairs:
    """Draw a day around the sample's, as a date or as text."""
    around = st.dates(dt.date(2026, 3, 25), dt.date(2026, 5, 10))
    good = around.flatmap(
        lambda day: st.sampled_from([(day, day.isoformat()), (day.isoformat(), day.isoformat())])
    )
    return _mostly(good, ("", "soon", 5, "2026-04-10T00:00:00Z", dt.datetime(2026, 4, 10, 3)))  # noqa: DTZ001 - no moment is a day


def phones() -> Pairs:
    """Draw a phone in one of its spellings."""

    def spelled(index: int) -> Pairs:
        digits = words.client_phone(index)
        return st.sampled_from(
            [
                (digits, digits),
                (f"8{digits[1:]}", digits),
                (f"+7 ({digits[1:4]}) {digits[4:7]}-{digits[7:]}", digits),
                (f"{digits}@s.whatsapp.net", digits),
                (f"{digits}:3@lid", digits),
                (f"9{digits[2:]}", f"79{digits[2:]}"),
            ]
        )

    return _mostly(st.integers(0, 1400).flatmap(spelled), ("", "12", "1" * 20, 79991234567, "нет"))


def limits() -> Pairs:
    """Draw a limit; more than 1,000 are 1,000, and None is 100."""
    good = (st.none() | st.integers(1, 3000)).map(
        lambda one: (one, 100 if one is None else min(one, 1000))
    )
    return _mostly(good, BAD_LIMITS)


def flags() -> Pairs:
    """Draw a truth."""
    return _mostly(st.booleans().map(lambda one: (one, one)), ("true", 0, 1))


def words_of(*values: str) -> Pairs:
    """Draw one of some words."""
    return _mostly(st.sampled_from(values).map(lambda one: (one, one)), ("id", "", 5, "DESC"))


COMPANY = numbers(*COMPANIES)
CLIENT = numbers(*(words.client_number(n) for n in (0, 7, 50, 60, 119)), 41000001)
READS: dict[str, tuple[dict[str, Pairs], dict[str, Pairs]]] = {
    "get_dialog_context": ({"user_id": texts(words.client_phone(5), "null", "70000888888")}, {}),
    "get_client_by_phone": ({"phone": phones()}, {"company_id": COMPANY}),
    "get_client_by_id": ({"yclients_id": CLIENT}, {"company_id": COMPANY}),
    "get_client_appointments": (
        {"client_id": CLIENT},
        {
            "company_id": COMPANY,
            "limit": limits(),
            "order_by": words_of("appointment_datetime", "created_at", "cost"),
            "direction": words_of("asc", "desc"),
        },
    ),
    "get_upcoming_appointments": ({"client_id": CLIENT, "company_id": COMPANY}, {}),
    "search_clients_by_name": (
        {"company_id": COMPANY, "name": searched("Ольга", "ЁЛ", "а", '"', " Зоя", "100%")},
        {"limit": limits()},
    ),
    "get_staff_by_id": (
        {"staff_id": numbers(3000000, 3000100, 3000000000), "company_id": COMPANY},
        {},
    ),
    "get_staff_schedules": (
        {},
        {
            "company_id": COMPANY,
            "staff_id": numbers(3000001, 3000003, 3000100),
            "staff_name": searched("Зоя", "а", "ёва"),
            "date_from": days(),
            "date_to": days(),
            "is_working": flags(),
            "limit": limits(),
        },
    ),
    "get_staff_schedule": ({"staff_id": numbers(3000001, 3000003, 3000100), "date": days()}, {}),
    "get_services": ({"company_id": COMPANY}, {"include_inactive": flags()}),
    "get_staff": ({"company_id": COMPANY}, {"include_inactive": flags()}),
    "get_service_by_id": (
        {"yclients_id": numbers(4000000, 4000005, 5000100)},
        {"company_id": COMPANY},
    ),
    "get_services_by_category": (
        {"company_id": COMPANY, "category_id": numbers(1, 2, 8003, 8005)},
        {},
    ),
    "get_company": ({"company_id": COMPANY}, {}),
}
assert READS.keys() == QUESTIONS.keys()


def reads() -> st.SearchStrategy[Case]:
    """Draw a read."""
    return st.sampled_from(sorted(READS)).flatmap(_read)


def _read(method: str) -> st.SearchStrategy[Case]:
    needed, optional = READS[method]
    pairs = st.fixed_dictionaries(needed, optional=optional)
    return pairs.map(lambda found: _case(method, found))


def _case(method: str, pairs: dict[str, tuple[Any, Any]]) -> Case:
    given = {name: value for name, (value, _) in pairs.items()}
    meant = {name: value for name, (_, value) in pairs.items()}
    if any(value is REFUSED for value in meant.values()):
        return refused(method, given)
    return Case(method=method, given=given, expected=reading(method, **meant))


# ---- writes -------------------------------------------------------------------------------------


def _plain(values: st.SearchStrategy[Any]) -> Pairs:
    return values.map(lambda value: (value, value))


TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
SCALARS = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | TEXT
JSON = st.recursive(
    SCALARS | st.decimals(-1000, 1000, places=2).map(float),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
WHOLE = _plain(st.none() | st.integers(-(2**31), 2**31 - 1))
MONEY = _mostly(_plain(st.none() | st.integers(0, 10**6).map(lambda n: n / 4)), (float("nan"),))
TRUTH = _plain(st.none() | st.booleans())
STRINGS = _plain(st.none() | TEXT)
LISTS = _plain(st.none() | st.lists(st.none() | TEXT, max_size=3))
OFFSETS = st.sampled_from([dt.timezone(dt.timedelta(hours=h, minutes=m)) for h, m in
                           ((0, 0), (3, 0), (-8, 0), (5, 45), (14, 0))])  # fmt: skip


def _moment(*, has_zone: bool) -> Pairs:
    """Draw a moment with an offset, which means its UTC, or one without, which is UTC."""

    def meant(pair: tuple[Any, bool]) -> tuple[Any, Any]:
        moment, is_text = pair
        aware = moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)
        utc = aware.astimezone(dt.UTC)
        stored = utc if has_zone else utc.replace(tzinfo=None)
        return (moment.isoformat() if is_text else moment), stored.isoformat()

    moments = st.datetimes(
        dt.datetime(2020, 1, 2),  # noqa: DTZ001 - bounds of a strategy
        dt.datetime(2025, 12, 30),  # noqa: DTZ001 - bounds of a strategy
        timezones=st.none() | OFFSETS,
    )
    return _mostly(st.tuples(moments, st.booleans()).map(meant), ("soon", 5, True))


def _tried_day() -> Pairs:
    return days() | st.just((None, None))


COLUMNS: dict[str, tuple[dict[str, Pairs], dict[str, Pairs]]] = {
    "upsert_dialog_context": (
        {"user_id": texts("79990000101", "79990000102", words.client_phone(5))},
        {
            "state": STRINGS,
            "client_id": WHOLE,
            "message_count": WHOLE,
            "data": _plain(JSON),
            "messages": _plain(JSON),
            "created_at": _moment(has_zone=True),
        },
    ),
    "upsert_client": (
        {
            "yclients_id": numbers(*range(44000000, 44000008), words.client_number(8)),
            "company_id": numbers(words.COMPANY, 990002),
            "name": texts(" Лев ", "О'Генри").map(
                lambda pair: (pair[0], pair[1] if pair[1] is REFUSED else pair[1].strip())
            ),
            "phone": phones(),
        },
        {
            "email": STRINGS,
            "discount": WHOLE,
            "tags": LISTS,
            "last_services": _plain(JSON),
            "preferences": _plain(JSON),
            "total_spent": MONEY,
            "blacklisted": TRUTH,
            "last_visit_date": _tried_day(),
            "last_sync_at": _moment(has_zone=False),
        },
    ),
    "upsert_staff_schedules": (
        {
            "staff_id": numbers(3000003, 3000100),
            "date": days(),
            "staff_name": texts("Глеб", "Зоя"),
        },
        {
            "is_working": TRUTH,
            "has_booking_slots": TRUTH,
            "working_hours": _plain(JSON),
            "last_updated": _moment(has_zone=False),
        },
    ),
    "upsert_services": (
        {
            "yclients_id": numbers(*range(44000000, 44000008), 4000005),
            "company_id": numbers(words.COMPANY, 990002),
            "title": texts("Уход"),
        },
        {
            "price_min": MONEY,
            "weight": WHOLE,
            "is_active": TRUTH,
            "declensions": _plain(JSON),
            "created_at": _moment(has_zone=False),
        },
    ),
    "upsert_company": (
        {"company_id": numbers(990006, 990007), "title": texts("Салон")},
        {
            "address": STRINGS,
            "raw_data": _plain(JSON),
            "ai_enabled": TRUTH,
            "coordinate_lat": MONEY,
            "last_sync_at": _moment(has_zone=True),
        },
    ),
}
COLUMNS["upsert_clients"] = COLUMNS["upsert_client"]
KEYS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "upsert_clients": lambda row: (row["yclients_id"], row["company_id"]),
    "upsert_services": lambda row: (row["yclients_id"], row["company_id"]),
    "upsert_staff_schedules": lambda row: (row["staff_id"], row["date"]),
}


def writes() -> st.SearchStrategy[Case]:
    """Draw a write."""
    return st.sampled_from(sorted(COLUMNS)).flatmap(_write)


def _write(method: str) -> st.SearchStrategy[Case]:
    needed, optional = COLUMNS[method]
    row = st.fixed_dictionaries(needed, optional=optional)
    rows = st.lists(row, min_size=1, max_size=4) if method in KEYS else st.tuples(row)
    return rows.filter(_is_whole).map(lambda found: _write_case(method, list(found)))


def _is_whole(rows: Sequence[dict[str, tuple[Any, Any]]]) -> bool:
    """Leave out batches that a server refuses in part: over an API they are not one transaction."""
    return len(rows) == 1 or all(row.get("is_working") != (None, None) for row in rows)


def _write_case(method: str, rows: list[dict[str, tuple[Any, Any]]]) -> Case:
    given = [{name: pair[0] for name, pair in row.items()} for row in rows]
    meant = [{name: pair[1] for name, pair in row.items()} for row in rows]
    argument = {ARGUMENTS[method]: given if method in KEYS else given[0]}
    if any(value is REFUSED for row in meant for value in row.values()):
        return Case(method=method, given=argument, expected=InvalidArgumentError)
    key = KEYS.get(method)
    if key is not None and len({key(row) for row in meant}) < len(meant):
        return Case(method=method, given=argument, expected=InvalidArgumentError)
    if "client" in method:
        meant = [{**row, "raw_phone": one["phone"]} for row, one in zip(meant, given, strict=True)]
    return written(method, argument, *meant)
