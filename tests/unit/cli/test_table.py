import pytest

from changeover.cli.table import parse_table, parse_tables
from changeover.model.errors import ConfigurationError
from changeover.model.name import TableName


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("public.orders", TableName("public", "orders")),
        ("public.Заказ", TableName("public", "Заказ")),
        ('public."Заказ"', TableName("public", "Заказ")),
        ('"my.schema"."a ""b"" c"', TableName("my.schema", 'a "b" c')),
    ],
)
def test_a_table_is_named_as_it_is_printed(text, name):
    """Names are read plain and in double quotes; a printed name is read as itself."""
    assert parse_table(text) == name
    assert parse_table(str(name)) == name


@pytest.mark.parametrize("text", ["orders", "", "a.b.c", "public.", ".orders", 'public."orders'])
def test_a_name_without_its_schema_is_refused(text):
    """What is not schema.table is an error of usage."""
    with pytest.raises(ConfigurationError, match="is not schema"):
        parse_table(text)


def test_no_flag_means_all_tables():
    """Without a flag there is no choice of tables."""
    assert parse_tables(None) is None
    assert parse_tables(["a.b"]) == (TableName("a", "b"),)
