"""What the application's users do all day, and whether each of them sees what they wrote.

One conversation is one lane of a process: it asks for one thing after another, so it must find what
was acknowledged to it before. No other lane writes the dialogues of its users.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final

from salon.sample import words

USERS: Final = 8
FIRST_USER: Final = 700_000
FIRST_CLIENT: Final = 70_000_000
STAFF: Final = 12
CATEGORY: Final = 8003

WEIGHTS: Final[Mapping[str, int]] = {
    "get_dialog_context": 22,
    "upsert_dialog_context": 16,
    "get_client_by_phone": 12,
    "upsert_client": 4,
    "get_client_appointments": 8,
    "search_clients_by_name": 4,
    "get_services": 8,
    "get_services_by_category": 4,
    "get_staff": 6,
    "get_staff_schedules": 6,
    "get_company": 10,
}
"""How often each method of the data layer is called, against the others."""

WRITES: Final = frozenset({"upsert_dialog_context", "upsert_client"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One call of the data layer.

    Attributes:
        phone: Whose it is.
        method: The method.
        arguments: What it is given.
        number: The number that a write leaves, or that a read must find at least; None for a call
            that proves nothing.
    """

    phone: str
    method: str
    arguments: tuple[Any, ...]
    number: int | None = None


@dataclass(slots=True)
class _Dialogue:
    """What one user knows of their own dialogue."""

    acknowledged: int = 0
    last: int = 0


@dataclass(slots=True)
class Conversation:
    """The calls of one lane, the same for the same seed.

    Attributes:
        lane: Its number among all lanes of the run.
    """

    lane: int
    _dialogues: dict[str, _Dialogue] = field(default_factory=dict)
    _chance: Random = field(default_factory=Random)

    def __post_init__(self) -> None:
        """Give the lane its users."""
        self._chance = Random(self.lane)  # noqa: S311 - a mixture, no secret
        first = FIRST_USER + self.lane * USERS
        self._dialogues = {words.client_phone(first + at): _Dialogue() for at in range(USERS)}

    @property
    def phones(self) -> tuple[str, ...]:
        """The phones of its users."""
        return tuple(self._dialogues)

    def following(self) -> Turn:
        """Return the next call."""
        chance = self._chance
        method = chance.choices(tuple(WEIGHTS), tuple(WEIGHTS.values()))[0]
        phone = chance.choice(self.phones)
        dialogue = self._dialogues[phone]
        number = None
        if method == "upsert_dialog_context":
            dialogue.last += 1
            number = dialogue.last
        elif method == "get_dialog_context":
            number = dialogue.acknowledged
        return Turn(
            phone=phone,
            method=method,
            arguments=self._arguments(method, phone, number or 0),
            number=number,
        )

    def _arguments(self, method: str, phone: str, number: int) -> tuple[Any, ...]:
        chance, company = self._chance, words.COMPANY
        place = self.phones.index(phone) + self.lane * USERS
        given: Mapping[str, tuple[Any, ...]] = {
            "get_dialog_context": (phone,),
            "upsert_dialog_context": (
                {"user_id": phone, "company_id": str(company), "data": {"n": number, "ё": "🌷"}},
            ),
            "get_client_by_phone": (phone, company),
            "upsert_client": (
                {
                    "yclients_id": FIRST_CLIENT + place,
                    "company_id": company,
                    "name": f"Гость «{place}», ё",
                    "phone": phone,
                    "total_spent": chance.randrange(1_000_000) / 100,
                },
            ),
            "get_client_appointments": (words.client_number(chance.randrange(1000)), company),
            "search_clients_by_name": (company, chance.choice(words.FIRST_NAMES), 10),
            "get_services_by_category": (company, CATEGORY),
            "get_services": (company,),
            "get_staff": (company,),
            "get_staff_schedules": (company, words.staff_number(chance.randrange(STAFF))),
            "get_company": (company,),
        }
        return given[method]

    def settle(self, turn: Turn, found: Any) -> bool:
        """Take what a call returned.

        Args:
            turn: The call, which did not raise.
            found: What it returned.

        Returns:
            Whether a user was shown less than they had written.
        """
        if turn.method == "upsert_dialog_context":
            assert turn.number is not None, "every write of a dialogue has a number"
            self._dialogues[turn.phone].acknowledged = turn.number
            return False
        if turn.method != "get_dialog_context" or not turn.number:
            return False
        shown = found["data"]["n"] if found else 0
        return bool(shown < turn.number)
