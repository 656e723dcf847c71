"""Requests by chance: some by the grammar, some of the suite's own that were torn."""

import random
import re
import string
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from suite.case import Sent
from suite.catalogue import RULES

# Functions that raise, or set what is answered, on a client's word.
OWN_WORD: Final = re.compile(r"fail|set_headers|set_status")

COLUMNS: Final = {
    "harbour": "id name depth opened tags facts status hours is_free",
    "ship": "id name harbour_id tonnage built label",
    "cargo": "id ship_id kind weight price",
    "captain": "id name ship_id",
    "sailor": "id name mentor_id",
    "route": "id name from_id to_id",
    "crew": "ship_id sailor_id since",
    "skill": "id name",
    "booking": "id guest ship_id cabin_number",
    "voyage": "id day ship_id",
    "ship_view": "id title home_id",
    "harbour_names": "id name",
    "item": "id name kind size made doubled shout",
    "part": "id item_id label",
    "pair": "a b v",
    "ticket": "id seat",
    "keyless": "x y",
    "coupon": "code amount note",
    "typed": "id big num dbl doc docb ints texts during pair uid",
    "odd%20table": '"order" "a.b" "with space" "co,mma" UPPER "q\\"uote" a-b übung',
}
EMBEDS: Final = {
    "harbour": "ship route!from_id route newest harbour vault_view",
    "ship": "harbour cargo captain sailor crew home heavy_cargo harbour_id voyage",
    "cargo": "ship",
    "captain": "ship licence",
    "sailor": "sailor mentor_id ship skill!learned skill pupils badge",
    "route": "from_id to_id harbour!to_id harbour",
    "crew": "ship sailor",
    "booking": "cabin",
    "voyage": "ship logbook",
    "ship_view": "harbour captain sailor home_id",
    "harbour_names": "ship ship_view",
    "item": "part",
    "part": "item item_id",
}
CALLS: Final = (
    "add?a=1&b=2",
    "greet?name=x",
    "answer?",
    "all_ships?",
    "get_ship?id=1",
    "total?n=1&n=2",
    "over?a=1",
    "recs?",
    "ship_titles?",
    "ships_since?year=1990",
    "out_pair?",
    "three?",
    "rename_items?",
    "typed_in?d=2024-01-02&n=1&j={}&ints={}",
    "clash?a=1",
    "document?",
)
METHODS: Final = ("GET",) * 9 + ("HEAD", "POST", "POST", "PATCH", "PUT", "DELETE", "OPTIONS")
ODD_METHODS: Final = ("TRACE", "get", "PROPFIND")
OPERATORS: Final = [
    "eq",
    "gt",
    "gte",
    "lt",
    "lte",
    "neq",
    "like",
    "ilike",
    "match",
    "imatch",
    "in",
    "is",
    "isdistinct",
    "fts",
    "plfts",
    "phfts",
    "wfts",
    "cs",
    "cd",
    "ov",
    "sl",
    "sr",
    "nxr",
    "nxl",
    "adj",
    "not.eq",
    "not.in",
    "not.is",
    "eq(any)",
    "gt(all)",
    "like(any)",
    "fts(english)",
    "zz",
    "not",
]
VALUES: Final = (
    *[
        "1",
        "2",
        "-1",
        "0",
        "x",
        "null",
        "true",
        "{1,2}",
        "(1,2)",
        "()",
        "[1,5)",
        "1.5",
        "2024-01-01",
        "99999999999999999999",
        "NaN",
    ],
    *[
        "{}",
        "[]",
        '{"a":1}',
        "Alta",
        "*a*",
        "%",
        "_",
        "'",
        "''",
        "\\",
        "\\'",
        '"',
        '"x"',
        "$1",
        "$$",
        ";",
        "--",
        "/*",
        "é",
        "😀",
        "not_null",
        "1e400",
    ],
    *(
        "",
        " ",
        "\0",
        "'); DROP TABLE api.ship; --",
        'x" OR "1"="1',
        "a,b",
        "a)b",
        "\r\n",
        "%",
        "%ZZ",
    ),
)
CASTS: Final = ("text", "int", "numeric", "json", "date", "double precision", "nosuch", "int array")
TYPES: Final = (
    "application/json",
    "text/csv",
    "application/x-www-form-urlencoded",
    "text/plain",
    "application/octet-stream",
    "*/*",
    "image/png",
    "application/vnd.pgrst.object+json",
    "application/vnd.pgrst.array+json;nulls=stripped",
    "application/vnd.pgrst.object",
    "application/vnd.pgrst.plan+json",
    ";",
    ",",
    "a/b;q=x",
    "text/csv;q=0.1, */*",
)
PREFERENCES: Final = (
    "return=representation",
    "return=representation",
    "return=minimal",
    "return=headers-only",
    "count=exact",
    "count=planned",
    "count=estimated",
    "resolution=merge-duplicates",
    "resolution=ignore-duplicates",
    "missing=default",
    "handling=strict",
    "handling=lenient",
    "tx=commit",
    "max-affected=1",
    "max-affected=-1",
    "max-affected=x",
    "timezone=UTC",
    "timezone=';",
    "zzz",
    "=",
    "return=",
)
BODIES: Final = (
    *("", "{", "{}", "[]", "[{}]", "[{},{}]", "3", "null", '"x"', '{"id":"x"}', '{"zzz":1}'),
    *('{"id":9,"name":"x"}', '[{"id":8},{"id":9}]', '[{"id":8},{"name":"x"}]', '{"name":null}'),
    *("id,name\n9,x", "id,name\n9", 'id\n"', "id=9&name=x", '{"a":1,"b":2}', '{"id":9,"id":8}'),
    *('{"a":{"b":[1,null]}}', '{"\\u0000":1}', '{"name":"\\u0000"}', '{"name":"\\ud800"}'),
    *("\ufeff{}", "[" * 400, "1e999", '{"id": 1e400}', "NaN", "[1e5, {}]", '[{"id":9},[]]', "\0"),
    '{"num": 123456789012345678901234567890.5, "id": 1}',
    '{"x": 1, "y": "\'); DROP TABLE api.ship; --"}',
)
SEEDS: Final = tuple(
    case.sent
    for rule in RULES
    for case in rule.cases
    if not OWN_WORD.search(case.sent.target) and case.profile in ("plain", "single")
)


class Chance:
    """Writes requests: some by the grammar, some as seeds that were torn."""

    def __init__(self, source: random.Random) -> None:
        """Draw from a seeded source."""
        self._source = source

    def request(self) -> Sent:
        """Return a request."""
        sent = self._grammatical() if self._is(0.5) else self._one(*SEEDS)
        for _ in range(self._one(0, 0, 1, 1, 2, 3)):
            sent = self._changed(sent)
        return sent

    def _is(self, share: float) -> bool:
        return self._source.random() < share

    def _one(self, *choices: Any) -> Any:
        return self._source.choice(choices)

    def _some(self, make: Callable[[], str], most: int = 3, least: int = 0) -> list[str]:
        return [make() for _ in range(self._source.randint(least, most))]

    def _column(self, table: str) -> str:
        found: str = self._one(*COLUMNS.get(table, "id").split(" "))
        return self._value() if self._is(0.02) else found

    def _value(self) -> str:
        found: str = self._one(*VALUES)
        return found

    def _field(self, table: str) -> str:
        steps = (
            self._one("->", "->>") + self._one("a", "0", "-1", "cranes", "owner", '"x.y"', "")
            for _ in range(self._one(0, 0, 0, 0, 1, 2))
        )
        return self._column(table) + "".join(steps)

    def _condition(self, table: str) -> str:
        if self._is(0.2):
            return f"{self._one('and', 'or', 'not.and', 'not.or')}{self._tree(table)}"
        return f"{self._field(table)}.{self._one(*OPERATORS)}.{self._value()}"

    def _tree(self, table: str) -> str:
        return f"({','.join(self._some(lambda: self._condition(table), least=1))})"

    def _embed(self, table: str, depth: int) -> str:
        target = self._one(*EMBEDS[table].split())
        child = target.partition("!")[0]
        inner = ",".join(self._some(lambda: self._item(child, depth + 1), 2))
        lead = self._one("", "", "", "...", "x:")
        return f"{lead}{target}{self._one('', '', '!inner', '!left')}({inner})"

    def _item(self, table: str, depth: int = 0) -> str:
        if depth < 3 and table in EMBEDS and self._is(0.35):
            return self._embed(table, depth)
        cast = self._one("", "", "", f"::{self._one(*CASTS)}")
        aggregate = self._one("", "", "", "", ".sum()", ".count()", ".max()::text", ".zzz()")
        return self._one("", "", "y:") + self._field(table) + cast + aggregate

    def _path(self, table: str) -> tuple[str, str]:
        """Return the path of an embed with its dot, and its table; mostly the root's."""
        if table in EMBEDS and self._is(0.2):
            child = self._one(*EMBEDS[table].split()).partition("!")[0]
            return f"{child}.", child
        return "", table

    def _parameter(self, table: str) -> str:
        path, inner = self._path(table)
        kind = self._source.randint(0, 9)
        if kind < 3:
            return f"{path}{self._field(inner)}={self._one(*OPERATORS)}.{self._value()}"
        if kind < 6:
            return f"select={','.join(self._some(lambda: self._item(table), 4, 1))}"
        if kind == 6:
            return f"{path}{self._one('and', 'or', 'not.and')}={self._tree(inner)}"
        if kind == 7:
            return (
                path + "order=" + self._term(inner) + self._one("", ".asc", ".desc.nullslast", ".x")
            )
        if kind == 8:
            return f"{path}{self._one('limit', 'offset')}={self._one('1', '2', '0', self._value())}"
        names = ",".join(self._some(lambda: self._column(table)))
        return f"{self._one('columns', 'on_conflict')}={names}"

    def _term(self, table: str) -> str:
        if table in EMBEDS and self._is(0.2):
            child = self._one(*EMBEDS[table].split()).partition("!")[0]
            return f"{child}({self._field(child)})"
        return self._field(table)

    def _headers(self) -> tuple[tuple[str, str], ...]:
        prefer = ",".join(self._some(lambda: self._one(*PREFERENCES)))
        made = (
            (0.4, "Prefer", prefer),
            (0.15, "Accept", ", ".join(self._some(lambda: self._one(*TYPES), 2, 1))),
            (0.1, "Content-Type", self._one(*TYPES)),
            (0.1, "Range", self._one("0-1", "1-", "-1", "5-2", "x", "0-99999999999999999999")),
            (0.02, "Accept-Profile", self._one("api", "other", "private", "", "'")),
            (0.02, "Content-Profile", self._one("api", "other", "zzz")),
        )
        return tuple((name, value) for share, name, value in made if self._is(share))

    def _grammatical(self) -> Sent:
        table = self._one(*COLUMNS)
        head = f"/{table}?"
        if self._is(0.2):
            table, head = "ship", f"/rpc/{self._one(*CALLS)}&"
        rest = "&".join(self._some(lambda: self._parameter(table), 4))
        return Sent(
            method=self._one(*ODD_METHODS) if self._is(0.01) else self._one(*METHODS),
            target=head + rest,
            headers=self._headers(),
            body=self._one(None, *BODIES),
        )

    def _changed(self, sent: Sent) -> Sent:
        kind = self._source.randint(0, 9)
        if kind == 0:
            return replace(sent, method=self._one(*METHODS))
        if kind < 3:
            return replace(sent, headers=sent.headers + self._headers())
        if kind == 3:
            return replace(sent, body=self._one(*BODIES))
        if kind < 7:
            mark = "&" if "?" in sent.target else "?"
            table = sent.target.partition("?")[0].rpartition("/")[2]
            return replace(sent, target=f"{sent.target}{mark}{self._parameter(table)}")
        return replace(sent, target=self._torn(sent.target))

    def _torn(self, text: str) -> str:
        """Return a text with a piece removed, doubled or put in; its path is mostly left alone."""
        query = text.find("?") + 1
        at = self._source.randint(1 if self._is(0.05) or not query else query, len(text))
        to = min(len(text), at + self._source.randint(1, 4))
        piece = self._one(
            "", text[at:to] * 2, self._value(), self._one(*string.punctuation), ".", ","
        )
        return text[:at] + piece + text[to:]
