"""Which media type an answer has."""

import pytest

from changeover.catalog.snapshot import MediaHandler, Snapshot
from changeover.engine import negotiation
from changeover.engine.plan_value import Body
from changeover.engine.refusal import Refusal
from changeover.engine.settings import ApiSettings
from changeover.engine.syntax import Action, Media, Shape
from changeover.model.name import TableName

BOOK = TableName("library", "book")
ANY = Media("any", "*/*")
JSON = Media("json", "application/json")
CSV = Media("csv", "text/csv")
HTML = Media("other", "text/html")
OBJECT = Media("object", "application/vnd.pgrst.object+json")
OBJECT_STRIPPED = Media(
    "object", "application/vnd.pgrst.object+json;nulls=stripped", are_nulls_stripped=True
)
ARRAY = Media("array", "application/vnd.pgrst.array+json;nulls=stripped", are_nulls_stripped=True)


def choose(*accept, handlers=(), is_whole=True, has_plans=False):
    """Return what is chosen of some media types."""
    snapshot = Snapshot(
        version=180000,
        schemas=("library",),
        relations={},
        relationships={},
        routines={},
        handlers=handlers,
    )
    shape = Shape(action=Action.READ, method="GET", schema="library", name="book", accept=accept)
    settings = ApiSettings(has_plans=has_plans)
    return negotiation.choose(shape, snapshot, settings, relation=BOOK, is_whole=is_whole)


def handler(media_type, relation=None):
    """Return an aggregate that makes a body of a media type."""
    return MediaHandler(
        media_type=media_type,
        function=TableName("library", "make"),
        relation=relation,
        is_aggregate=True,
    )


@pytest.mark.parametrize(
    ("accept", "body", "content_type"),
    [
        (ANY, Body.ARRAY, "application/json; charset=utf-8"),
        (JSON, Body.ARRAY, "application/json; charset=utf-8"),
        (CSV, Body.CSV, "text/csv; charset=utf-8"),
        (OBJECT, Body.OBJECT, "application/vnd.pgrst.object+json; charset=utf-8"),
        (
            OBJECT_STRIPPED,
            Body.OBJECT,
            "application/vnd.pgrst.object+json;nulls=stripped; charset=utf-8",
        ),
        (ARRAY, Body.ARRAY, "application/vnd.pgrst.array+json;nulls=stripped; charset=utf-8"),
    ],
)
def test_what_is_built_in(accept, body, content_type):
    """Each type of PostgREST's own has its body and its header."""
    chosen = choose(accept)
    assert (chosen.body, chosen.content_type) == (body, content_type)


def test_the_first_that_can_be_had_wins():
    """A type that nobody makes is passed over."""
    assert choose(HTML, CSV, JSON).body is Body.CSV


def test_none_can_be_had():
    """All types that were asked for are named."""
    with pytest.raises(Refusal) as refused:
        choose(HTML, Media("other", "x/y"))
    assert refused.value.code == "PGRST107"
    assert refused.value.message == "None of these media types are available: text/html, x/y"


def test_a_handler_of_any_row():
    """A handler makes a type that is not built in, without a charset for unknown types."""
    chosen = choose(HTML, handlers=(handler("text/html"),))
    assert (chosen.body, chosen.content_type) == (Body.CUSTOM, "text/html")


def test_a_handler_of_a_relation_takes_all_of_its_rows():
    """A relation's handler for any type is taken whatever is asked for, as octets."""
    chosen = choose(CSV, handlers=(handler("*/*", BOOK),))
    assert (chosen.body, chosen.content_type) == (Body.CUSTOM, "application/octet-stream")


def test_a_handler_of_a_relation_wants_whole_rows():
    """Where columns are selected, a relation's handler cannot be called."""
    assert choose(CSV, handlers=(handler("text/csv", BOOK),), is_whole=False).body is Body.CSV


def test_single_objects_cannot_be_taken_over():
    """PostgREST's own types with parameters have no handlers."""
    assert choose(OBJECT, handlers=(handler("*/*", BOOK),)).body is Body.OBJECT


def test_a_plan_where_plans_are_off():
    """A plan is no type at all where plans are off."""
    with pytest.raises(Refusal):
        choose(Media("plan", "application/vnd.pgrst.plan+text", plan=("text", None, ())))


def test_a_plan():
    """The header of a plan tells what is planned and how."""
    media = Media("plan", "application/vnd.pgrst.plan", plan=("json", OBJECT, ("analyze", "wal")))
    chosen = choose(media, has_plans=True)
    assert chosen.body is Body.PLAN
    assert chosen.content_type == (
        'application/vnd.pgrst.plan+json; for="application/vnd.pgrst.object+json";'
        " options=analyze|wal; charset=utf-8"
    )
