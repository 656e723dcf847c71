"""Rows of what the salon is and whom it serves: company, clients, services, staff, schedules.

Each function yields dicts, one per row, all with the same columns, and takes all chance from the
generator that it gets. Which rows hold NULL or an empty array follows the index, so that every
kind is there at every scale.
"""

# Remainders of the index choose the special rows (PLR2004).
# ruff: noqa: PLR2004

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from random import Random
from typing import Final

from salon.sample import words

Row = dict[str, object]

REFERENCE: Final = datetime(2026, 4, 10, 9, 0, tzinfo=UTC)
"""The moment at which the sample was "taken": inside the last month that the target declares."""

NOW: Final = REFERENCE.replace(tzinfo=None)
"""The same as UTC wall time, for columns without time zone."""

TAGS: Final[tuple[list[str | None] | None, ...]] = (
    [],
    None,
    ["VIP", "любит чай, без сахара"],
    ["скидка 10 %", "говорит «да»", '"кавычки"'],
    ["ё", None, "", "NULL", "{скобки}", "обратная \\ черта", "💅"],
)
PREFERENCES: Final = (
    "{}",
    None,
    words.json_text({"время": "утро", "мастер": 'только "Алёна"', "чай": {"сахар": 0}}),
    words.json_text(["тихо", "без музыки", {"кресло": 2, "любимое": True}]),
    words.json_text("7000"),
    "null",
)
SEGMENTS: Final = ("New", "Regular", "VIP", "Lost", None)


def moment(generator: Random, *, days: int) -> datetime:
    """Return UTC wall time up to ``days`` days before the reference, to the microsecond."""
    return NOW - timedelta(microseconds=generator.randrange(days * 86_400_000_000))


def companies(generator: Random) -> Iterator[Row]:
    """Yield the one salon, with secrets that are random bytes and say that they are invented."""
    started = moment(generator, days=900).replace(tzinfo=UTC)
    yield {
        "id": 1,
        "company_id": words.COMPANY,
        "yclients_id": words.COMPANY,
        "title": 'Салон "Ёлки-палки", выдуманный 💇‍♀️',
        "address": "г. Нигдейск, ул. Берёзовая, д. 0, корп. «Б»",
        "phone": "70000000001",
        "email": "salon@example.invalid",
        "website": "https://salon.example.invalid/?а=1&б=2",
        "timezone": "Etc/GMT-3",
        "currency": "RUB",
        "integration_status": "active",
        "whatsapp_phone": "70000000002",
        "whatsapp_session_data": f"invented-{generator.randbytes(24).hex()}",
        "api_key": f"invented-{generator.randbytes(24).hex()}",
        "webhook_secret": f"invented-{generator.randbytes(24).hex()}",
        "marketplace_user_id": "500001",
        "marketplace_user_name": "Фёкла Заря",
        "marketplace_user_phone": "70000000003",
        "marketplace_user_email": None,
        "working_hours": words.json_text({"пн": ["10:00", "20:00"], "вс": None}),
        "raw_data": words.json_text({"id": words.COMPANY, "сеть": [], "рейтинг": 4.9}),
        "whatsapp_config": words.json_text({"тихие часы": ["22:00", "09:00"], "повтор": 3}),
        "coordinate_lat": Decimal("55.000000100"),
        "coordinate_lon": Decimal("37.00"),
        "ai_enabled": True,
        "sync_enabled": True,
        "whatsapp_enabled": True,
        "whatsapp_connected": True,
        "created_at": started,
        "updated_at": REFERENCE - timedelta(minutes=7),
        "last_sync_at": REFERENCE - timedelta(minutes=3, microseconds=1),
        "whatsapp_connected_at": REFERENCE - timedelta(days=5),
        "connected_at": started + timedelta(hours=1),
        "last_payment_date": None,
    }


def clients(generator: Random, count: int) -> Iterator[Row]:
    """Yield clients; those at index 2 and 3 share one phone."""
    for index in range(count):
        visits = generator.randrange(40)
        yield {
            "id": index + 1,
            "yclients_id": words.client_number(index),
            "company_id": words.COMPANY,
            "name": words.client_name(index),
            "phone": words.client_phone(index),
            "raw_phone": words.raw_phone(index),
            "email": f"client{index}@example.invalid" if index % 4 == 0 else None,
            "status": "active" if index % 3 else None,
            "notes": words.NOTES[index % 4] if index % 10 < 4 else None,
            "source": "external" if index % 6 else "whatsapp",
            "loyalty_level": ("Bronze", "Silver", "Gold", None)[index % 4],
            "client_segment": SEGMENTS[index % 5],
            "discount": generator.choice((0, 0, 0, 5, 10)),
            "visit_count": None if index % 11 == 4 else visits,
            "ai_messages_count": generator.randrange(30),
            "goods_count": generator.randrange(5),
            **_client_collections(generator, index),
            **_client_money(generator, index, visits),
            **_client_times(generator, index),
            "blacklisted": None if index % 31 == 8 else index % 29 == 7,
            "created_by_ai": index % 8 == 0,
        }


def _client_collections(generator: Random, index: int) -> Row:
    services = [words.service_number(generator.randrange(63)) for _ in range(index % 4)]
    history = [
        {"дата": f"2026-0{1 + visit}-15", "услуга": words.service_title(index + visit), "₽": 1500.5}
        for visit in range(index % 3)
    ]
    return {
        "branch_ids": (None, [], [words.COMPANY], [words.COMPANY, 9_000_000_000])[index % 4],
        "last_service_ids": None if index % 7 == 6 else services,
        "favorite_staff_ids": ([], [words.staff_number(index % 12)], None)[index % 3],
        "tags": TAGS[index % 5],
        "preferred_time_slots": ([], ["утро", "после 18:00, но до 20:00"], None)[index % 3],
        "last_services": words.json_text([words.service_title(index)] if index % 2 else []),
        "visit_history": words.json_text(history),
        "goods_purchases": None if index % 9 == 8 else "[]",
        "preferences": PREFERENCES[index % 6],
        "ai_context": words.json_text({"тема": words.QUESTIONS[index % 8], "шаги": [1, 2.5, None]}),
    }


def _client_money(generator: Random, index: int, visits: int) -> Row:
    spent = Decimal(visits * generator.randrange(90_000, 400_000)) / 100
    return {
        "total_spent": spent if index % 5 else spent.quantize(Decimal(1)),
        "average_bill": Decimal(generator.randrange(10_000_000)).scaleb(-4),
        "ai_satisfaction_score": None if index % 2 else Decimal("4.50"),
        "services_amount": spent.quantize(Decimal("0.01")),
        "goods_amount": Decimal(generator.randrange(500_000)).scaleb(-2),
    }


def _client_times(generator: Random, index: int) -> Row:
    created = moment(generator, days=1500)
    last = moment(generator, days=300).date()
    return {
        "first_visit_date": None if index % 7 == 3 else min(created.date(), last),
        "last_visit_date": None if index % 7 == 3 else last,
        "created_at": created,
        "updated_at": moment(generator, days=30),
        "last_sync_at": None if index % 17 == 9 else moment(generator, days=3),
        "last_ai_interaction": moment(generator, days=60) if index % 5 == 2 else None,
    }


def services(generator: Random, count: int) -> Iterator[Row]:
    """Yield services; some without weight, price or category, one in eight not active."""
    for index in range(count):
        price = Decimal(generator.randrange(50, 900) * 10)
        yield {
            "id": index + 1,
            "yclients_id": words.service_number(index),
            "company_id": words.COMPANY,
            "title": words.service_title(index),
            "category_title": words.CATEGORIES[index % 9] if index % 10 else None,
            "description": words.NOTES[index % 4] if index % 3 else None,
            "image_url": None,
            "category_id": 8000 + index % 9 if index % 10 else None,
            "duration": generator.choice((1800, 3600, 5400)),
            "seance_length": None if index % 6 == 5 else 3600,
            "discount": index % 3 * 5,
            "weight": None if index % 7 == 4 else generator.randrange(10),
            "price_min": None if index % 8 == 3 else price,
            "price_max": None if index % 8 == 3 else price + Decimal("250.50"),
            "is_active": (index % 8 != 5) if index % 21 != 20 else None,
            "is_bookable": index % 9 != 8,
            "created_at": moment(generator, days=900),
            "updated_at": moment(generator, days=30),
            "last_sync_at": None if index % 13 == 6 else moment(generator, days=3),
            "raw_data": words.json_text({"id": words.service_number(index), "staff": []}),
            "declensions": words.json_text({"род.": "маникюра", "вин.": "маникюр, ё"})
            if index % 2
            else None,
        }


def staff(generator: Random, count: int) -> Iterator[Row]:
    """Yield members of staff; some without rating, one not active."""
    for index in range(count):
        own = [words.service_number((index * 5 + step) % 63) for step in range(index % 6)]
        yield {
            "id": index + 1,
            "yclients_id": words.staff_number(index),
            "company_id": words.COMPANY,
            "name": words.STAFF_NAMES[index % 12],
            "specialization": f"Мастер, «{words.CATEGORIES[index % 9].lower()}»",
            "position": "топ-мастер" if index % 3 == 0 else None,
            "avatar_url": f"https://salon.example.invalid/{index}.jpg",
            "information": words.NOTES[index % 4],
            "email": None,
            "phone": f"70000001{index:03d}",
            "telegram": f"@invented_{index}" if index % 2 else None,
            "level_name": None,
            "votes_count": generator.randrange(300),
            "comments_count": generator.randrange(100),
            "experience_years": None if index % 4 == 1 else generator.randrange(1, 20),
            "service_ids": None if index == 7 else own,
            "rating": None if index % 5 == 3 else Decimal(generator.randrange(30, 51)).scaleb(-1),
            "is_active": index != 10,
            "is_bookable": index % 6 != 5,
            "created_at": moment(generator, days=900),
            "updated_at": moment(generator, days=30),
            "last_sync_at": None if index % 8 == 2 else moment(generator, days=3),
            "raw_data": words.json_text({"schedule_till": "2026-05-01", "тэги": ["ё", None]}),
            "declensions": words.json_text({"дат.": "Алёне"}) if index % 2 else None,
        }


def staff_schedules(generator: Random, count: int, staff_count: int) -> Iterator[Row]:
    """Yield schedules, one per member of staff and day, from the day of the reference on."""
    for index in range(count):
        works = index % 5 != 2
        who = index % staff_count
        yield {
            "id": index + 1,
            "staff_id": words.staff_number(who),
            "staff_name": words.STAFF_NAMES[who % 12],
            "date": REFERENCE.date() + timedelta(days=index // staff_count),
            "is_working": works,
            "has_booking_slots": None if index % 16 == 9 else works and index % 3 > 0,
            "work_start": time(10, 0) if works else None,
            "work_end": time(19 + index % 2, 30) if works else None,
            "working_hours": words.json_text([{"from": "10:00", "to": "19:30"}] if works else []),
            "last_updated": moment(generator, days=2),
        }


def day_after(days: int) -> date:
    """Return the day that many days after the reference, before it when negative."""
    return REFERENCE.date() + timedelta(days=days)
