"""The rollout in OpenFeature's language, as a provider and decided by one. Extra `openfeature`.

Ours answers from memory, as the router does. Another's is asked and not believed: an error, a
default that stands for an error, or a value of another type is no decision.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final, Protocol, TypeVar

from openfeature.client import OpenFeatureClient
from openfeature.evaluation_context import EvaluationContext
from openfeature.exception import ErrorCode
from openfeature.flag_evaluation import FlagResolutionDetails, FlagValueType, Reason
from openfeature.provider import AbstractProvider, Metadata

from changeover.model.side import Side
from changeover.routing.context import Context, current
from changeover.routing.decider import Decider
from changeover.routing.flag import FLAG, PROVIDER, reason_of
from changeover.routing.rule import Decision, State

T = TypeVar("T")
Value = Sequence[FlagValueType] | Mapping[str, FlagValueType]

_OTHER_TYPES: Final = "it is a boolean, or a text: source or target"


class Deciding(Protocol):
    """A router, as far as a provider of flags asks it."""

    def decision(self, context: Context) -> Decision:
        """Return what the rule says for a context; nothing is counted or changed by asking."""
        ...


class OpenFeatureProvider(AbstractProvider):
    """Says whether reads are answered by the target: the flag `changeover-reads`.

    As a boolean it is true for the target; as a text it is the variant, `source` or `target`.
    """

    def __init__(self, router: Deciding) -> None:
        """Answer for a router.

        Args:
            router: Who knows the state of the move.
        """
        super().__init__()
        self._router = router

    def get_metadata(self) -> Metadata:
        """Return the provider's name."""
        return Metadata(name=PROVIDER)

    def resolve_boolean_details(
        self,
        flag_key: str,
        default_value: bool,  # noqa: FBT001 - OpenFeature's signature
        evaluation_context: EvaluationContext | None = None,
    ) -> FlagResolutionDetails[bool]:
        """Return whether reads are answered by the target."""
        decision = self._decision(flag_key, evaluation_context)
        if decision is None:
            return _unknown(default_value)
        return _resolved(decision, decision.side is Side.TARGET)

    def resolve_string_details(
        self,
        flag_key: str,
        default_value: str,
        evaluation_context: EvaluationContext | None = None,
    ) -> FlagResolutionDetails[str]:
        """Return which side answers reads."""
        decision = self._decision(flag_key, evaluation_context)
        if decision is None:
            return _unknown(default_value)
        return _resolved(decision, decision.side.value)

    def resolve_integer_details(
        self,
        flag_key: str,
        default_value: int,
        evaluation_context: EvaluationContext | None = None,  # noqa: ARG002 - as above
    ) -> FlagResolutionDetails[int]:
        """Return the default: no flag of ours is a number."""
        return _mistyped(flag_key, default_value)

    def resolve_float_details(
        self,
        flag_key: str,
        default_value: float,
        evaluation_context: EvaluationContext | None = None,  # noqa: ARG002 - as above
    ) -> FlagResolutionDetails[float]:
        """Return the default: no flag of ours is a number."""
        return _mistyped(flag_key, default_value)

    def resolve_object_details(
        self,
        flag_key: str,
        default_value: Value,
        evaluation_context: EvaluationContext | None = None,  # noqa: ARG002 - as above
    ) -> FlagResolutionDetails[Value]:
        """Return the default: no flag of ours is an object."""
        return _mistyped(flag_key, default_value)

    def _decision(self, flag_key: str, asked: EvaluationContext | None) -> Decision | None:
        if flag_key != FLAG:
            return None
        found = current()
        if asked is not None and asked.targeting_key:
            found = Context(targeting_key=asked.targeting_key, attributes=asked.attributes)
        return self._router.decision(found)


def _resolved(decision: Decision, value: T) -> FlagResolutionDetails[T]:
    return FlagResolutionDetails(
        value=value,
        variant=decision.side.value,
        reason=Reason(reason_of(decision.reason).upper()),
        flag_metadata={"changeover.reason": str(decision.reason)},
    )


def _unknown(default: T) -> FlagResolutionDetails[T]:
    return FlagResolutionDetails(
        value=default,
        reason=Reason.ERROR,
        error_code=ErrorCode.FLAG_NOT_FOUND,
        error_message=f"the only flag is {FLAG}",
    )


def _mistyped(flag_key: str, default: T) -> FlagResolutionDetails[T]:
    if flag_key != FLAG:
        return _unknown(default)
    return FlagResolutionDetails(
        value=default,
        reason=Reason.ERROR,
        error_code=ErrorCode.TYPE_MISMATCH,
        error_message=f"{FLAG}: {_OTHER_TYPES}",
    )


class FlagFailedError(Exception):
    """A provider of flags gave its default in the place of an answer."""


def openfeature_decider(client: OpenFeatureClient, *, flag: str = FLAG) -> Decider:
    """Return a decider for `Route(decider=…)` that asks a client of OpenFeature.

    It decides in the place of the percentage: whoever is listed, the kill switch, the age of the
    mirror and a caller's own writes come before it. Whatever it can't decide is decided by our own
    rule, and counted.

    Args:
        client: Whom to ask, as `openfeature.api.get_client()` returns it. It is asked in the
            caller's own thread or event loop, so its provider must answer from memory.
        flag: A boolean flag; true is the target.
    """

    def decide(_state: State, context: Context) -> Side:
        attributes: Any = context.attributes
        asked = EvaluationContext(targeting_key=context.targeting_key, attributes=attributes)
        # Typed as a truth, but it is another's: on errors some providers hand back texts.
        details: Any = client.get_boolean_details(flag, False, asked)
        if details.error_code is not None or details.reason == Reason.ERROR:
            raise FlagFailedError
        if not isinstance(details.value, bool):
            raise TypeError
        return Side.TARGET if details.value else Side.SOURCE

    return decide
