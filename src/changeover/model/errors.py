"""The tree of Changeover's errors.

Every class states a fact and carries a code that is never reused, the exit code of a command that
ends with it, and a hint: the next act. No message holds a cell value, a password or a DSN.
"""

from typing import ClassVar


class ChangeoverError(Exception):
    """Something that Changeover was asked to do can't be done as asked."""

    code: ClassVar[str] = "CO000"
    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, hint: str = "") -> None:
        """State the fact.

        Args:
            message: The fact, with both values where two disagree.
            hint: The next act of the operator.
        """
        super().__init__(message)
        self.message = message
        self.hint = hint


class ConfigurationError(ChangeoverError):
    """The configuration can't be used."""

    code = "CO100"
    exit_code = 2


class UnknownSettingError(ConfigurationError):
    """A key of the configuration is not one of ours."""

    code = "CO101"


class SecretOnCommandLineError(ConfigurationError):
    """A password was given where every process on the machine can read it."""

    code = "CO102"


class MissingSettingError(ConfigurationError):
    """A setting that has no safe default was not given."""

    code = "CO103"


class ConfirmationNeededError(ConfigurationError):
    """A command that changes a database was neither confirmed nor given --yes."""

    code = "CO104"


class DatabaseError(ChangeoverError):
    """A server answered with an error."""

    code = "CO200"


class CannotConnectError(DatabaseError):
    """A server can't be reached, or it refuses us."""

    code = "CO201"
    exit_code = 5


class NotAllowedError(DatabaseError):
    """Our role lacks a right."""

    code = "CO202"


class TimedOutError(DatabaseError):
    """A lock or a statement took longer than its limit."""

    code = "CO203"


class SessionNotPinnedError(DatabaseError):
    """A session setting that the text of values depends on could not be pinned."""

    code = "CO204"


class UnsupportedVersionError(DatabaseError):
    """The server is older than the oldest version that we support."""

    code = "CO205"


class HiddenRowsError(DatabaseError):
    """Row level security would hide rows from us."""

    code = "CO206"


class WrongServerError(DatabaseError):
    """The server is not the one that this move was begun with."""

    code = "CO207"
    exit_code = 4


class LoginRefusedError(CannotConnectError):
    """A server answers and refuses our login, and will again."""

    code = "CO208"


class CatalogError(ChangeoverError):
    """What the databases hold stands against the move."""

    code = "CO300"


class TableNotFoundError(CatalogError):
    """A table that is to be moved does not exist."""

    code = "CO301"


class NoKeyError(CatalogError):
    """A table has nothing that tells one row from another."""

    code = "CO302"


class SchemaMismatchError(CatalogError):
    """Source and target differ in a way that refuses or bends rows."""

    code = "CO303"
    exit_code = 3


class NotMovableError(CatalogError):
    """A table of a kind that can't be carried by keys."""

    code = "CO304"


class ControlError(ChangeoverError):
    """The state of the move does not allow this act."""

    code = "CO400"
    exit_code = 4


class NotInstalledError(ControlError):
    """The move has not been prepared on this side yet."""

    code = "CO401"


class StaleEpochError(ControlError):
    """Work of an older epoch was refused."""

    code = "CO402"


class WrongStateVersionError(ControlError):
    """The state was written by another version of Changeover."""

    code = "CO403"


class SwapInProgressError(ControlError):
    """Another operator's swap is under way."""

    code = "CO404"


class SwapAbortedError(ControlError):
    """The swap was aborted; the old primary accepts writes again."""

    code = "CO405"


class WrongStageError(ControlError):
    """The command does not belong to the stage that the move is in."""

    code = "CO406"


class StaleAttemptError(ControlError):
    """An older attempt tried to move the fence."""

    code = "CO407"


class GateRefusedError(ControlError):
    """A gate is not green."""

    code = "CO408"


class OperatorAtWorkError(ControlError):
    """Another operator's command is at work on this move."""

    code = "CO409"


class StaleStateError(ControlError):
    """Stage or rollout were changed by somebody else while a step was being taken."""

    code = "CO410"


class KillFileError(ControlError):
    """The kill switch's file can't be made or removed."""

    code = "CO411"
    exit_code = 1


class TransferError(ChangeoverError):
    """Rows could not be carried."""

    code = "CO500"


class TargetNotEmptyError(TransferError):
    """The target holds rows that we did not put there."""

    code = "CO501"
    exit_code = 4


class CaptureBrokenError(TransferError):
    """A trigger of ours is missing, off, or not as it was installed."""

    code = "CO502"
    exit_code = 4


class DefinitionChangedError(TransferError):
    """A moved table was altered during the move."""

    code = "CO503"
    exit_code = 4


class BooksUnbalancedError(TransferError):
    """Keys read, applied and removed do not agree."""

    code = "CO504"
    exit_code = 3


class FenceNotClosedError(TransferError):
    """Writers in flight did not end within the limit."""

    code = "CO505"
    exit_code = 4


class MirrorHeldError(TransferError):
    """Another mirror holds the lock."""

    code = "CO506"


class DrainTimedOutError(TransferError):
    """The change log was not empty within the limit."""

    code = "CO507"
    exit_code = 4


class ToolFailedError(TransferError):
    """A PostgreSQL client program failed."""

    code = "CO508"


class CopyFailedError(TransferError):
    """A table could not be copied."""

    code = "CO509"


class DifferencesFoundError(TransferError):
    """Source and target hold different rows."""

    code = "CO510"
    exit_code = 3


class HashesDisagreeError(TransferError):
    """The two servers compute different digests for equal rows."""

    code = "CO511"


class NotAtRestError(TransferError):
    """Triggers, rules or foreign keys of the secondary would act on what the mirror writes."""

    code = "CO512"
    exit_code = 4


class SchedulerNotReachedError(TransferError):
    """The scheduler of a cluster does not answer, or has no workers."""

    code = "CO513"
    exit_code = 5


class RoutingError(ChangeoverError):
    """A write could not be brought to the primary."""

    code = "CO600"


class WritesPausedError(RoutingError):
    """The write was refused by the fence and not written; the swap outlasted the wait."""

    code = "CO601"


class OutcomeUnknownError(RoutingError):
    """The connection broke during COMMIT; the write may or may not have happened."""

    code = "CO602"


class PrimaryUnreachableError(RoutingError):
    """The primary could not be reached, so that the write was not even sent; not written."""

    code = "CO603"


class EmbeddedError(ChangeoverError):
    """A throw-away server could not be run."""

    code = "CO700"


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


class GatewayError(ChangeoverError):
    """The API can't be served."""

    code = "CO800"


class CannotListenError(GatewayError):
    """An address or a socket can't be listened on."""

    code = "CO801"
