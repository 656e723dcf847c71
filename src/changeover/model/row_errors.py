"""What can be wrong with a row, a filter or a table's name, whichever store answered.

The same class comes from a server's SQLSTATE and from the API's error body.
"""

from changeover.model.errors import ChangeoverError, DatabaseError


class RowError(ChangeoverError):
    """A row, a filter or a name was refused."""

    code = "CO850"


class DuplicateKeyError(RowError):
    """A row with that key exists already."""

    code = "CO851"


class MissingReferenceError(RowError):
    """A row refers to one that does not exist, or is still referred to."""

    code = "CO852"


class MissingValueError(RowError):
    """A column that may not be NULL got no value."""

    code = "CO853"


class RejectedValueError(RowError):
    """A CHECK constraint refused a value."""

    code = "CO854"


class NoPartitionError(RejectedValueError):
    """A partitioned table has no partition for a row."""

    code = "CO855"


class NotInSchemaError(RowError):
    """The database has no such table, column, function, relationship or unique key."""

    code = "CO856"


class MalformedValueError(RowError):
    """A value is not one of its column's type."""

    code = "CO857"


class TooManyConnectionsError(DatabaseError):
    """The server has no connection left."""

    code = "CO858"
    exit_code = 5


class MultipleRowsError(RowError):
    """More than one row was found where one was asked for."""

    code = "CO859"


class InvalidFilterError(RowError):
    """A filter, an order or a limit can't be used as it was given."""

    code = "CO860"


class TransactionUnavailableError(RowError):
    """The store can't run several statements in one transaction."""

    code = "CO861"


class TransactionConflictError(DatabaseError):
    """Another transaction was in the way; the same once more may succeed."""

    code = "CO862"
