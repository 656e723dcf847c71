"""PGRST100 in the words of Parsec: where, what was met, what was expected."""

import pytest

from changeover.engine.message import Message
from changeover.engine.refusal import Refusal
from changeover.engine.request import parse
from changeover.engine.settings import ApiSettings


def refused(query, path="/note"):
    """Return what a query string is refused with."""
    with pytest.raises(Refusal) as caught:
        parse(Message(method="GET", path=path, query=query), ApiSettings())
    return caught.value


@pytest.mark.parametrize(
    ("query", "place", "details"),
    [
        # An operator that is none, and one that begins like `not`.
        ("page=2", "filter (2)) 1", 'unexpected "2" expecting "not" or operator (eq, gt, ...)'),
        (
            "a=noop.0",
            "filter (noop.0)) 1",
            'unexpected "o" expecting "not" or operator (eq, gt, ...)',
        ),
        ("a=", "filter ()) 1", 'unexpected end of input expecting "not" or operator (eq, gt, ...)'),
        ("a=not.x", "filter (not.x)) 5", 'unexpected "x" expecting operator (eq, gt, ...)'),
        ("a=eqq.1", "filter (eqq.1)) 3", 'unexpected "q" expecting operator (eq, gt, ...)'),
        ("a=eq(x).1", "filter (eq(x).1)) 4", 'unexpected "x" expecting operator (eq, gt, ...)'),
        (
            "a=is.nix",
            "filter (is.nix)) 5",
            'unexpected "i" expecting isVal: (null, not_null, true, false, unknown)',
        ),
        ("a=in.1", "filter (in.1)) 4", 'unexpected "1" expecting "("'),
        ("a=in.(1", "filter (in.(1)) 6", 'unexpected end of input expecting "," or ")"'),
        # Selects.
        (
            "select=id!x",
            "select parameter (id!x)) 3",
            (
                'unexpected \'!\' expecting letter, digit, "-", "->>", "->", "::", ".", ")",'
                ' "," or end of input'
            ),
        ),
        (
            "select=a::",
            "select parameter (a::)) 4",
            "unexpected end of input expecting letter or digit",
        ),
        (
            "select=j->>-1x",
            "select parameter (j->>-1x)) 7",
            'unexpected \'x\' expecting digit, "->", "::", ".", "," or end of input',
        ),
        # Orders.
        (
            "order=id.up",
            "order (id.up)) 4",
            'unexpected "u" expecting "asc", "desc", "nullsfirst" or "nullslast"',
        ),
        (
            "order=id.descending",
            "order (id.descending)) 8",
            "unexpected 'e' expecting delimiter (.), \",\" or end of input",
        ),
        # Trees: the column counts the operator in front, the text shown does not have it.
        (
            "or=()",
            "logic tree (()) 4",
            (
                'unexpected ")" expecting field name (* or [a..z0..9_$]), negation operator (not)'
                " or logic operator (and, or)"
            ),
        ),
        ("not.and=x", "logic tree (x) 8", 'unexpected "x" expecting "("'),
        # Keys.
        (
            ":a=eq.1",
            "tree path (:a) 1",
            'unexpected ":" expecting field name (* or [a..z0..9_$])',
        ),
        (
            "columns=",
            "columns parameter () 1",
            "unexpected end of input expecting field name (* or [a..z0..9_$])",
        ),
        (
            "on_conflict=a,",
            "on_conflict parameter (a,) 3",
            "unexpected end of input expecting field name (* or [a..z0..9_$])",
        ),
    ],
)
def test_a_failure_is_told_as_parsec_tells_it(query, place, details):
    """The text, the column and the expectations are those that PostgREST shows."""
    what, _, column = place.rpartition(" ")
    found = refused(query)
    assert found.code == "PGRST100"
    assert found.status == 400
    assert found.message.endswith(f'" (line 1, column {column})')
    assert found.message.startswith(f'"failed to parse {what.removesuffix(")")}')
    assert found.details == details
    assert found.hint is None


def test_tabs_and_lines_count_as_parsec_counts_them():
    """A tab reaches to the next multiple of eight, a newline begins a line."""
    assert refused("select=%09a!").message.endswith("(line 1, column 10)")
    assert refused('select="%0A"!').message.endswith("(line 2, column 2)")


def test_what_was_met_is_shown_as_haskell_shows_it():
    """Characters beyond ASCII and marks are escaped, a quote by a backslash."""
    assert refused("a=%D1%8F.1").details.startswith('unexpected "\\1103"')
    assert refused('a=".1').details.startswith('unexpected "\\""')
    assert refused("select=a%07").details.startswith("unexpected '\\a'")
    assert refused("select=a'").details.startswith("unexpected '\\''")


def test_the_first_kind_of_parameter_that_fails_is_told():
    """Orders come before trees, columns, selects, filters and on_conflict."""
    parts = ["order=:", "or=:", "columns=:", "select=a!", "a=x", "on_conflict=:"]
    said = []
    while parts:
        said.append(refused("&".join(reversed(parts))).message.split(" (")[0])
        parts.pop(0)
    assert said == [
        '"failed to parse order',
        '"failed to parse logic tree',
        '"failed to parse columns parameter',
        '"failed to parse select parameter',
        '"failed to parse filter',
        '"failed to parse on_conflict parameter',
    ]


@pytest.mark.parametrize("query", ["select=" + "a(" * 40 + ")" * 40, "or=" + "(or" * 40])
def test_depth_has_a_limit(query):
    """What is nested deeper than we follow is refused, not a fault."""
    assert refused(query).details == "nested too deeply"


def test_what_is_nested_up_to_the_limit_is_read():
    """Thirty-two levels are read in full."""
    query = "select=" + "a(" * 32 + "id" + ")" * 32 + "&or=" + "(or" * 31 + "(a.eq.1)" + ")" * 31
    request = parse(Message(method="GET", path="/note", query=query), ApiSettings())
    assert request.values == ("1",)
    level, depth = request.shape.select, 0
    while hasattr(level[0], "select"):
        level, depth = level[0].select, depth + 1
    assert depth == 32


def test_bad_utf8_is_refused():
    """A query string that is no UTF-8 is refused before anything is read."""
    assert refused("a=eq.%FF").code == "PGRST100"
    assert refused("a=eq.\udc80").code == "PGRST100"
