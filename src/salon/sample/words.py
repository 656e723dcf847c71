"""What the invented salon is called and says: names, titles and texts, chosen by index.

Owns vocabulary only: the same index gives the same words whatever the seed is, so that a booking
can name its client without asking for the client's row. Texts hold what breaks lesser tools:
ё, quotes of all kinds, commas, backslashes, wildcards, line ends, emoji.
"""

# Remainders of the index choose the special rows (PLR2004).
# ruff: noqa: PLR2004

import json
from typing import Final

COMPANY: Final = 990_001
"""The tenant's number in the external system."""

FIRST_NAMES: Final = (
    "Алёна", "Пётр", "Семён", "Фёкла", "Артём", "Ольга", "Зоя", "Матвей", "Злата", "Савелий",
    "Ульяна", "Тимофей", "Василиса", "Лёля", "Ярослав", "Нонна", "Эльвира", "Юлиан", "Майя",
)  # fmt: skip
LAST_NAMES: Final = (
    "Ёлкина-Палкина", "Воробьёв", "Соловьёва", "Королёв", "Журавлёва", "Чайка", "Мороз",
    "Щёголева", "Снегирь", "Ручей", "Облако", "Черёмуха", "Тополь", "Заря", "Метель", "Одуванчик",
    "Берёза",
)  # fmt: skip
SPECIAL_NAMES: Final = (
    'Анна "Нюша" Ёлкина',
    "О'Генри, Пётр",
    "«Мастер» 💅🏽 Зоя",
    "100 %_скидка\\Ольга",
    "Ольга * Чайка",
    "  Лёля (сестра Майи)  ",
    "{Тимофей}",
    "NULL",
)
STAFF_NAMES: Final = (
    "Алёна Соловьёва", "Бэла Мороз", "Варвара Чайка", "Глеб Королёв", "Ева Заря", "Инна Берёза",
    "Кира Облако", "Лёва Снегирь", "Нина Метель", "Пётр Ручей", "Рая Щёголева", "Яна Тополь",
)  # fmt: skip
CATEGORIES: Final = (
    "Маникюр", "Педикюр", "Стрижка", "Окрашивание", "Укладка", "Брови", "Ресницы", "Массаж", "Уход",
)  # fmt: skip
VARIANTS: Final = (
    "классика", "«люкс»", "экспресс, 30 мин.", "с подругой 👯‍♀️", "мужской", 'набор "всё и сразу"',
    "для неё",
)  # fmt: skip
QUESTIONS: Final = (
    "Здравствуйте! Можно записаться на завтра, часов в 11?",
    'А мастер "Алёна" свободна в субботу?',
    "Ещё вопрос: сколько стоит, если без покрытия? 🤔",
    "Отмените, пожалуйста: заболела 🤒\nПотом напишу сама.",
    "+",
    "Цена 1 500 ₽ или 1,5 тыс.? C:\\прайс\\новый.xls",
    "👍",
    "Перенесите\tна четверг; 'как обычно'",
)
ANSWERS: Final = (
    "Здравствуйте! Завтра свободно в 11:00 и в 12:30, как Вам удобнее?",
    'Да, мастер "Алёна" принимает в субботу с 10 до 18.',
    "Без покрытия — 1 200 ₽, со снятием — 1 450 ₽ 💅",
    "Отменила, выздоравливайте! 🌷",
    "Записала Вас, ждём!",
)
NOTES: Final = (
    "Аллергия на лаванду, чай — без сахара",
    'Просит "своего" мастера; не звонить до 12',
    "Приходит с дочкой 👧, нужен стул повыше\nи мультики",
    "",
)
INTENTS: Final = ("booking", "cancel", "reschedule", "price", "question", "greeting")


def client_name(index: int) -> str:
    """Return the name of the client at an index; every thirteenth is a hard one."""
    if index % 13 == 5:
        return SPECIAL_NAMES[index // 13 % len(SPECIAL_NAMES)]
    first = FIRST_NAMES[index % len(FIRST_NAMES)]
    return f"{first} {LAST_NAMES[index // 3 % len(LAST_NAMES)]}"


def client_phone(index: int) -> str:
    """Return the normalised phone of the client at an index; 2 and 3 share one.

    Codes of Russia begin with 3, 4, 8 or 9: 000 is never assigned. Numbers repeat after ten
    million clients, because 7919 and ten million have no common divisor.
    """
    owner = 2 if index == 3 else index
    return f"7000{(owner * 7919 + 1_000_003) % 10_000_000:07d}"


def raw_phone(index: int) -> str | None:
    """Return the phone as somebody typed it, or None for every ninth client."""
    digits = client_phone(index)
    spellings = (
        f"+7 ({digits[1:4]}) {digits[4:7]}-{digits[7:9]}-{digits[9:]}",
        f"8{digits[1:]}",
        digits,
        f"{digits}@s.whatsapp.net",
    )
    return None if index % 9 == 7 else spellings[index % 4]


def client_number(index: int) -> int:
    """Return the external number of the client at an index; it fits an integer column."""
    return 20_000_000 + index


def staff_number(index: int) -> int:
    """Return the external number of the member of staff at an index."""
    return 3_000_000 + index


def service_number(index: int) -> int:
    """Return the external number of the service at an index."""
    return 4_000_000 + index


def record_number(index: int) -> int:
    """Return the external number of the booking at an index; it fits an integer column."""
    return 700_000_000 + index


def service_title(index: int) -> str:
    """Return the title of the service at an index, nine categories times seven variants."""
    category = CATEGORIES[index % len(CATEGORIES)]
    return f"{category}: {VARIANTS[index // len(CATEGORIES) % len(VARIANTS)]}"


def json_text(value: object) -> str:
    """Return a value as JSON text for a jsonb column."""
    return json.dumps(value, ensure_ascii=False)
