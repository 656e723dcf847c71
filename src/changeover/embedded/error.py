"""What can go wrong with a throw-away server."""

from changeover.model.errors import EmbeddedError


class BinariesNotFoundError(EmbeddedError):
    """No PostgreSQL of that major version is at hand."""

    code = "CO701"


class ServerNotStartedError(EmbeddedError):
    """The server ended, or was not ready, within the limit."""

    code = "CO702"


class ServerNotStoppedError(EmbeddedError):
    """Processes of the server are still there after the limit."""

    code = "CO703"


class ReservedSettingError(EmbeddedError):
    """A setting that the wrapper itself decides was given."""

    code = "CO704"


class UnsafeDirectoryError(EmbeddedError):
    """A directory that should be ours alone belongs to, or can be written by, somebody else."""

    code = "CO705"


class AccountNotFoundError(EmbeddedError):
    """The account that a server of root's should run as does not exist."""

    code = "CO706"


class ServerNotRunningError(EmbeddedError):
    """The server was stopped, killed or never started."""

    code = "CO707"
