"""Whether two answers to one read say the same: rows, counts, errors.

Pure. What is left out of account is listed in docs/explanation/shadow-reads.md, and nothing else
is: an over-generous comparison hides what it was made to find.

Source: shared reference "PostgREST: the language that we speak", sections 7 and 9.
"""

import csv
import io
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from changeover.catalog.snapshot import Snapshot
from changeover.engine.message import Message, Reply
from changeover.engine.plan_value import Body
from changeover.engine.refusal import Refusal
from changeover.engine.settings import ApiSettings
from changeover.model.routing_observation import Comparison
from changeover.model.side import Side
from changeover.routing import exact_json, row_list
from changeover.routing.exact_json import Record
from changeover.routing.mismatch import Findings, MismatchClass, Verdict
from changeover.routing.outline import Outline, outline, table_of
from changeover.routing.row_list import Caps

SOURCE_ROWS_MAX: Final = 1000
"""Supabase's own cap on rows."""

_ERROR: Final = 400
_SERVER_ERROR: Final = 500
_BUSY: Final = 429
_CODE: Final = re.compile(r"[A-Z0-9]{1,12}")
_RANGE: Final = re.compile(r"(?:(\d+)-(\d+)|\*)/(\d+|\*)")
_PROXY: Final = re.compile(r"error=([A-Z0-9]+)")
_PASSING: Final = re.compile(
    # Connections, resources, operators, rollbacks that a repeat may not meet, an expired token.
    r"08...|53...|57...|58...|40...|55P03|PGRST00[0-3]|PGRST303"
)
_WHOLE: Final = "the body can't be compared row by row"
_NO_ROWS: Final = "it has no rows"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a comparison is held against.

    Attributes:
        snapshot: What the target holds.
        api: What the API allows.
        primary: The side whose answer counts.
        source_rows_max: The source's cap on rows; None for none.
        hash_key: The move's own key for hashes of rows' keys; empty leaves them out.
        keeps_values: Whether cells are kept in differences.
    """

    snapshot: Snapshot
    api: ApiSettings
    primary: Side = Side.SOURCE
    source_rows_max: int | None = SOURCE_ROWS_MAX
    hash_key: bytes = b""
    keeps_values: bool = False

    @property
    def caps(self) -> Caps:
        """Each side's own cap on rows."""
        source, target = self.source_rows_max, self.api.rows_max
        if self.primary is Side.SOURCE:
            return Caps(primary=source, secondary=target)
        return Caps(primary=target, secondary=source)


def is_same(one: Reply, other: Reply) -> bool:
    """Return whether two answers are equal byte by byte, which needs no further look.

    Args:
        one: An answer.
        other: Another one to the same request.
    """
    return (
        one.status == other.status
        and one.body == other.body
        and _header(one, "content-range") == _header(other, "content-range")
        and _type(one) == _type(other)
        and (one.status < _ERROR or _are_one(_code(one), _code(other)))
    )


def compare(message: Message, primary: Reply, secondary: Reply, reading: Reading) -> Verdict:
    """Compare two answers to one read.

    Args:
        message: The read.
        primary: The answer that counts.
        secondary: The other side's.
        reading: What they are held against.

    Returns:
        EQUAL; MISMATCH with its differences; SKIPPED where it can't be told; UNSETTLED where a
        side was away or busy, which says nothing of its rows.
    """
    if is_passing(primary) or is_passing(secondary):
        return Verdict(table=table_of(message), comparison=Comparison.UNSETTLED)
    try:
        found = outline(message, reading.snapshot, reading.api)
    except Refusal:
        found = None
        if is_same(primary, secondary):
            return Verdict(table=table_of(message), comparison=Comparison.EQUAL)
    else:
        if found is None:
            table = table_of(message)
            return Verdict(table=table, comparison=Comparison.SKIPPED, doubts=(_NO_ROWS,))
    table = table_of(message) if found is None else found.root.table
    if is_same(primary, secondary):
        return Verdict(table=table, comparison=Comparison.EQUAL)
    findings = Findings(hash_key=reading.hash_key, keeps_values=reading.keeps_values)
    _Replies(message, primary, secondary, findings).compare(table, found, reading.caps)
    return _verdict(table, findings)


def is_passing(reply: Reply) -> bool:
    """Return whether an answer tells of a state that passes: no connection, no time, no room."""
    if reply.status == _BUSY:
        return True
    if reply.status < _ERROR:
        return False
    code = _code(reply)
    if not code:
        return reply.status >= _SERVER_ERROR
    return _PASSING.fullmatch(code) is not None


def _verdict(table: str, findings: Findings) -> Verdict:
    if findings.differences:
        differences = tuple(findings.differences)
        return Verdict(table=table, comparison=Comparison.MISMATCH, differences=differences)
    if findings.doubts:
        doubts = tuple(sorted(findings.doubts))
        return Verdict(table=table, comparison=Comparison.SKIPPED, doubts=doubts)
    return Verdict(table=table, comparison=Comparison.EQUAL)


class _Replies:
    """Two answers, while they are compared."""

    def __init__(
        self, message: Message, primary: Reply, secondary: Reply, findings: Findings
    ) -> None:
        self._message = message
        self._primary = primary
        self._secondary = secondary
        self._findings = findings

    def compare(self, table: str, found: Outline | None, caps: Caps) -> None:
        """Compare status, type, body and counts, the first difference of these kinds first."""
        first, second = self._primary, self._secondary
        if first.status >= _ERROR or second.status >= _ERROR:
            if first.status != second.status or not _are_one(_code(first), _code(second)):
                self._findings.add(table, MismatchClass.ERROR, _answered(first, second))
            return
        if _type(first) != _type(second):
            self._findings.add(table, MismatchClass.VALUE, ("Content-Type",))
            return
        if found is None:
            self._findings.doubts.add(_WHOLE)
            return
        if self._message.method != "HEAD":
            self._compare_bodies(found, caps)
        self._compare_counts(found, caps)
        if first.status != second.status and not found.has_guessed_count:
            self._note_status(table)

    def _note_status(self, table: str) -> None:
        if not self._findings.differences:
            statuses = (str(self._primary.status), str(self._secondary.status))
            self._findings.add(table, MismatchClass.ERROR, statuses)

    def _compare_bodies(self, found: Outline, caps: Caps) -> None:
        first, second = self._primary.body, self._secondary.body
        if first == second:
            return
        if found.body in (Body.ARRAY, Body.OBJECT, None):
            self._compare_json(found, caps)
        elif found.body is Body.CSV:
            self._compare_csv(found, caps)
        elif found.body is Body.PLAN or found.is_set:
            # A body of another type is one whole; its rows, in whatever order, can't be told apart.
            self._findings.doubts.add(_WHOLE)
        else:
            self._findings.add(found.root.table, MismatchClass.VALUE)

    def _compare_json(self, found: Outline, caps: Caps) -> None:
        try:
            first = exact_json.read(self._primary.body)
            second = exact_json.read(self._secondary.body)
        except ValueError:
            self._findings.add(found.root.table, MismatchClass.VALUE)
            return
        if found.body is None:
            self._compare_values(found, first, second)
            return
        one, other = _rows(first), _rows(second)
        if found.body is Body.OBJECT:
            # Whoever answers one object has refused any other number of rows.
            caps = Caps()
        row_list.compare(one, other, found.root, caps, self._findings)

    def _compare_values(self, found: Outline, first: Any, second: Any) -> None:
        """Compare what a function returned, as it is: arrays in it are ordered."""
        texts = (exact_json.text(first), exact_json.text(second))
        if texts[0] != texts[1]:
            columns = _differing(first, second)
            self._findings.add(found.root.table, MismatchClass.VALUE, columns, (), texts)

    def _compare_csv(self, found: Outline, caps: Caps) -> None:
        """Compare CSV row by row; embeds are cells of it, compared as they are written."""
        first, second = _csv(self._primary.body), _csv(self._secondary.body)
        root = replace(found.root, children={})
        before = len(self._findings.differences) + len(self._findings.doubts)
        row_list.compare(first, second, root, caps, self._findings)
        is_told = len(self._findings.differences) + len(self._findings.doubts) > before
        lines = [sorted(body.split(b"\n")) for body in (self._primary.body, self._secondary.body)]
        if not is_told and lines[0] != lines[1]:
            # An empty text and a null differ in their quotes only.
            self._findings.add(root.table, MismatchClass.VALUE)

    def _compare_counts(self, found: Outline, caps: Caps) -> None:
        """Compare the totals, and of an answer without a body the rows that it would have."""
        first, second = _counts(self._primary), _counts(self._secondary)
        if first is None or second is None:
            return
        kinds = {one.kind for one in self._findings.differences}
        if self._message.method == "HEAD" and first[0] != second[0]:
            self._note_count(found, first[0], second[0], caps)
        elif found.has_exact_count and first[1] != second[1]:
            kind = _less_or_more(first[1] or 0, second[1] or 0)
            if kind not in kinds:
                self._findings.add(found.root.table, kind)

    def _note_count(self, found: Outline, first: int, second: int, caps: Caps) -> None:
        kind = _less_or_more(first, second)
        at_cap = first == caps.primary if first < second else second == caps.secondary
        if at_cap and caps.primary != caps.secondary:
            kind = MismatchClass.CAP
        self._findings.add(found.root.table, kind)


def _less_or_more(primary: int, secondary: int) -> MismatchClass:
    return MismatchClass.MISSING if secondary < primary else MismatchClass.EXTRA


def _rows(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list) else [value]


def _differing(first: Any, second: Any) -> tuple[str, ...]:
    """Return the members in which two objects differ; none for anything else."""
    if not isinstance(first, Record) or not isinstance(second, Record):
        return ()
    mine, its = first.as_row(), second.as_row()
    return tuple(
        name
        for name in sorted(mine.keys() | its.keys())
        if name not in mine
        or name not in its
        or exact_json.text(mine[name]) != exact_json.text(its[name])
    )


def _csv(body: bytes) -> list[Record]:
    lines = csv.reader(io.StringIO(body.decode("utf-8", "surrogateescape"), newline=""))
    names = next(lines, [])
    return [Record(list(zip(names, line, strict=False))) for line in lines]


def _header(reply: Reply, name: str) -> str:
    return next((value for found, value in reply.headers if found.lower() == name), "")


def _type(reply: Reply) -> str:
    """Return the media type of a body, without parameters; empty where there is no body."""
    if not reply.body:
        return ""
    return _header(reply, "content-type").partition(";")[0].strip().lower()


def _code(reply: Reply) -> str:
    """Return the code of an error; empty if there is none that could be one."""
    found = ""
    if reply.body:
        try:
            members = json.loads(reply.body)
        except ValueError:
            members = None
        if isinstance(members, dict):
            found = str(members.get("code") or "")
    if not found:
        proxied = _PROXY.search(_header(reply, "proxy-status"))
        found = proxied[1] if proxied else ""
    return found if _CODE.fullmatch(found) else ""


def _are_one(code: str, other: str) -> bool:
    """Return whether two codes are one; an answer without a body may hold none."""
    return code == other or not code or not other


def _answered(primary: Reply, secondary: Reply) -> tuple[str, str]:
    """Return what each side answered: its status, and its code if it has one."""
    first, second = (
        f"{reply.status} {_code(reply)}".rstrip() if reply.status >= _ERROR else str(reply.status)
        for reply in (primary, secondary)
    )
    return first, second


def _counts(reply: Reply) -> tuple[int, int | None] | None:
    """Return how many rows an answer shows and how many there are; None if it does not say."""
    found = _RANGE.fullmatch(_header(reply, "content-range"))
    if found is None:
        return None
    shown = 0 if found[1] is None else int(found[2]) - int(found[1]) + 1
    return shown, None if found[3] == "*" else int(found[3])
