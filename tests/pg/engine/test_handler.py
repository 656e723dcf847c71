"""Media types that a schema makes itself."""

HTML = {"accept": "text/html", "accept_profile": "gallery"}
NAMES = {"accept": "application/x-names", "accept_profile": "gallery"}


def test_an_aggregate_of_a_relation(library):
    """A relation's own aggregate makes the body."""
    answered = library.get("/picture", "order=id", **HTML)
    assert answered.text == "<b>sun</b><b>sea</b>"
    assert answered.header("Content-Type") == "text/html"
    assert answered.header("Content-Profile") == "gallery"


def test_an_aggregate_of_another_relation(library):
    """Other relations do not have it."""
    assert library.get("/frame", **HTML).status == 406


def test_an_aggregate_of_a_relation_wants_whole_rows(library):
    """Where columns are selected the rows are of another type."""
    assert library.get("/picture", "select=name", **HTML).status == 406


def test_an_aggregate_of_any_rows(library):
    """An aggregate of any element makes the body of any select."""
    assert library.get("/frame", "select=name", **NAMES).text == "oak;"
    assert library.get("/picture", "order=id.desc", **NAMES).text == "sea;sun;"


def test_a_function_that_returns_the_type(library):
    """Bytes are passed through as they are."""
    answered = library.get("/rpc/logo", accept="image/png", accept_profile="gallery")
    assert answered.reply.body == b"\x89PNG\xff\x00"
    assert answered.header("Content-Type") == "image/png"
