"""One request on its way through a database: what it runs, and what becomes of the results.

Written once, as generators over a session; the stores wait for them in their own colour. A request
is one transaction and one round trip: BEGIN, the frame, the main statement and COMMIT go together,
and the server skips what stands behind a failure. Where the answer may still be a refusal, or the
transaction is to be rolled back, the end waits for the results. Nothing is ever run twice.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from psycopg.abc import PQGen
from psycopg.adapt import Transformer
from psycopg.pq import ExecStatus, Format
from psycopg.pq.abc import PGresult

from changeover.engine import reply
from changeover.engine.message import Message, Reply
from changeover.engine.plan import Plan
from changeover.engine.refusal import Refusal
from changeover.engine.settings import TransactionEnd
from changeover.engine.syntax import Action, Outcome, Request, Statement, Work
from changeover.stores import frame
from changeover.stores.fault import ServerFault
from changeover.stores.frame import Frames
from changeover.stores.key import Identity
from changeover.stores.session import BINARY, Command, Session

_FATAL: Final = ExecStatus.FATAL_ERROR
_BYTEA: Final = 17
_TEXT_ARRAY: Final = 1009

_UNDONE: Final = frozenset({"PGRST103", "PGRST115", "PGRST116", "PGRST124"})
"""Refusals of `reply.shape` that undo the transaction. What SQL has set wrongly (111, 112) is found
after the COMMIT."""

_KEEP: Final = (frame.COMMIT,)
_UNDO: Final = (frame.CHECK_CONSTRAINTS, frame.ROLLBACK)
_OVERRIDABLE: Final = (
    TransactionEnd.COMMIT_ALLOW_OVERRIDE,
    TransactionEnd.ROLLBACK_ALLOW_OVERRIDE,
)
_ROLLED_BACK: Final = (TransactionEnd.ROLLBACK, TransactionEnd.ROLLBACK_ALLOW_OVERRIDE)


@dataclass(frozen=True, slots=True)
class Script:
    """A plan and its statements, kept for all requests of one shape.

    Attributes:
        main: The text of the main statement.
        explain: The text of the statement that counts by a plan.
    """

    plan: Plan
    work: Work
    main: bytes
    explain: bytes

    @classmethod
    def of(cls, plan: Plan, work: Work) -> "Script":
        """Return the script of a plan."""
        return cls(plan, work, _text(work.main), _text(work.explain))


def _text(statement: Statement | None) -> bytes:
    return b"" if statement is None else statement.text.encode(errors="surrogateescape")


@dataclass(frozen=True, slots=True)
class Errand:
    """One request, ready to be run.

    Attributes:
        generation: The generation of the snapshot that the script was made from.
        end: How transactions end (`db-tx-end`).
    """

    message: Message
    identity: Identity
    request: Request
    script: Script
    frames: Frames
    generation: int
    end: TransactionEnd

    @property
    def is_without_transaction(self) -> bool:
        """Whether the answer needs no database."""
        is_told = self.request.shape.action in (Action.INSPECT, Action.ROOT)
        return is_told and self.script.work.main is None

    @property
    def is_rolled_back(self) -> bool:
        """Whether the transaction ends with ROLLBACK although nothing went wrong."""
        wish = self.request.preferences.transaction
        if wish is not None and self.end in _OVERRIDABLE:
            return wish == "rollback"
        return self.end in _ROLLED_BACK

    def answer(self) -> Reply:
        """Return the answer of a request that needs no database."""
        return reply.shape(Outcome(row=None), self.script.plan, self.request)

    def run(self, session: Session[Any]) -> PQGen[Reply]:
        """Run the request in a transaction of its own.

        Args:
            session: An idle session. It is idle afterwards, or closed.

        Raises:
            Refusal: What the request is refused with.
            psycopg.OperationalError: The connection broke; what became of the request is unknown.
        """
        is_held = self.script.work.can_refuse
        start = self.frames.begin(self.identity, self.script.work)
        end = _UNDO if self.is_rolled_back else _KEEP
        try:
            outcome = yield from self._run(session, (start,), () if is_held else end)
            if not is_held:
                return reply.shape(outcome, self.script.plan, self.request)
            return (yield from self._decide(session, outcome, end))
        finally:
            if session.is_in_transaction:
                yield from session.exchange([frame.ROLLBACK], self.generation)

    def _decide(
        self, session: Session[Any], outcome: Outcome, end: tuple[Command, ...]
    ) -> PQGen[Reply]:
        """Return the answer, and end the transaction unless it is refused."""
        try:
            answer: Reply | Refusal = reply.shape(outcome, self.script.plan, self.request)
        except Refusal as refusal:
            if refusal.code in _UNDONE:
                raise
            answer = refusal
        results = yield from session.exchange(end, self.generation)
        self._require(results)
        if isinstance(answer, Refusal):
            raise answer
        return answer

    def run_nested(self, session: Session[Any]) -> PQGen[Reply]:
        """Run the request inside a transaction that goes on afterwards.

        A read is undone: its settings and its READ ONLY must not reach the next request.

        Args:
            session: A session in a transaction that has not failed. It is in one afterwards too,
                or closed.

        Raises:
            Refusal: What the request is refused with; the transaction is as it was before.
            psycopg.OperationalError: The connection broke.
        """
        is_kept = False
        try:
            check = (frame.CHECK_CONSTRAINTS,) if self.is_rolled_back else ()
            outcome = yield from self._run(session, (frame.SAVEPOINT,), check, is_nested=True)
            answer = reply.shape(outcome, self.script.plan, self.request)
            is_kept = not self.script.work.is_read_only and not self.is_rolled_back
            return answer
        finally:
            if session.is_in_transaction:
                end = (frame.RELEASE,) if is_kept else (frame.ROLLBACK_TO, frame.RELEASE)
                yield from session.exchange(end, self.generation)

    def _run(
        self,
        session: Session[Any],
        start: tuple[Command, ...],
        end: tuple[Command, ...],
        *,
        is_nested: bool = False,
    ) -> PQGen[Outcome]:
        """Send everything at once; refuse what the server has refused."""
        settings, pinned = self.frames.settings(
            self.message,
            self.identity,
            self.script.work,
            schema=self.request.shape.schema,
            timezone=self.request.preferences.timezone,
            is_nested=is_nested,
        )
        before = (*start, settings)
        if self.frames.pre_request is not None:
            before = (*before, self.frames.pre_request)
        own = self._own()
        results = yield from session.exchange((*before, *own, *end), self.generation)
        self._require(results)
        set_row = results[len(start)]
        for at, wanted in pinned:
            if set_row.get_value(0, at) != wanted:
                raise Refusal("PGRSTX00", "A setting did not read back as it was set")
        return _outcome(results[len(before) : len(before) + len(own)])

    def _own(self) -> tuple[Command, ...]:
        work, script = self.script.work, self.script
        if work.main is None:
            return ()
        main = self._command(work.main, script.main)
        if work.explain is None:
            return (main,)
        return (main, self._command(work.explain, script.explain))

    def _command(self, statement: Statement, text: bytes) -> Command:
        values = self.request.values
        chosen = [values[slot] for slot in statement.slots]
        formats = None
        if any(isinstance(value, bytes) for value in chosen):
            formats = [BINARY if isinstance(value, bytes) else 0 for value in chosen]
        return Command(text, [_encoded(value) for value in chosen], formats, self.identity.role)

    def _require(self, results: Sequence[PGresult]) -> None:
        """Refuse what the server has refused."""
        for result in results:
            if result.status == _FATAL:
                fault = ServerFault.of_result(result)
                raise fault.refusal(is_anonymous=self.identity.is_anonymous)


def _encoded(value: str | bytes) -> bytes:
    return value if isinstance(value, bytes) else frame.encoded(value)


def _outcome(results: Sequence[PGresult]) -> Outcome:
    if not results:
        return Outcome(row=None)
    planned = None
    if len(results) > 1:
        text = results[1].get_value(0, 0) or b"[]"
        planned = int(json.loads(text)[0]["Plan"]["Plan Rows"])
    return Outcome(row=_row(results[0]), planned=planned)


def _row(result: PGresult) -> tuple[object, ...] | None:
    if result.nfields == 1:
        lines = (result.get_value(at, 0) or b"" for at in range(result.ntuples))
        return (None, 0, b"\n".join(lines), None, None, None, None)
    if not result.ntuples:
        return None
    get = result.get_value
    body = get(0, 2)
    if body is not None and result.ftype(2) == _BYTEA:
        body = bytes.fromhex(body[2:].decode())
    return (
        _number(get(0, 0)),
        _number(get(0, 1)),
        body,
        _string(get(0, 3)),
        _string(get(0, 4)),
        _strings(get(0, 5)),
        _number(get(0, 6)),
    )


def _number(data: bytes | None) -> int | None:
    return None if data is None else int(data)


def _string(data: bytes | None) -> str | None:
    return None if data is None else data.decode()


def _strings(data: bytes | None) -> list[str] | None:
    if data is None:
        return None
    loaded: list[str] = Transformer().get_loader(_TEXT_ARRAY, Format.TEXT).load(data)
    return loaded
