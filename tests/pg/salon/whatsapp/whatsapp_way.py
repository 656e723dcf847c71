"""The ways to the session store: two backends, two colours, on the databases of the tests."""

import asyncio
import inspect
from dataclasses import dataclass
from typing import Any

import psycopg
from whatsapp_clock import Clock

import changeover
from changeover.embedded import Database
from salon.whatsapp import AsyncSessionStore, SessionStore

URL = "http://api.invalid"
KEY = "sb_secret_" + "invented"
KEYS = changeover.KeySettings(
    mode=changeover.KeyMode.SUPABASE,
    is_single_role=True,
    secret_keys=(changeover.Secret(KEY),),
)
NAMES = ("repositories", "repositories awaited", "client", "client awaited")


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One way to a store.

    Attributes:
        name: Which one.
        database: What is behind it.
        sql: A session of its owner, for SQL by hand.
        clock: The stores' clock.
        loop: The loop of an asynchronous way.
        reached: What the stores are made over: a database or a client.
    """

    name: str
    database: Database
    sql: psycopg.Connection[Any]
    clock: Clock
    loop: asyncio.AbstractEventLoop
    reached: Any

    @property
    def has_transactions(self) -> bool:
        """Whether it is a way to PostgreSQL without the API between."""
        return "repositories" in self.name

    def store(self, reached: Any = None, **options: Any) -> Any:
        """Return a store; its clock is the test's."""
        kind = AsyncSessionStore if "awaited" in self.name else SessionStore
        make = kind.over_repositories if self.has_transactions else kind.over_client
        return make(reached or self.reached, clock=self.clock, **options)

    def done(self, found: Any) -> Any:
        """Return what a call gives; wait for it where it is asynchronous."""
        return self.loop.run_until_complete(found) if inspect.iscoroutine(found) else found

    def open(self, company_id: str = "42", **options: Any) -> Any:
        """Return a session that has credentials; options are those of `store`."""
        return self.done(self.store(**options).open(company_id, lambda: {"n": 1}))

    def keys(self) -> dict[tuple[str, str], Any]:
        """Return the values of all keys as JSON has them, by hand."""
        rows = self.sql.execute("SELECT key_type, key_id, value FROM whatsapp_keys").fetchall()
        return {(key_type, key_id): value for key_type, key_id, value in rows}

    def ask(self, query: str, values: Any = None) -> Any:
        """Return the first value of a query."""
        row = self.sql.execute(query, values).fetchone()
        return row[0] if row else None
