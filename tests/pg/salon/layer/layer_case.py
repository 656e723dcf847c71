"""Calls of all 21 methods with good, empty, None, duplicate, malformed and too many arguments."""

import datetime as dt
from decimal import Decimal
from uuid import UUID

from layer_oracle import reading, written
from layer_way import Case

from changeover import (
    DuplicateKeyError,
    MalformedValueError,
    MissingValueError,
    MultipleRowsError,
    NotInSchemaError,
)
from salon.error import InvalidArgumentError
from salon.sample import words

FIRST, SECOND, THIRD, ZONELESS = words.COMPANY, 990002, 990003, 990004
PHONE = words.client_phone(100)
SHARED = words.client_phone(2)
TOKYO = dt.timezone(dt.timedelta(hours=9))


def read(method, given, about="", /, **meant):
    """Return a read whose arguments are meant as they are given, but for those of `meant`."""
    return Case(
        method=method, given=given, expected=reading(method, **{**given, **meant}), name=about
    )


def refused(method, given, error=InvalidArgumentError, name=""):
    """Return a call that raises."""
    return Case(method=method, given=given, expected=error, name=name)


ARGUMENTS = {
    "upsert_dialog_context": "context",
    "upsert_client": "client",
    "upsert_clients": "clients",
    "upsert_staff_schedules": "schedules",
    "upsert_services": "services",
    "upsert_company": "company",
}


def write(method, given, *meant, name=""):
    """Return a write of rows that are meant so."""
    return written(method, {ARGUMENTS[method]: given}, *meant, name=name)


def not_written(method, given, error=InvalidArgumentError, name=""):
    """Return a write that raises."""
    return Case(method=method, given={ARGUMENTS[method]: given}, expected=error, name=name)


BAD_NUMBERS = (
    None,
    0,
    -1,
    True,
    False,
    "",
    "abc",
    "12a",
    "-5",
    " 7",
    "٣",
    1.0,
    2**63,
    "9" * 20,
    [],
)
BAD_TEXTS = (None, "", "  ", 5, True, b"x", "a\0b", "\ud83d")
BAD_DAYS = (
    None,
    "",
    "2026-13-01",
    "10.04.2026",
    20260410,
    dt.datetime(2026, 4, 10, 1, tzinfo=TOKYO),
    "2026-04-10T00:00:00",
)
BAD_LIMITS = (0, -1, True, "10", 1.5)

SINGLE_READS = (
    read("get_dialog_context", {"user_id": words.client_phone(5)}, "normal"),
    read("get_dialog_context", {"user_id": "nobody"}, "none"),
    read("get_dialog_context", {"user_id": " с пробелами "}, "as it is"),
    read("get_dialog_context", {"user_id": "null"}, "the text null"),
    read("get_dialog_context", {"user_id": '(a,b)."c"\\'}, "the language's own signs"),
    read("get_dialog_context", {"user_id": "70000888888"}, "NULLs inside"),
    read("get_client_by_phone", {"phone": PHONE, "company_id": FIRST}, "normal"),
    read("get_client_by_phone", {"phone": f"8{PHONE[1:]}"}, "an 8 before", phone=PHONE),
    read(
        "get_client_by_phone",
        {"phone": f"+7 ({PHONE[1:4]}) {PHONE[4:]}", "company_id": str(FIRST)},
        "as somebody types",
        phone=PHONE,
        company_id=FIRST,
    ),
    read("get_client_by_phone", {"phone": f"{PHONE}@c.us"}, "of WhatsApp", phone=PHONE),
    read("get_client_by_phone", {"phone": f"{PHONE}:17@s.whatsapp.net"}, "a device", phone=PHONE),
    read("get_client_by_phone", {"phone": "9991234567"}, "10 digits", phone="79991234567"),
    read("get_client_by_phone", {"phone": PHONE, "company_id": SECOND}, "another salon's"),
    refused("get_client_by_phone", {"phone": SHARED, "company_id": FIRST}, MultipleRowsError),
    read("get_client_by_id", {"yclients_id": words.client_number(7), "company_id": FIRST}),
    read("get_client_by_id", {"yclients_id": words.client_number(7)}, "one in all salons"),
    refused("get_client_by_id", {"yclients_id": words.client_number(0)}, MultipleRowsError),
    read("get_client_by_id", {"yclients_id": "20000000", "company_id": SECOND}, "text",
         yclients_id=20000000),
    read("get_client_by_id", {"yclients_id": 1}, "the id here is another number"),
    read("get_client_by_id", {"yclients_id": 2**63 - 1}, "the largest"),
    read("get_staff_by_id", {"staff_id": words.staff_number(3), "company_id": FIRST}),
    read("get_staff_by_id", {"staff_id": words.staff_number(0), "company_id": THIRD}, "shared"),
    read("get_staff_by_id", {"staff_id": 1, "company_id": FIRST}, "none"),
    read("get_staff_schedule", {"staff_id": words.staff_number(3), "date": "2026-04-10"}),
    read("get_staff_schedule", {"staff_id": words.staff_number(3), "date": dt.date(2026, 4, 11)}),
    read("get_staff_schedule", {"staff_id": words.staff_number(3), "date": "2020-01-01"}, "none"),
    refused("get_staff_schedule", {"staff_id": 2**31, "date": "2026-04-10"}, MalformedValueError),
    read("get_service_by_id", {"yclients_id": words.service_number(5), "company_id": FIRST}),
    refused("get_service_by_id", {"yclients_id": words.service_number(0)}, MultipleRowsError),
    read("get_service_by_id", {"yclients_id": words.service_number(0), "company_id": SECOND}),
    read("get_company", {"company_id": FIRST}),
    read("get_company", {"company_id": str(SECOND)}, "text", company_id=SECOND),
    read("get_company", {"company_id": 5}, "none"),
)  # fmt: skip

VISITS = (
    read("get_client_appointments", {"client_id": 20000060}, "100 of 1,100"),
    read("get_client_appointments", {"client_id": 20000060, "limit": None}, "default", limit=100),
    read("get_client_appointments", {"client_id": 20000060, "limit": 5000}, "cut", limit=1000),
    read("get_client_appointments", {"client_id": "20000060", "limit": 7, "company_id": FIRST},
         "few", client_id=20000060),
    *(
        read(
            "get_client_appointments",
            {"client_id": 20000060, "limit": 1000, "order_by": order, "direction": direction},
        )
        for order in ("appointment_datetime", "created_at", "cost")
        for direction in ("asc", "desc")
    ),
    read("get_client_appointments", {"client_id": 20000050, "company_id": SECOND}),
    read("get_client_appointments", {"client_id": 99}, "none"),
    *(
        read("get_upcoming_appointments", {"client_id": 20000050, "company_id": company})
        for company in (FIRST, SECOND, THIRD, 990005)
    ),
    read("get_upcoming_appointments", {"client_id": 20000060, "company_id": FIRST}, "10 of many"),
    read("get_upcoming_appointments", {"client_id": 5, "company_id": FIRST}, "none"),
    refused(
        "get_upcoming_appointments",
        {"client_id": 20000050, "company_id": ZONELESS},
        MalformedValueError,
        "no such time zone",
    ),
)  # fmt: skip

LISTS = (
    read("search_clients_by_name", {"company_id": FIRST, "name": "а", "limit": 2000}, "1,000",
         limit=1000),
    read("search_clients_by_name", {"company_id": FIRST, "name": "а"}, "100 by default"),
    read("search_clients_by_name", {"company_id": FIRST, "name": "ёлкина", "limit": 5}),
    read("search_clients_by_name", {"company_id": SECOND, "name": "Ольга"}, "NULLs last"),
    read("search_clients_by_name", {"company_id": SECOND, "name": "oLGa"}, "whatever the case"),
    read("search_clients_by_name", {"company_id": SECOND, "name": "100%"}, "a %"),
    read("search_clients_by_name", {"company_id": SECOND, "name": "100_"}, "a _"),
    read("search_clients_by_name", {"company_id": SECOND, "name": "100\\"}, "a backslash"),
    read("search_clients_by_name", {"company_id": SECOND, "name": "100*"}, "no *", name="100"),
    read("search_clients_by_name", {"company_id": SECOND, "name": "  Ольга "}, "trimmed",
         name="Ольга"),
    read("search_clients_by_name", {"company_id": FIRST, "name": '"Нюша"'}, "quotes"),
    read("search_clients_by_name", {"company_id": FIRST, "name": "Генри, П"}, "a comma"),
    read("search_clients_by_name", {"company_id": FIRST, "name": "(сестра"}, "a bracket"),
    read("search_clients_by_name", {"company_id": 5, "name": "а"}, "none"),
    read("get_staff_schedules", {}, "everything, 100"),
    read("get_staff_schedules", {"limit": 5000}, "cut", limit=1000),
    read("get_staff_schedules", {"company_id": FIRST}, "through its staff"),
    read("get_staff_schedules", {"company_id": SECOND, "limit": 1000}, "another salon's"),
    read("get_staff_schedules", {"company_id": 5}, "a salon without staff"),
    read("get_staff_schedules", {"company_id": THIRD}, "a number that is no integer"),
    read("get_staff_schedules", {"company_id": FIRST, "staff_id": 3000100}, "not of this salon"),
    read("get_staff_schedules", {"staff_id": str(words.staff_number(1))}, "text",
         staff_id=words.staff_number(1)),
    read("get_staff_schedules", {"staff_name": "зоя %_\\"}, "wildcards"),
    read("get_staff_schedules", {"date_from": "2026-04-11", "date_to": dt.date(2026, 4, 12)}),
    read("get_staff_schedules", {"date_from": "2026-04-12", "date_to": "2026-04-11"}, "no day"),
    read("get_staff_schedules", {"is_working": False, "company_id": FIRST}),
    read("get_staff_schedules", {"is_working": True, "staff_id": 3000100, "limit": 400}),
    read("get_services", {"company_id": FIRST}),
    read("get_services", {"company_id": FIRST, "include_inactive": True}, "NULL is inactive"),
    read("get_services", {"company_id": THIRD, "include_inactive": True}, "1,205 rows"),
    read("get_services", {"company_id": SECOND, "include_inactive": True}),
    read("get_services", {"company_id": 5}, "none"),
    read("get_staff", {"company_id": FIRST}),
    read("get_staff", {"company_id": SECOND, "include_inactive": True}, "ties"),
    read("get_staff", {"company_id": str(SECOND)}, "text", company_id=SECOND),
    read("get_services_by_category", {"company_id": FIRST, "category_id": 8003}),
    read("get_services_by_category", {"company_id": THIRD, "category_id": "2"}, "ties",
         category_id=2),
    read("get_services_by_category", {"company_id": FIRST, "category_id": 7}, "none"),
    refused("get_services_by_category", {"company_id": FIRST, "category_id": 2**31},
            MalformedValueError),
)  # fmt: skip

REFUSED_READS = (
    *(refused("get_dialog_context", {"user_id": bad}) for bad in BAD_TEXTS),
    *(
        refused("get_client_by_phone", {"phone": bad})
        for bad in (None, "", "12345", "1" * 16, 79991234567, "+٧٩٩٩١٢٣٤٥٦٧", "@c.us")
    ),
    *(
        refused(method, {**given, argument: bad})
        for method, argument, given in (
            ("get_client_by_phone", "company_id", {"phone": PHONE}),
            ("get_client_by_id", "yclients_id", {}),
            ("get_client_appointments", "client_id", {}),
            ("get_upcoming_appointments", "client_id", {"company_id": FIRST}),
            ("get_upcoming_appointments", "company_id", {"client_id": 1}),
            ("search_clients_by_name", "company_id", {"name": "а"}),
            ("get_staff_by_id", "staff_id", {"company_id": FIRST}),
            ("get_staff_by_id", "company_id", {"staff_id": 1}),
            ("get_staff_schedule", "staff_id", {"date": "2026-04-10"}),
            ("get_staff_schedules", "company_id", {}),
            ("get_services", "company_id", {}),
            ("get_staff", "company_id", {}),
            ("get_service_by_id", "yclients_id", {}),
            ("get_services_by_category", "company_id", {"category_id": 1}),
            ("get_services_by_category", "category_id", {"company_id": FIRST}),
            ("get_company", "company_id", {}),
        )
        for bad in BAD_NUMBERS
        if bad is not None
        or (method, argument)
        not in {("get_client_by_phone", "company_id"), ("get_staff_schedules", "company_id")}
    ),
    *(refused("search_clients_by_name", {"company_id": FIRST, "name": bad}) for bad in BAD_TEXTS),
    refused("search_clients_by_name", {"company_id": FIRST, "name": " ** "}),
    *(refused("get_staff_schedule", {"staff_id": 1, "date": bad}) for bad in BAD_DAYS),
    *(
        refused("get_staff_schedules", {argument: bad})
        for argument in ("date_from", "date_to")
        for bad in BAD_DAYS[1:]
    ),
    *(refused("get_staff_schedules", {"is_working": bad}) for bad in ("true", 1, 0, "")),
    *(
        refused(method, {"company_id": 1, "include_inactive": bad})
        for method in ("get_services", "get_staff")
        for bad in ("no", 1, None)
    ),
    *(
        refused(method, {**given, "limit": bad})
        for method, given in (
            ("search_clients_by_name", {"company_id": FIRST, "name": "а"}),
            ("get_client_appointments", {"client_id": 1}),
            ("get_staff_schedules", {}),
        )
        for bad in BAD_LIMITS
    ),
    *(
        refused("get_client_appointments", {"client_id": 1, argument: bad})
        for argument in ("order_by", "direction")
        for bad in ("id", "DESC", "cost,id", "", None, 1)
    ),
)  # fmt: skip

CLIENT = {"yclients_id": 42000001, "company_id": FIRST, "name": "Лев", "phone": "79990000001"}
SERVICE = {"yclients_id": 42000001, "company_id": FIRST, "title": "Новое"}
DAY = {"staff_id": words.staff_number(3), "date": "2026-05-01", "staff_name": "Глеб"}
KNOWN = {"yclients_id": words.client_number(9), "company_id": FIRST}

WRITES = (
    write("upsert_dialog_context", {"user_id": "79990000001"}, {"user_id": "79990000001"},
          name="defaults"),
    write(
        "upsert_dialog_context",
        {"user_id": words.client_phone(5), "state": None, "company_id": FIRST,
         "messages": [{"роль": "client", "n": 1.5, "вложение": [None, True, "null"]}]},
        {"user_id": words.client_phone(5), "state": None, "company_id": str(FIRST),
         "messages": [{"роль": "client", "n": 1.5, "вложение": [None, True, "null"]}]},
        name="what is there, and NULL",
    ),
    write(
        "upsert_dialog_context",
        {"user_id": "79990000002", "created_at": dt.datetime(2026, 1, 1, 2, tzinfo=TOKYO),
         "data": "7000"},
        {"user_id": "79990000002", "created_at": "2025-12-31T17:00:00+00:00", "data": "7000"},
        name="an offset, and JSON that is a text of digits",
    ),
    write("upsert_dialog_context", {"user_id": "79990000003", "data": [1, 2], "messages": {}},
          {"user_id": "79990000003", "data": [1, 2], "messages": {}}, name="JSON arrays"),
    write("upsert_client", CLIENT, {**CLIENT, "raw_phone": CLIENT["phone"]}, name="new"),
    write(
        "upsert_client",
        {**KNOWN, "yclients_id": str(KNOWN["yclients_id"]), "name": "  Зоя ",
         "phone": "8 (999) 000-00-09"},
        {**KNOWN, "name": "Зоя", "phone": "79990000009", "raw_phone": "8 (999) 000-00-09"},
        name="trimmed and normalised, the rest left alone",
    ),
    write(
        "upsert_client",
        {**CLIENT, "raw_phone": None, "tags": ["a,b", "", None, "NULL", 'q"'], "last_services": [],
         "visit_history": [{"₽": 1.5}], "preferences": "text", "total_spent": Decimal("10.50"),
         "branch_ids": [9000000000], "last_visit_date": dt.date(2026, 4, 1), "blacklisted": True,
         "last_sync_at": "2026-04-10T12:00:00+03:00",
         "created_at": dt.datetime(2026, 4, 10, 3, tzinfo=TOKYO)},
        {**CLIENT, "raw_phone": None, "tags": ["a,b", "", None, "NULL", 'q"'], "last_services": [],
         "visit_history": [{"₽": 1.5}], "preferences": "text", "total_spent": 10.50,
         "branch_ids": [9000000000], "last_visit_date": "2026-04-01", "blacklisted": True,
         "last_sync_at": "2026-04-10T09:00:00", "created_at": "2026-04-09T18:00:00"},
        name="every kind of column",
    ),
    not_written("upsert_client", {**CLIENT, "discount": "ten"}, MalformedValueError),
    not_written("upsert_client", {**CLIENT, "last_command": "x"}, NotInSchemaError),
    not_written("upsert_client", {**CLIENT, "email": 1, "tags": "no array"}, MalformedValueError),
    write(
        "upsert_clients",
        [{**CLIENT, "yclients_id": 42000010 + n, "phone": f"7999000001{n}",
          **({"notes": None} if n % 3 == 1 else {"email": "e@example.invalid"} if n % 3 else {})}
         for n in range(7)],
        *({**CLIENT, "yclients_id": 42000010 + n, "phone": f"7999000001{n}",
           "raw_phone": f"7999000001{n}",
           **({"notes": None} if n % 3 == 1 else {"email": "e@example.invalid"} if n % 3 else {})}
          for n in range(7)),
        name="three sets of columns, in the given order",
    ),
    write("upsert_clients", CLIENT, {**CLIENT, "raw_phone": CLIENT["phone"]}, name="one row alone"),
    write(
        "upsert_clients",
        [{**CLIENT, "yclients_id": 43000000 + n} for n in range(500)],
        *({**CLIENT, "yclients_id": 43000000 + n, "raw_phone": CLIENT["phone"]}
          for n in range(500)),
        name="the largest batch",
    ),
    write(
        "upsert_clients",
        [{**CLIENT, "company_id": company} for company in (FIRST, SECOND)],
        *({**CLIENT, "company_id": company, "raw_phone": CLIENT["phone"]}
          for company in (FIRST, SECOND)),
        name="one number in two salons",
    ),
    write("upsert_staff_schedules", DAY, DAY, name="new"),
    write(
        "upsert_staff_schedules",
        [{**DAY, "date": dt.date(2026, 5, 2), "work_start": dt.time(10, 30), "is_working": True},
         {**DAY, "date": "2026-04-10", "working_hours": [{"from": "10:00"}]}],
        {**DAY, "date": "2026-05-02", "work_start": "10:30:00", "is_working": True},
        {**DAY, "date": "2026-04-10", "working_hours": [{"from": "10:00"}]},
        name="new and known",
    ),
    not_written("upsert_staff_schedules", {**DAY, "is_working": None}, MissingValueError),
    not_written("upsert_staff_schedules", {**DAY, "staff_id": 2**31}, MalformedValueError),
    write("upsert_services", SERVICE, SERVICE, name="new"),
    write(
        "upsert_services",
        [{**SERVICE, "yclients_id": words.service_number(1), "price_min": 1500},
         {**SERVICE, "yclients_id": words.service_number(2), "price_min": None,
          "raw_data": {"a": [1]}}],
        {**SERVICE, "yclients_id": words.service_number(1), "price_min": 1500},
        {**SERVICE, "yclients_id": words.service_number(2), "price_min": None,
         "raw_data": {"a": [1]}},
        name="known",
    ),
    write("upsert_company", {"company_id": 990010, "title": "Новый"},
          {"company_id": 990010, "title": "Новый"}, name="new"),
    write(
        "upsert_company",
        {"company_id": str(SECOND), "title": " Второй ", "whatsapp_connected_at":
         "2026-04-10 12:00:00+03", "last_payment_date": "infinity", "working_hours": None,
         "marketplace_user_id": UUID(int=5)},
        {"company_id": SECOND, "title": " Второй ", "whatsapp_connected_at":
         "2026-04-10T09:00:00+00:00", "last_payment_date": "infinity", "working_hours": None,
         "marketplace_user_id": str(UUID(int=5))},
        name="known",
    ),
    not_written("upsert_company", {"company_id": 990011, "title": "Т", "yclients_id": FIRST},
                DuplicateKeyError),
)  # fmt: skip

REFUSED_WRITES = (
    *(not_written(method, bad) for method in ARGUMENTS for bad in (None, "row", 5, [], {}, [None])),
    *(not_written("upsert_dialog_context", {"user_id": bad}) for bad in BAD_TEXTS),
    *(
        not_written("upsert_client", {name: CLIENT[name] for name in CLIENT if name != gone})
        for gone in CLIENT
    ),
    *(not_written("upsert_client", {**CLIENT, "company_id": bad}) for bad in BAD_NUMBERS),
    *(not_written("upsert_client", {**CLIENT, "name": bad}) for bad in BAD_TEXTS),
    *(not_written("upsert_client", {**CLIENT, "phone": bad}) for bad in (None, "", "1", 7)),
    *(
        not_written("upsert_client", {**CLIENT, name: bad})
        for name, bad in (
            ("last_visit_date", "2026-04-10T00:00:00Z"),
            ("last_visit_date", dt.datetime(2026, 4, 10, tzinfo=TOKYO)),
            ("last_sync_at", "yesterday"),
            ("last_sync_at", 1700000000),
            ("total_spent", float("nan")),
            ("total_spent", Decimal("NaN")),
            ("notes", "a\0b"),
            ("notes", "\ud83d"),
            ("preferences", {"a": float("inf")}),
            ("preferences", {"a": "\0"}),
            ("preferences", {1: "a"}),
            ("preferences", {"a": Decimal(1)}),
            ("tags", {"a"}),
            ('no"name', 1),
            ("Notes", 1),
        )
    ),
    not_written("upsert_clients", [CLIENT] * 2, name="one key twice"),
    not_written("upsert_clients", [CLIENT, {**CLIENT, "yclients_id": "42000001"}], name="as text"),
    not_written("upsert_clients", [{**CLIENT, "yclients_id": n + 1} for n in range(501)]),
    not_written("upsert_staff_schedules", [DAY, {**DAY, "date": dt.date(2026, 5, 1)}]),
    not_written("upsert_services", [SERVICE, {**SERVICE, "title": " "}]),
    not_written("upsert_company", {"title": "Без номера"}),
    not_written("upsert_company", {"company_id": FIRST}),
)  # fmt: skip
