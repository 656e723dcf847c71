"""The page of the schema holds what the catalog does."""

import re
from pathlib import Path

from index_query import FOREIGN_KEYS, READS, REPORTS

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "salon-schema.md"
ROW = re.compile(r"^\| `(\w+)` \| (?:unique )?`\(.*\| (.+) \|$", re.MULTILINE)
INDEXES = """
SELECT c.relname FROM pg_index AS i
JOIN pg_class AS c ON c.oid = i.indexrelid
JOIN pg_class AS t ON t.oid = i.indrelid
WHERE t.relnamespace = 'public'::regnamespace AND NOT t.relispartition
"""
FUNCTIONS = "SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace"


def test_every_index_is_on_the_page_with_its_queries(target):
    """The page names the indexes of the catalog, no others, and the queries that tests hold."""
    rows = dict(ROW.findall(PAGE.read_text(encoding="utf-8")))
    assert rows.keys() == {name for (name,) in target.execute(INDEXES)}
    for name, calls in READS.items():
        for kind, method, _ in calls:
            assert f"`{method}`" in rows[name] or f"`{kind.__name__}.{method}`" in rows[name]
    assert all(f"`{statement}`" in rows[name] for name, statement in REPORTS.items())
    assert all("foreign key" in rows[name] for name in FOREIGN_KEYS)


def test_every_function_is_on_the_page(target):
    """The page names the functions of the catalog."""
    text = PAGE.read_text(encoding="utf-8")
    assert [name for (name,) in target.execute(FUNCTIONS) if f"`{name}(" not in text] == []
