"""The ways to the data layer, what a call comes to on them, and where it is not what it must be."""

import asyncio
import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import psycopg
from gateway_process import SECRET_KEY

import changeover
from changeover.embedded import Database

NOW = dt.datetime(2026, 4, 10, 9, 0, tzinfo=dt.UTC)
URL = "http://api.invalid"
KEYS = changeover.KeySettings(
    mode=changeover.KeyMode.SUPABASE,
    is_single_role=True,
    secret_keys=(changeover.Secret(SECRET_KEY),),
)
OVERRULED = frozenset({"updated_at", "last_updated"})
"""What the target's triggers set to the server's moment on an update, whatever was sent."""


def clock():
    """Return the moment of the tests."""
    return NOW


class Books:
    """A way's database, asked behind the layer's back with SQL that is written by hand."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.connection = psycopg.connect(
            database.dsn, autocommit=True, options="-c TimeZone=UTC -c lock_timeout=20s"
        )

    def ask(self, query: str, values: Any = None) -> list[Any]:
        """Return the first column of all rows."""
        cursor = self.connection.execute(query, values)
        return [row[0] for row in cursor] if cursor.description else []

    def tried(self, query: str, values: Any) -> list[Any]:
        """Return what a write would return; it is undone. It raises what it would raise."""
        with self.connection.transaction(force_rollback=True):
            return self.ask(query, values)


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One way to the data layer.

    Attributes:
        name: What it is called in a difference.
        layer: The data layer.
        books: Its database.
        loop: The loop of an asynchronous layer.
    """

    name: str
    layer: Any
    books: Books
    loop: asyncio.AbstractEventLoop | None = None

    def call(self, method: str, given: Mapping[str, Any]) -> Any:
        """Call a method; wait for it where it is asynchronous."""
        return self._waited(getattr(self.layer, method)(**given))

    def result(self, method: str, given: Mapping[str, Any]) -> Any:
        """Call a method in the original result shape."""
        return self._waited(getattr(self.layer.results, method)(**given))

    def _waited(self, found: Any) -> Any:
        return found if self.loop is None else self.loop.run_until_complete(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A call, and what it must come to.

    Attributes:
        method: The method.
        given: Its arguments.
        expected: What returns the data from a way's books, or an error's class; or a class.
        name: What it is about.
        meant: The rows that must be written, of a write; their ids and stamps are new.
        whole: What returns the rows as they must stand after a write, or an error's class.
        stored: What returns them as they stand.
    """

    method: str
    given: Mapping[str, Any] = field(default_factory=dict)
    expected: Callable[[Books], Any] | type[Exception]
    name: str = ""
    meant: tuple[Mapping[str, Any], ...] = ()
    whole: Callable[[Books], Any] | None = None
    stored: Callable[[Books], Any] | None = None

    def __str__(self) -> str:
        return f"{self.method}: {self.name or self.given}"


def outcome(way: Way, case: Case) -> Any:
    """Return the data of a call, or the class of what it raises."""
    try:
        return way.call(case.method, case.given)
    except Exception as error:  # noqa: BLE001 - the class is what is compared
        return type(error)


def wanted(way: Way, case: Case) -> Any:
    """Return what the way's own books say that the call must come to."""
    if isinstance(case.expected, type):
        return case.expected
    return case.expected(way.books)


def same(found: Any, expected: Any) -> bool:
    """Whether two values are equal in JSON's types too: 1, 1.0 and true are three things."""
    if type(found) is not type(expected):
        return False
    if isinstance(found, dict):
        return found.keys() == expected.keys() and all(
            same(found[name], expected[name]) for name in found
        )
    if isinstance(found, list):
        return len(found) == len(expected) and all(map(same, found, expected))
    return bool(found == expected)


def differences(case: Case, ways: list[Way]) -> list[str]:
    """Return where a call is not what it must be, or not the same on all ways.

    What is expected is asked of each way's books before the call.
    """
    found, told = {}, []
    for way in ways:
        expected = wanted(way, case)
        whole = case.whole(way.books) if case.whole else None
        found[way.name] = outcome(way, case)
        shown = masked(found[way.name], expected) if case.meant else found[way.name]
        if not same(shown, expected):
            told.append(f"{way.name}: {case}: {shown!r:.600} must be {expected!r:.600}")
        kept = case.stored(way.books) if case.stored and isinstance(whole, list) else whole
        if not same(masked(kept, whole), whole):
            told.append(f"{way.name}: {case}: stored {kept!r:.600} must be {whole!r:.600}")
    first, *others = [unkeyed(one) for one in found.values()]
    if any(not same(first, other) for other in others):
        told.append(f"{case}: the ways differ: {found!r:.900}")
    return told


def masked(found: Any, expected: Any) -> Any:
    """Return written rows with what nobody can know in advance taken from the expected ones.

    These are new ids, since a tried write has used one up, and the server's own moments: defaults,
    and what the target's triggers set.
    """
    if isinstance(found, list) and isinstance(expected, list) and len(found) == len(expected):
        return [masked(one, other) for one, other in zip(found, expected, strict=True)]
    if not isinstance(found, dict) or not isinstance(expected, dict):
        return found
    shown = dict(found)
    for name, value in expected.items():
        own = found.get(name)
        is_moment = is_fresh(value) and is_fresh(own)
        is_later = (
            name == "id" and type(own) is type(value) and (isinstance(own, str) or own > value)
        )
        if is_moment or is_later:
            shown[name] = value
    return shown


def unkeyed(found: Any) -> Any:
    """Return data without what servers make on their own: ids, moments. Its own books hold both."""
    if isinstance(found, list):
        return [unkeyed(one) for one in found]
    if isinstance(found, dict):
        return {
            name: "fresh" if is_fresh(value) else value
            for name, value in found.items()
            if name not in OVERRULED and name != "id"
        }
    return found


def is_fresh(value: Any) -> bool:
    """Whether a value is a moment of today, so one that a server has set."""
    if not isinstance(value, str) or not value.startswith("20"):
        return False
    try:
        moment = dt.datetime.fromisoformat(value)
    except ValueError:
        return False
    aware = moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)
    return abs(dt.datetime.now(dt.UTC) - aware) < dt.timedelta(days=1)
