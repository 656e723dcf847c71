"""What a database holds: reading it, and the differences of two."""

from changeover.catalog.reading import read
from changeover.catalog.values import Catalog, Column, Key, Table

__all__ = ["Catalog", "Column", "Key", "Table", "read"]
