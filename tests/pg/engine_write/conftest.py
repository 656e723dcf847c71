"""A database to write to and to call, and requests run on it as a store runs them."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import psycopg
import pytest

from changeover.catalog.api_reading import read_snapshot
from changeover.catalog.snapshot import Snapshot
from changeover.engine import plan, render, reply
from changeover.engine import request as requests
from changeover.engine.message import Message, Reply
from changeover.engine.refusal import Refusal
from changeover.engine.settings import ApiSettings
from changeover.engine.syntax import Outcome

_SCHEMA = Path(__file__).parent.joinpath("schema.sql").read_text()


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """A reply, with what tests ask of it."""

    reply: Reply

    @property
    def status(self) -> int:
        """The status code."""
        return self.reply.status

    @property
    def text(self) -> str:
        """The body as text."""
        return self.reply.body.decode()

    @property
    def json(self) -> Any:
        """The body, read as JSON."""
        return json.loads(self.reply.body)

    def header(self, name: str) -> str | None:
        """Return a header's value, None where it is not there."""
        found = [value for key, value in self.reply.headers if key.lower() == name.lower()]
        assert len(found) < 2, f"{name} is there more than once"
        return found[0] if found else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Api:
    """An API over one session."""

    connection: psycopg.Connection
    snapshot: Snapshot
    settings: ApiSettings

    def send(
        self, method, path, body="", *, query="", prefer="", accept="", kind="application/json"
    ) -> Answered:
        """Answer one request; an error of the server is raised."""
        headers = {"content-type": kind} if body or kind != "application/json" else {}
        headers |= {"prefer": prefer} if prefer else {}
        headers |= {"accept": accept} if accept else {}
        content = body if isinstance(body, bytes | str) else json.dumps(body)
        message = Message(
            method=method,
            path=path,
            query=query,
            headers=tuple(headers.items()),
            body=content if isinstance(content, bytes) else content.encode(),
        )
        try:
            return Answered(reply=self._answer(message))
        except Refusal as refusal:
            return Answered(reply=refusal.reply())

    def _answer(self, message: Message) -> Reply:
        asked = requests.parse(message, self.settings)
        planned = plan.resolve(asked.shape, self.snapshot, self.settings)
        work = render.work(planned)
        with self.connection.transaction():
            self._frame(work, asked.shape.schema)
            outcome = self._run(work, asked)
            if work.can_refuse:
                return reply.shape(outcome, planned, asked)
        return reply.shape(outcome, planned, asked)

    def _frame(self, work, schema) -> None:
        level = work.isolation or "READ COMMITTED"
        mode = "READ ONLY" if work.is_read_only else "READ WRITE"
        self.connection.execute(f"SET TRANSACTION ISOLATION LEVEL {level} {mode}")
        path = ", ".join(f'"{one}"' for one in (schema, *self.settings.extra_search_path))
        for name, value in (("search_path", path), *work.settings):
            self.connection.execute("SELECT set_config(%s, %s, true)", [name, value])

    def _run(self, work, asked) -> Outcome:
        if work.main is None:
            return Outcome(row=None)
        values = [asked.values[slot] for slot in work.main.slots]
        with psycopg.RawCursor(self.connection) as cursor:
            rows = cursor.execute(work.main.text, values).fetchall()
        if work.is_explained:
            text = "\n".join(str(line) for (line,) in rows)
            return Outcome(row=(None, 0, text, None, None, None, None))
        return Outcome(row=rows[0])

    def rows(self, query) -> list[tuple[Any, ...]]:
        """Return the rows of a query of the test's own."""
        return self.connection.execute(query).fetchall()

    def value(self, query) -> Any:
        """Return the only value of a query of the test's own."""
        ((value,),) = self.rows(query)
        return value

    def again(self) -> "Api":
        """Return the same with a snapshot of what the database holds now."""
        return replace(self, snapshot=_snapshot(self.connection, self.settings))

    def set(self, **settings) -> "Api":
        """Return the same with other settings."""
        return replace(self, settings=replace(self.settings, **settings))


@pytest.fixture
def api(request) -> Iterator[Api]:
    """An API over a fresh database with the schema of `schema.sql`; "source" is the older one."""
    database = request.getfixturevalue(f"{getattr(request, 'param', 'target')}_database")
    with psycopg.connect(database.dsn, autocommit=True) as connection:
        connection.execute(_SCHEMA)
        settings = ApiSettings(schemas=("api",))
        snapshot = _snapshot(connection, settings)
        yield Api(connection=connection, snapshot=snapshot, settings=settings)


def _snapshot(connection, settings) -> Snapshot:
    return read_snapshot(connection, settings.schemas, settings.extra_search_path)
