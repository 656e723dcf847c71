"""What the salon's services write all day: a mixture of inserts, updates, upserts and deletes.

Every transaction does one of them, turns a pair of twin rows that must always be equal, and leaves
its fingerprint, so that a write is there whole or not at all. Statements are the same on both
sides: the application does not know where it is.
"""

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from typing import Any, Final, LiteralString

import psycopg

from salon.sample import words

RECENT_MAX: Final = 40
SLOTS: Final = 40
"""How many bookings, dialogues, keys and twins each writer turns over and over."""

TABLES: Final = (
    """CREATE TABLE public.ledger_write (
      writer integer NOT NULL,
      number bigint NOT NULL,
      kind text NOT NULL,
      written_at timestamptz NOT NULL DEFAULT clock_timestamp(),
      PRIMARY KEY (writer, number)
    )""",
    """CREATE TABLE public.twin_a (
      writer integer NOT NULL,
      slot integer NOT NULL,
      number bigint NOT NULL,
      writes bigint NOT NULL,
      PRIMARY KEY (writer, slot)
    )""",
    """CREATE TABLE public.twin_b (
      writer integer NOT NULL,
      slot integer NOT NULL,
      number bigint NOT NULL,
      writes bigint NOT NULL,
      PRIMARY KEY (writer, slot)
    )""",
)
"""The demonstration's own tables; they move like all others."""

TWINS: Final = (
    (
        "INSERT INTO public.twin_a SELECT w, s, 0, 0"
        " FROM generate_series(0, %(writers)s - 1) AS w, generate_series(0, %(slots)s - 1) AS s"
    ),
    (
        "INSERT INTO public.twin_b SELECT w, s, 0, 0"
        " FROM generate_series(0, %(writers)s - 1) AS w, generate_series(0, %(slots)s - 1) AS s"
    ),
)
"""How the twins are made, as many pairs for each writer as there are slots."""

FINGERPRINT: Final = (
    "INSERT INTO public.ledger_write (writer, number, kind) VALUES (%(writer)s, %(number)s,"
    " %(kind)s) RETURNING extract(epoch FROM written_at)::float8"
)
TURN_TWINS: Final = (
    (
        "UPDATE public.twin_a SET number = %(number)s, writes = writes + 1"
        " WHERE writer = %(writer)s AND slot = %(twin)s"
    ),
    (
        "UPDATE public.twin_b SET number = %(number)s, writes = writes + 1"
        " WHERE writer = %(writer)s AND slot = %(twin)s"
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of write.

    Attributes:
        weight: How often it comes, against the others.
        statement: The same on both sides.
    """

    weight: int
    statement: LiteralString


KINDS: Final[Mapping[str, Kind]] = {
    "message received": Kind(
        weight=30,
        statement="INSERT INTO public.messages (company_id, phone, direction, message, message_id,"
        " status, created_at) VALUES (%(company)s, %(phone)s, 'inbound', %(text)s, %(message)s,"
        " 'delivered', %(now)s)",
    ),
    "message processed": Kind(
        weight=15,
        statement="UPDATE public.messages SET processed = true, processed_at = %(now)s,"
        " ai_response = %(text)s WHERE company_id = %(company)s AND message_id = %(old_message)s"
        " AND created_at = %(old_time)s",
    ),
    "message removed": Kind(
        weight=3,
        statement="DELETE FROM public.messages WHERE company_id = %(company)s"
        " AND message_id = %(old_message)s AND created_at = %(old_time)s",
    ),
    "booking synchronised": Kind(
        weight=12,
        statement="INSERT INTO public.bookings (yclients_record_id, company_id, client_yclients_id,"
        " staff_id, comment, datetime, services, cost) VALUES (%(record)s, %(company)s, %(client)s,"
        " %(staff)s, %(text)s, %(wall)s, %(services)s, %(cost)s)"
        " ON CONFLICT (yclients_record_id, company_id) DO UPDATE SET comment = excluded.comment,"
        " datetime = excluded.datetime, services = excluded.services, cost = excluded.cost",
    ),
    "booking cancelled": Kind(
        weight=3,
        statement="DELETE FROM public.bookings WHERE yclients_record_id = %(record)s"
        " AND company_id = %(company)s",
    ),
    "dialogue continued": Kind(
        weight=12,
        statement="INSERT INTO public.dialog_contexts AS d (user_id, company_id, data,"
        " message_count) VALUES (%(user)s, %(company)s::text, %(json)s, 1)"
        " ON CONFLICT (user_id) DO UPDATE SET data = excluded.data,"
        " message_count = d.message_count + 1, last_activity = now()",
    ),
    "session key saved": Kind(
        weight=10,
        statement="INSERT INTO public.whatsapp_keys (company_id, key_type, key_id, value)"
        " VALUES (%(company)s::text, 'session', %(key)s, %(json)s)"
        " ON CONFLICT (company_id, key_type, key_id) DO UPDATE SET value = excluded.value",
    ),
    "session key renamed": Kind(
        weight=2,
        statement="UPDATE public.whatsapp_keys SET key_id = %(new_key)s"
        " WHERE company_id = %(company)s::text AND key_type = 'session' AND key_id = %(key)s",
    ),
    "session key dropped": Kind(
        weight=2,
        statement="DELETE FROM public.whatsapp_keys WHERE company_id = %(company)s::text"
        " AND key_type = 'session' AND key_id = %(key)s",
    ),
    "client changed": Kind(
        weight=8,
        statement="UPDATE public.clients SET visit_count = visit_count + 1, notes = %(text)s,"
        " total_spent = total_spent + %(cost)s, tags = %(services)s"
        " WHERE yclients_id = %(client)s AND company_id = %(company)s",
    ),
    "client registered": Kind(
        weight=3,
        statement="INSERT INTO public.clients (yclients_id, company_id, name, phone)"
        " VALUES (%(new_client)s, %(company)s, %(text)s, %(phone)s)",
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """One transaction of the application, ready to be run on whichever side.

    Attributes:
        number: The writer's own number of it.
        kind: A key of KINDS.
        values: What its statements are given.
    """

    number: int
    kind: str
    values: Mapping[str, Any]

    def run(self, connection: psycopg.Connection[Any]) -> float:
        """Run the statements; the caller commits.

        Returns:
            The server's clock at the last of them, in seconds since 1970.
        """
        connection.execute(KINDS[self.kind].statement, self.values)
        for statement in TURN_TWINS:
            connection.execute(statement, self.values)
        row = connection.execute(FINGERPRINT, self.values).fetchone()
        assert row is not None, "INSERT … RETURNING returns the row"
        return float(row[0])


class Mixture:
    """The writes of one writer, the same for the same seed but for the time of day."""

    def __init__(self, writer: int, *, seed: int, client_count: int) -> None:
        """Prepare.

        Args:
            writer: Its number, from 0 on.
            seed: Same seed, same order of kinds.
            client_count: How many clients the sample has.
        """
        self._writer = writer
        self._chance = Random(f"{seed}:{writer}")  # noqa: S311 - repeatable by intent
        self._client_count = client_count
        self._recent: list[tuple[str, dt.datetime]] = []
        self._number = 0

    def following(self, now: dt.datetime) -> Write:
        """Return the next write.

        Args:
            now: The time of day, with its zone.
        """
        self._number += 1
        kinds, weights = zip(*((name, kind.weight) for name, kind in KINDS.items()), strict=True)
        (kind,) = self._chance.choices(kinds, weights)
        return Write(number=self._number, kind=kind, values=self._values(kind, now))

    def _values(self, kind: str, now: dt.datetime) -> dict[str, Any]:
        chance, writer, number = self._chance, self._writer, self._number
        slot = writer * SLOTS + chance.randrange(SLOTS)
        message = f"demo-{writer}-{number}"
        old_message, old_time = chance.choice(self._recent or [(message, now)])
        if kind == "message received":
            self._recent = [*self._recent, (message, now)][-RECENT_MAX:]
        text = f"{chance.choice(words.NOTES)} №{number} «ё» 🌷"
        client = words.client_number(chance.randrange(self._client_count))
        return {
            "writer": writer,
            "number": number,
            "kind": kind,
            "twin": chance.randrange(SLOTS),
            "company": words.COMPANY,
            "phone": words.client_phone(chance.randrange(self._client_count)),
            "text": text,
            "message": message,
            "old_message": old_message,
            "old_time": old_time,
            "now": now,
            "wall": now.replace(tzinfo=None, microsecond=0),
            "record": words.record_number(90_000_000 + slot),
            "client": client,
            "new_client": words.client_number(50_000_000 + writer * 1_000_000 + number),
            "staff": words.staff_number(chance.randrange(12)),
            "services": [words.service_title(chance.randrange(63)), "Уход, ё", '"', ""],
            "cost": chance.randrange(1_000_000) / 100,
            "user": f"7000{slot:07d}-demo",
            "json": json.dumps({"n": number, "ё": [text, None, 0.1]}, ensure_ascii=False),
            "key": f"demo-{slot}",
            "new_key": f"demo-{slot}-{number}",
        }
