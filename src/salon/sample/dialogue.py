"""Rows of what happens in the salon: bookings, visits, reminders, dialogues, messages, runs.

Appointment times are the salon's wall time; all other times are UTC. Rules as in ``catalogue``.
"""

# Remainders of the index choose the special rows (PLR2004).
# ruff: noqa: PLR2004

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from random import Random
from typing import Final
from uuid import UUID

from salon.sample import words
from salon.sample.catalogue import NOW, REFERENCE, Row, day_after, moment

STATUSES: Final = (
    "active", "confirmed", "pending", "completed", "cancelled", "no_show", "past", "deleted", None,
)  # fmt: skip
MESSAGES_FROM: Final = datetime(2025, 9, 15, 6, 0, tzinfo=UTC)
MESSAGE_EDGES: Final = (
    datetime(2025, 10, 31, 23, 59, 59, 999_999, tzinfo=UTC),
    datetime(2025, 11, 1, tzinfo=UTC),
    datetime(2025, 11, 30, 22, 30, tzinfo=UTC),
    datetime(2025, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
    datetime(2026, 1, 1, tzinfo=UTC),
    datetime(2026, 3, 31, 21, 0, tzinfo=UTC),
)
"""First and last microseconds of months, and hours that are another month in Moscow."""


def booking_time(index: int) -> datetime:
    """Return the appointment of the booking at an index, in the salon's wall time."""
    return datetime.combine(day_after(index % 24 - 14), time(10 + index % 9, index % 4 * 15))


def bookings(generator: Random, count: int, client_count: int, staff_count: int) -> Iterator[Row]:
    """Yield bookings of clients and staff that exist; some have neither."""
    for index in range(count):
        client = index * 31 % client_count
        who = index % staff_count
        service = index * 5 % 63
        known = index % 12 != 7
        appointment = booking_time(index)
        repeated = [words.service_number(service)] * (1 + (index % 6 == 0))
        yield {
            "id": UUID(int=generator.getrandbits(128), version=4),
            "yclients_record_id": words.record_number(index),
            "company_id": words.COMPANY,
            "client_yclients_id": words.client_number(client) if known else None,
            "staff_id": words.staff_number(who) if index % 19 != 18 else None,
            "duration": (0, 3600, 5400, None)[index % 4],
            "visit_attendance": (0, 1, -1, 2, None)[index % 5],
            "client_phone": words.client_phone(client) if known else None,
            "client_name": words.client_name(client) if known else None,
            "staff_name": words.STAFF_NAMES[who % 12],
            "comment": words.QUESTIONS[index % 8] if index % 3 == 0 else None,
            "record_hash": generator.randbytes(16).hex(),
            "status": STATUSES[index % 9],
            "services": ([], None, [words.service_title(service), "Уход, ё"])[index % 3],
            "service_ids": None if index % 10 == 9 else repeated,
            "datetime": appointment,
            "created_at": None if index % 14 == 11 else moment(generator, days=30),
            "updated_at": moment(generator, days=5),
            "synced_at": None if index % 4 == 1 else moment(generator, days=1),
            "date": None if index % 15 == 13 else appointment.date(),
            "cost": Decimal(generator.randrange(50_000, 900_000)).scaleb(-2),
            "prepaid": Decimal(0) if index % 2 else Decimal("500.00"),
            "online": index % 2 == 0,
            "created_by_bot": index % 5 == 0,
        }


def appointments_cache(
    generator: Random, count: int, client_count: int, staff_count: int
) -> Iterator[Row]:
    """Yield visits, one row each, from two years ago to next week."""
    for index in range(count):
        quarter = generator.randrange(36)
        status = STATUSES[index % 9]
        appointment = datetime.combine(
            day_after(7 - generator.randrange(730)), time(10 + quarter // 4, quarter % 4 * 15)
        )
        yield {
            "id": index + 1,
            "yclients_record_id": words.record_number(100_000_000 + index),
            "company_id": words.COMPANY,
            "client_id": words.client_number(index * 17 % client_count) if index % 23 else None,
            "service_id": words.service_number(index % 63),
            "staff_id": words.staff_number(index % staff_count),
            "rescheduled_from_id": words.record_number(99_999_999 + index)
            if index % 20 == 19
            else None,
            "appointment_datetime": appointment,
            "created_at": None if index % 18 == 5 else moment(generator, days=700),
            "updated_at": moment(generator, days=30),
            "synced_at": None if index % 22 == 6 else moment(generator, days=3),
            "status": status,
            "comment": words.QUESTIONS[index % 8] if index % 4 == 0 else None,
            "staff_comment": words.NOTES[index % 4] if index % 6 == 0 else None,
            "cancellation_reason": "Заболела, «ёлки»" if status == "cancelled" else None,
            "cost": None if index % 8 == 3 else Decimal(generator.randrange(900_000)).scaleb(-2),
            "paid_amount": Decimal("0.0") if index % 3 else Decimal(1500),
            "attendance": (0, 1, -1, 2, None)[index % 5],
            "visit_length": 3600,
            "sms_before": 24 if index % 2 else None,
            "email_before": None,
            "is_cancelled": status == "cancelled",
            "raw_data": words.json_text({"услуги": [{"id": index, "₽": 0.1}], "док.": []}),
        }


def reminders(generator: Random, count: int, client_count: int) -> Iterator[Row]:
    """Yield reminders, one per booking from the first on."""
    for index in range(count):
        appointment = booking_time(index)
        sent = appointment < NOW
        yield {
            "id": index + 1,
            "client_id": words.client_number(index * 31 % client_count),
            "record_id": words.record_number(index),
            "appointment_datetime": appointment,
            "day_before_sent_at": appointment - timedelta(hours=14) if sent else None,
            "hour_before_sent_at": appointment - timedelta(hours=4) if sent else None,
            "created_at": moment(generator, days=40),
            "updated_at": moment(generator, days=2),
            "day_before_sent": sent if index % 6 else None,
            "day_before_confirmed": index % 4 == 0,
            "hour_before_sent": sent if index % 7 else None,
            "status": ("pending", "confirmed", "sent", "failed", "cancelled", None)[index % 6],
            "metadata": words.json_text({"попытки": index % 3, "текст": "Ждём Вас, «ё»! 🌷"}),
        }


def dialog_contexts(generator: Random, count: int, client_count: int) -> Iterator[Row]:
    """Yield dialogues, one per phone; the first holds the column's own default of ``state``."""
    for index in range(count):
        client = index if index <= 2 else index + 1
        talk = [
            {"role": "user", "content": words.QUESTIONS[index % 8]},
            {"role": "assistant", "content": words.ANSWERS[index % 5], "ok": True},
        ]
        yield {
            "id": UUID(int=generator.getrandbits(128), version=4),
            "user_id": words.client_phone(client),
            "state": ("'INIT'", "choosing", "booked", None)[index % 4],
            "session_type": "chat" if index % 9 else None,
            "company_id": str(words.COMPANY) if index % 8 != 5 else None,
            "client_id": words.client_number(client) if client < client_count else None,
            "last_booking_id": words.record_number(index) if index % 3 == 0 else None,
            "message_count": index * 2,
            "data": words.json_text({"выбор": {"услуга": words.service_title(index)}, "шаг": 2}),
            "context_metadata": (None, "{}", "[]", '{"язык": "ru", "ё": null}')[index % 4],
            "messages": words.json_text(talk * (index % 3)),
            "created_at": moment(generator, days=60).replace(tzinfo=UTC),
            "updated_at": moment(generator, days=5).replace(tzinfo=UTC),
            "last_activity": None
            if index % 13 == 4
            else moment(generator, days=45).replace(tzinfo=UTC),
        }


def sync_status(generator: Random, count: int) -> Iterator[Row]:
    """Yield the state of the jobs of synchronisation, one per table."""
    tables = ("clients", "services", "staff", "bookings")
    states = ("completed", "running", "error", "pending")
    for index in range(count):
        yield {
            "id": index + 1,
            "table_name": tables[index],
            "company_id": words.COMPANY,
            "last_sync_at": None if index == 3 else moment(generator, days=1),
            "sync_status": states[index],
            "error_message": "Тайм-аут, «ё»: 'нет ответа'" if states[index] == "error" else None,
            "records_processed": generator.randrange(1300),
            "sync_duration_ms": None if states[index] == "running" else generator.randrange(9000),
        }


def messages(generator: Random, count: int, client_count: int) -> Iterator[Row]:
    """Yield messages from 2025-09-15 to the reference, in order of time but for the edges."""
    step = (REFERENCE - MESSAGES_FROM) // count
    for index in range(count):
        inbound = index % 2 == 0
        created = MESSAGES_FROM + step * index + step * generator.random()
        if index < len(MESSAGE_EDGES):
            created = MESSAGE_EDGES[index]
        turn = index // 2
        text = words.QUESTIONS[turn % 8] if inbound else words.ANSWERS[turn % 5]
        processed = (True, True, False, None)[turn % 4] if inbound else True
        yield {
            "id": index + 1,
            "company_id": words.COMPANY,
            "phone": words.client_phone(turn * 7 % client_count),
            "direction": "inbound" if inbound else "outbound",
            "message": None if index % 41 == 40 else text,
            "message_id": f"3EB0{index:09X}{generator.getrandbits(28):07X}" if index % 17 else None,
            "status": None if inbound else ("sent", "delivered", "read", "failed")[turn % 4],
            "ai_response": words.ANSWERS[turn % 5] if inbound and processed else None,
            "intent": words.INTENTS[turn % 6] if inbound and turn % 5 else None,
            "from_me": not inbound,
            "processed": processed,
            "processing_time_ms": generator.randrange(200, 9000) if inbound else None,
            "context_id": index % 50 + 1 if index % 3 else None,
            "processed_at": created + timedelta(seconds=2.5) if processed else None,
            "created_at": created,
        }
