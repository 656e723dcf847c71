"""A library to read from, and requests run on it as a store runs them."""

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
class Reader:
    """An API over one session, for reads."""

    connection: psycopg.Connection
    snapshot: Snapshot
    settings: ApiSettings

    def get(self, path, query="", *, method="GET", **headers) -> Answered:
        """Answer one request; an error of the server is raised."""
        message = Message(
            method=method,
            path=path,
            query=query,
            headers=tuple((name.replace("_", "-"), value) for name, value in headers.items()),
        )
        try:
            return Answered(reply=self._answer(message))
        except Refusal as refusal:
            return Answered(reply=refusal.reply())

    def _answer(self, message: Message) -> Reply:
        asked = requests.parse(message, self.settings)
        planned = plan.resolve(asked.shape, self.snapshot, self.settings)
        work = render.work(planned)
        if work.main is None:
            return reply.shape(Outcome(row=None), planned, asked)
        with self.connection.transaction():
            self.connection.execute("SET TRANSACTION READ ONLY")
            self.connection.execute(
                "SELECT set_config('search_path', %s, true)", [f'"{asked.shape.schema}", "public"']
            )
            lines = self._rows(work.main, asked)
            if work.is_explained:
                text = "\n".join(
                    one if isinstance(one, str) else json.dumps(one) for (one,) in lines
                )
                row = (None, 0, text, None, None, None, None)
            else:
                (row,) = lines
            planned_rows = None
            if work.explain is not None:
                ((found,),) = self._rows(work.explain, asked)
                planned_rows = found[0]["Plan"]["Plan Rows"]
        return reply.shape(Outcome(row=row, planned=planned_rows), planned, asked)

    def _rows(self, statement, asked) -> list[tuple[Any, ...]]:
        values = [asked.values[slot] for slot in statement.slots]
        with psycopg.RawCursor(self.connection) as cursor:
            return cursor.execute(statement.text, values).fetchall()

    def value(self, query) -> Any:
        """Return the only value of a query of the test's own."""
        ((value,),) = self.connection.execute(query).fetchall()
        return value

    def set(self, **settings) -> "Reader":
        """Return the same with other settings."""
        return replace(self, settings=replace(self.settings, **settings))


@pytest.fixture(scope="session", params=["source", "target"])
def library(request) -> Iterator[Reader]:
    """A library, on both servers, that all tests here read from; none can write to it."""
    if request.param == "source":
        template = request.getfixturevalue("source_template")
    else:
        template = request.getfixturevalue("target_templates")[True, True]
    database = template.clone("engine_library")
    try:
        with psycopg.connect(database.dsn, autocommit=True) as connection:
            connection.execute(_SCHEMA)
            connection.execute("ANALYZE")
            settings = ApiSettings(schemas=("library", "gallery"))
            snapshot = read_snapshot(connection, settings.schemas, settings.extra_search_path)
            yield Reader(connection=connection, snapshot=snapshot, settings=settings)
    finally:
        database.drop()
