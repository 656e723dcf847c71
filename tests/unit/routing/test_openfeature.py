"""The rollout in the language of OpenFeature."""

import asyncio

import pytest
from openfeature import api
from openfeature.evaluation_context import EvaluationContext
from openfeature.exception import ErrorCode
from openfeature.flag_evaluation import FlagEvaluationDetails, FlagResolutionDetails, Reason
from openfeature.provider.in_memory_provider import InMemoryFlag, InMemoryProvider

import changeover
from changeover.model.routing_observation import DeciderFailed
from changeover.model.side import Side, Stage
from changeover.routing import rule
from changeover.routing.context import Context
from changeover.routing.decider import checked
from changeover.routing.flag import FLAG
from changeover.routing.openfeature import OpenFeatureProvider, openfeature_decider
from changeover.routing.rule import Rollout, State, decide

# Their buckets are 73 and 25; see the vectors of the rule.
ANNA, GROUP = "123", "gr1"
LIVE = State(
    stage=Stage.LIVE,
    is_catching_up=False,
    marker_age_ms=0,
    rollout=Rollout(percent=50, group=GROUP, members=frozenset({"listed"})),
)


class Rule:
    """Decides by the rule alone."""

    def __init__(self, state, *, is_killed=False):
        """Take what is known."""
        self.state = state
        self.is_killed = is_killed

    def decision(self, context):
        """Return what the rule says."""
        return decide(
            self.state,
            context.targeting_key,
            is_killed=self.is_killed,
            marker_age_ms=self.state.marker_age_ms,
        )


@pytest.fixture
def client_of():
    """A function that returns a client of a provider."""

    def make(provider):
        api.set_provider_and_wait(provider, domain="test")
        return api.get_client("test")

    yield make
    api.clear_providers()


def asked(key):
    """Whom a flag is evaluated for."""
    return EvaluationContext(targeting_key=key)


@pytest.mark.parametrize(
    ("known", "key", "is_on", "reason"),
    [
        (Rule(State()), ANNA, False, Reason.STATIC),
        (Rule(State(stage=Stage.COMPLETE, primary=Side.TARGET)), None, True, Reason.STATIC),
        (Rule(LIVE, is_killed=True), "listed", False, Reason.DISABLED),
        (Rule(LIVE), None, False, Reason.DEFAULT),
        (Rule(LIVE), "listed", True, Reason.TARGETING_MATCH),
        (Rule(LIVE), ANNA, False, Reason.SPLIT),
        (Rule(State(stage=Stage.LIVE)), "listed", False, Reason.STALE),
    ],
)
def test_the_flag_is_what_the_rule_says(client_of, known, key, is_on, reason):
    """Value, variant and reason are those of the rule, as a truth and as a text."""
    client = client_of(OpenFeatureProvider(known))
    variant = "target" if is_on else "source"
    for default in (True, False):
        found = client.get_boolean_details(FLAG, default, asked(key))
        assert (found.value, found.variant, found.reason) == (is_on, variant, reason)
    assert client.get_string_value(FLAG, "", asked(key)) == variant
    assert asyncio.run(client.get_boolean_value_async(FLAG, not is_on, asked(key))) is is_on


def test_every_reason_has_a_word(client_of):
    """A reason that OpenFeature does not know would be an error there."""
    for one in rule.Reason:

        class Fixed:
            def decision(self, _context, one=one):
                return rule.Decision(Side.SOURCE, one)

        details = OpenFeatureProvider(Fixed()).resolve_boolean_details(FLAG, False)
        assert isinstance(details.reason, Reason)
        assert details.flag_metadata == {"changeover.reason": one.value}


def test_the_block_around_the_code_names_somebody(client_of):
    """Without a targeting key of its own an evaluation takes that of the block."""
    client = client_of(OpenFeatureProvider(Rule(LIVE)))
    with changeover.context(targeting_key="listed"):
        assert client.get_boolean_value(FLAG, False) is True
        assert client.get_boolean_value(FLAG, False, asked(ANNA)) is False
    assert client.get_boolean_value(FLAG, False) is False


def test_other_flags_and_types_are_errors(client_of):
    """The default comes back, and says that it is one."""
    client = client_of(OpenFeatureProvider(Rule(LIVE)))
    unknown = client.get_boolean_details("other", True)
    assert (unknown.value, unknown.error_code) == (True, ErrorCode.FLAG_NOT_FOUND)
    for found in (
        client.get_integer_details(FLAG, 7),
        client.get_float_details(FLAG, 7.5),
        client.get_object_details(FLAG, {"a": 1}),
    ):
        assert found.error_code is ErrorCode.TYPE_MISMATCH
    assert client.get_integer_details("other", 7).error_code is ErrorCode.FLAG_NOT_FOUND


def test_another_provider_decides(client_of):
    """A boolean flag of any provider chooses the side, by key and attributes."""

    def by_plan(flag, context):
        variant = "on" if context.attributes.get("plan") == "gold" else "off"
        return FlagResolutionDetails(value=flag.variants[variant], variant=variant)

    flag = InMemoryFlag("off", {"on": True, "off": False}, context_evaluator=by_plan)
    ask = openfeature_decider(client_of(InMemoryProvider({FLAG: flag})))
    gold = Context(targeting_key="anna", attributes={"plan": "gold"})
    assert ask(LIVE, gold) is Side.TARGET
    assert ask(LIVE, Context(targeting_key="anna")) is Side.SOURCE


class Failing(InMemoryProvider):
    """A provider that does to us what providers do."""

    def __init__(self, given):
        """Give this, or raise it."""
        super().__init__({})
        self._given = given

    def resolve_boolean_details(self, *_given, **_named):
        """Answer."""
        if isinstance(self._given, Exception):
            raise self._given
        return self._given


@pytest.mark.parametrize(
    "given",
    [
        ConnectionError("planted-secret"),
        FlagResolutionDetails(value="true"),
        FlagResolutionDetails(value=1),
        FlagResolutionDetails(value=None),
        FlagResolutionDetails(value=True, error_code=ErrorCode.GENERAL),
        FlagResolutionDetails(value=True, reason=Reason.ERROR),
    ],
)
def test_a_provider_that_fails_is_not_believed(client_of, given, caplog):
    """Exceptions, texts and defaults in the place of an answer leave the decision to our rule."""
    seen = []
    ask = openfeature_decider(client_of(Failing(given)))
    assert checked(ask, LIVE, Context(targeting_key="anna"), seen.append) is None
    assert [type(one) for one in seen] == [DeciderFailed]


def test_a_flag_that_is_missing_is_not_believed(client_of):
    """The provider's default is no answer."""
    seen = []
    ask = openfeature_decider(client_of(InMemoryProvider({})))
    assert checked(ask, LIVE, Context(targeting_key="anna"), seen.append) is None
    assert seen == [DeciderFailed(error="FlagFailedError")]


@pytest.mark.parametrize("given", ["error", "false", 1, None])
def test_a_client_that_checks_no_types_is_not_believed(given):
    """Other clients hand a provider's text on as it is, and any text is true."""

    class Trusting:
        def get_boolean_details(self, flag, _default, _asked):
            return FlagEvaluationDetails(flag, given)

    seen = []
    ask = openfeature_decider(Trusting())
    assert checked(ask, LIVE, Context(targeting_key="anna"), seen.append) is None
    assert seen == [DeciderFailed(error="TypeError")]
