"""Where the role stands among the claims of a token: `jwt-role-claim-key`.

Two notations are read: JSONPath (RFC 9535) with `search()` as its only function, and PostgREST's
own older one, `.a.b[0]`, with its string slices and `[?(@ == "x")]` filters. Both become the same
steps, so that the walk is one.

Source: https://www.rfc-editor.org/rfc/rfc9535
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from changeover.model.errors import ConfigurationError

Nodes: TypeAlias = Iterator[Any]
Step: TypeAlias = Callable[[Any], Nodes]
Test: TypeAlias = Callable[[Any], bool]

_LEGACY: Final = re.compile(
    r"""\.(?P<key>[\w$@]+) | \."(?P<quoted>[^"]*)" | \[(?P<index>\d+)\]
    | \[(?P<start>(?:-?\d+)?):(?P<stop>(?:-?\d+)?)\]
    | \[\?\(@\s*(?P<operator>==\^|==|!=|\^==|\*==)\s*"(?P<text>[^"]*)"\)\]""",
    re.VERBOSE,
)
_TOKEN: Final = re.compile(
    r"""\s*(?: (?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*') | (?P<number>-?\d+(?:\.\d+)?)
    | (?P<name>[^\W\d]\w*) | (?P<sign>\.\.|==|!=|<=|>=|&&|\|\||[][.,:?*()!<>@$]) )""",
    re.VERBOSE,
)
_LEGACY_TESTS: Final[dict[str, Callable[[str, str], bool]]] = {
    "==": lambda value, text: value == text,
    "!=": lambda value, text: value != text,
    "^==": lambda value, text: value.startswith(text),
    "==^": lambda value, text: value.endswith(text),
    "*==": lambda value, text: text in value,
}
_NOTHING: Final = object()


@dataclass(frozen=True, slots=True)
class ClaimPath:
    """A path into claims."""

    steps: tuple[Step, ...]

    @classmethod
    def parse(cls, text: str) -> "ClaimPath":
        """Read a path.

        Args:
            text: `$.role`, `$['a'][0]`, `$.roles[?search(@, '^app_')]`, or the older `.a.b[0]`.

        Raises:
            ConfigurationError: If it is neither notation.
        """
        steps = _legacy(text) if text.startswith((".", "[")) else _Reader(text).path()
        return cls(tuple(steps))

    def first(self, claims: Any) -> tuple[bool, Any]:
        """Return whether the path leads anywhere, and the first value that it leads to."""
        for value in _walk(claims, self.steps):
            return True, value
        return False, None


def _walk(value: Any, steps: tuple[Step, ...]) -> Nodes:
    if not steps:
        yield value
        return
    for node in steps[0](value):
        yield from _walk(node, steps[1:])


def _complaint(text: str) -> ConfigurationError:
    return ConfigurationError(
        f"the role claim key can't be read: {text}",
        hint="write a JSONPath such as $.role or $['app_metadata']['role']",
    )


def _key(name: str) -> Step:
    def step(value: Any) -> Nodes:
        if isinstance(value, dict) and name in value:
            yield value[name]

    return step


def _index(place: int) -> Step:
    def step(value: Any) -> Nodes:
        if isinstance(value, list) and -len(value) <= place < len(value):
            yield value[place]

    return step


def _slice(part: slice) -> Step:
    def step(value: Any) -> Nodes:
        if isinstance(value, list):
            yield from value[part]

    return step


def _text_slice(part: slice) -> Step:
    def step(value: Any) -> Nodes:
        if isinstance(value, str):
            yield value[part]

    return step


def _children(value: Any) -> Nodes:
    if isinstance(value, dict):
        yield from value.values()
    elif isinstance(value, list):
        yield from value


def _descendants(value: Any) -> Nodes:
    yield value
    for child in _children(value):
        yield from _descendants(child)


def _any_of(selectors: list[Step]) -> Step:
    def step(value: Any) -> Nodes:
        for selector in selectors:
            yield from selector(value)

    return step


def _filter(test: Test) -> Step:
    return lambda value: (child for child in _children(value) if test(child))


def _legacy(text: str) -> Iterator[Step]:
    place = 0
    while place < len(text):
        found = _LEGACY.match(text, place)
        if found is None:
            raise _complaint(text)
        yield _legacy_step(found)
        place = found.end()


def _legacy_step(found: re.Match[str]) -> Step:
    part = found.groupdict()
    if part["index"] is not None:
        return _index(int(part["index"]))
    if part["start"] is not None:
        bounds = (int(bound) if bound else None for bound in (part["start"], part["stop"]))
        return _text_slice(slice(*bounds))
    if part["operator"] is not None:
        return _legacy_filter(_LEGACY_TESTS[part["operator"]], part["text"])
    return _key(part["key"] if part["key"] is not None else part["quoted"])


def _legacy_filter(test: Callable[[str, str], bool], text: str) -> Step:
    def step(value: Any) -> Nodes:
        if isinstance(value, list):
            found = (one for one in value if isinstance(one, str) and test(one, text))
            yield from (one for _, one in zip(range(1), found, strict=False))

    return step


class _Reader:
    """Reads JSONPath by recursive descent."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = list(self._scan())
        self._place = 0

    def _scan(self) -> Iterator[tuple[str, str]]:
        place = 0
        while place < len(self._text):
            found = _TOKEN.match(self._text, place)
            if found is None:
                raise _complaint(self._text)
            assert found.lastgroup is not None, "every alternative has a name"
            yield found.lastgroup, found[found.lastgroup]
            place = found.end()

    def _peek(self) -> tuple[str, str]:
        return self._tokens[self._place] if self._place < len(self._tokens) else ("", "")

    def _take(self, sign: str) -> bool:
        if self._peek() != ("sign", sign):
            return False
        self._place += 1
        return True

    def _expect(self, sign: str) -> None:
        if not self._take(sign):
            raise _complaint(self._text)

    def _next(self, kind: str) -> str | None:
        found, text = self._peek()
        if found != kind:
            return None
        self._place += 1
        return text

    def path(self) -> list[Step]:
        self._expect("$")
        steps = self._segments()
        if self._place < len(self._tokens):
            raise _complaint(self._text)
        return steps

    def _segments(self) -> list[Step]:
        steps: list[Step] = []
        while True:
            if self._take(".."):
                steps += [_descendants, self._bracket() or self._dotted()]
            elif self._take("."):
                steps.append(self._dotted())
            elif bracket := self._bracket():
                steps.append(bracket)
            else:
                return steps

    def _dotted(self) -> Step:
        if self._take("*"):
            return _children
        name = self._next("name")
        if name is None:
            raise _complaint(self._text)
        return _key(name)

    def _bracket(self) -> Step | None:
        if not self._take("["):
            return None
        selectors = [self._selector()]
        while self._take(","):
            selectors.append(self._selector())
        self._expect("]")
        return _any_of(selectors)

    def _selector(self) -> Step:
        if self._take("*"):
            return _children
        if self._take("?"):
            return _filter(self._either())
        text = self._next("text")
        if text is not None:
            return _key(_unquoted(text))
        start = self._bound()
        if not self._take(":"):
            if start is None:
                raise _complaint(self._text)
            return _index(start)
        stop = self._bound()
        pace = self._bound() if self._take(":") else None
        return _slice(slice(start, stop, pace)) if pace != 0 else lambda _value: iter(())

    def _bound(self) -> int | None:
        number = self._next("number")
        if number is None:
            return None
        if "." in number:
            raise _complaint(self._text)
        return int(number)

    def _either(self) -> Test:
        tests = [self._both()]
        while self._take("||"):
            tests.append(self._both())
        return lambda value: any(test(value) for test in tests)

    def _both(self) -> Test:
        tests = [self._basic()]
        while self._take("&&"):
            tests.append(self._basic())
        return lambda value: all(test(value) for test in tests)

    def _basic(self) -> Test:
        if self._take("!"):
            test = self._basic()
            return lambda value: not test(value)
        if self._take("("):
            test = self._either()
            self._expect(")")
            return test
        if self._peek() == ("name", "search"):
            return self._search()
        return self._comparison()

    def _search(self) -> Test:
        self._place += 1
        self._expect("(")
        left, _ = self._operand()
        self._expect(",")
        right, _ = self._operand()
        self._expect(")")

        def test(value: Any) -> bool:
            text, pattern = left(value), right(value)
            if not (isinstance(text, str) and isinstance(pattern, str)):
                return False
            try:
                return re.search(pattern, text) is not None
            except re.error:
                return False

        return test

    def _comparison(self) -> Test:
        left, is_path = self._operand()
        for sign, compare in _COMPARISONS.items():
            if self._take(sign):
                right, _ = self._operand()
                return lambda value: compare(left(value), right(value))
        if not is_path:
            raise _complaint(self._text)
        return lambda value: left(value) is not _NOTHING

    def _operand(self) -> tuple[Callable[[Any], Any], bool]:
        if self._take("@"):
            steps = tuple(self._segments())
            return lambda value: next(_walk(value, steps), _NOTHING), True
        constant = self._constant()
        return lambda _value: constant, False

    def _constant(self) -> Any:
        text = self._next("text")
        if text is not None:
            return _unquoted(text)
        number = self._next("number")
        if number is not None:
            return float(number) if "." in number else int(number)
        name = self._next("name")
        if name not in _WORDS:
            raise _complaint(self._text)
        return _WORDS[name]


_WORDS: Final[dict[str | None, Any]] = {"true": True, "false": False, "null": None}


def _unquoted(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text[1:-1])


def _equal(left: Any, right: Any) -> bool:
    if isinstance(left, bool) is not isinstance(right, bool):
        return False
    return bool(left == right)


def _less(left: Any, right: Any) -> bool:
    both_texts = isinstance(left, str) and isinstance(right, str)
    return (both_texts or (_is_number(left) and _is_number(right))) and bool(left < right)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


_COMPARISONS: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "==": _equal,
    "!=": lambda left, right: not _equal(left, right),
    "<=": lambda left, right: _less(left, right) or _equal(left, right),
    ">=": lambda left, right: _less(right, left) or _equal(left, right),
    "<": _less,
    ">": lambda left, right: _less(right, left),
}
