"""The flags: every spelling, every combination, every stage, on either side of the authority."""

import itertools

import pytest

from changeover import Side, Stage, Standing
from salon.flag import (
    BACKENDS,
    PRIMARIES,
    VARIABLES,
    Backend,
    FlagError,
    Flags,
    decide,
    read_flags,
    start,
)

TRUE = ("true", "1", "yes", "on")
FALSE = ("false", "0", "no", "off")
COMBINATIONS = tuple(itertools.product((True, False), repeat=3))

# legacy, repository, dual write -> the stages that go with them; written from the table in words.
TABLE = {
    (True, False, False): ["off"],
    (True, False, True): ["dual_write"],
    (True, True, True): ["shadow", "live"],
    (False, True, True): ["ramp_down"],
    (False, True, False): ["complete"],
}
CONTRADICTIONS = [values for values in COMBINATIONS if values not in TABLE]
BEFORE_CUTOVER = ["off", "dual_write", "shadow", "live"]


def flags_of(values):
    """Return flags by position."""
    return Flags(
        may_supabase_answer=values[0], may_postgres_answer=values[1], is_mirrored=values[2]
    )


def held(stage):
    """Return what the control tables hold in a stage."""
    primary = Side.SOURCE if stage in BEFORE_CUTOVER else Side.TARGET
    return Standing(stage=Stage(stage), primary=primary, is_swapping=False)


def all_cases(text):
    """Return every way to write a word in small and capital letters."""
    return {"".join(way) for way in itertools.product(*((c, c.upper()) for c in text))}


def test_the_defaults_are_the_old_world():
    """A service that nobody told anything is on Supabase, without mirror."""
    assert read_flags({}).values() == (True, False, False)
    assert start(read_flags({}), None).stage is Stage.OFF


@pytest.mark.parametrize("position", range(3))
@pytest.mark.parametrize("text", [*TRUE, *FALSE])
def test_every_spelling_in_every_case_is_read(text, position):
    """Each of the eight spellings, in every mixture of case, sets its own flag and no other."""
    wanted = text in TRUE
    others = next(v for v in TABLE if v[position] is wanted)
    environment = dict(zip(VARIABLES, map(str, others), strict=True))
    for spelling in all_cases(text):
        read = read_flags({**environment, VARIABLES[position]: spelling})
        assert read.values() == others, spelling


@pytest.mark.parametrize("name", VARIABLES)
@pytest.mark.parametrize(
    "text",
    ["", " ", "2", "-1", "t", "f", "y", "n", "none", "null", "enabled", " true", "true ", "'true'",
     "правда", "oﬀ", "on\n", "truefalse"],
)  # fmt: skip
def test_another_spelling_is_refused_by_name(name, text):
    """Everything else is an error that names the variable and does not show the value."""
    with pytest.raises(FlagError) as caught:
        read_flags({name: text})
    assert caught.value.variables == (name,)
    assert str(caught.value).startswith(
        f"{name} must be one of true, false, 1, 0, yes, no, on, off"
    )


def test_a_refused_value_is_not_shown():
    """A key that was put into the wrong variable does not come out in the error."""
    with pytest.raises(FlagError) as caught:
        read_flags({"ENABLE_DUAL_WRITE": "planted-key"})
    assert "planted" not in str(caught.value)


@pytest.mark.parametrize("values", COMBINATIONS)
def test_every_combination_is_in_the_table_or_refused(values):
    """Each of the eight combinations goes with the stages of the table, or is a contradiction."""
    if values in TABLE:
        assert list(flags_of(values).stages) == TABLE[values]
        return
    with pytest.raises(FlagError) as caught:
        flags_of(values)
    named = {name for name in VARIABLES if name in str(caught.value)}
    assert set(caught.value.variables) <= named
    assert caught.value.variables


def test_contradictions_name_what_to_correct():
    """Two backends without a mirror name the mirror; no backend names both backends."""
    told = {}
    for values in CONTRADICTIONS:
        with pytest.raises(FlagError) as caught:
            read_flags(dict(zip(VARIABLES, map(str, values), strict=True)))
        told[values] = caught.value.variables
    assert told == {
        (True, True, False): ("ENABLE_DUAL_WRITE",),
        (False, False, True): ("USE_LEGACY_SUPABASE", "USE_REPOSITORY_PATTERN"),
        (False, False, False): ("USE_LEGACY_SUPABASE", "USE_REPOSITORY_PATTERN"),
    }


def test_every_stage_has_one_combination():
    """No stage is left without flags, and none has two combinations."""
    assert sorted(itertools.chain(*TABLE.values())) == sorted(map(str, Stage))


def test_every_flag_is_read():
    """Turning any one flag changes the outcome of every allowed combination: none is unread."""
    for values, position in itertools.product(TABLE, range(3)):
        turned = tuple(v is not (i == position) for i, v in enumerate(values))
        assert TABLE.get(turned) != TABLE[values]
        if turned in TABLE:
            assert flags_of(turned).stages != flags_of(values).stages


@pytest.mark.parametrize("values", list(TABLE))
@pytest.mark.parametrize("stage", [None, *map(str, Stage)])
def test_a_start_is_refused_only_where_the_newest_writes_would_be_left_out(values, stage):
    """Without the source's answers nobody starts while the source is primary; else all do."""
    standing = None if stage is None else held(stage)
    is_refused = not values[0] and (stage is None or stage in BEFORE_CUTOVER)
    if is_refused:
        with pytest.raises(FlagError, match="the source is the primary") as caught:
            start(flags_of(values), standing)
        assert caught.value.variables == ("USE_LEGACY_SUPABASE",)
        return
    assert start(flags_of(values), standing) == decide(flags_of(values), standing)


@pytest.mark.parametrize("values", list(TABLE))
@pytest.mark.parametrize("stage", list(map(str, Stage)))
def test_the_control_tables_win_and_the_flags_are_shown(values, stage):
    """Whatever the flags say, the held stage holds; each flag that disagrees is named, no other."""
    decision = decide(flags_of(values), held(stage))
    assert (decision.stage, decision.primary, decision.is_held) == (
        stage,
        held(stage).primary,
        True,
    )
    (wanted,) = [v for v, stages in TABLE.items() if stage in stages]
    expected = [
        name
        for name, value, right in zip(VARIABLES, values, wanted, strict=True)
        if value is not right
    ]
    assert [text.partition(" is ")[0] for text in decision.disagreements] == expected
    assert bool(decision.disagreements) is (stage not in TABLE[values])


@pytest.mark.parametrize("values", list(TABLE))
def test_before_any_move_the_flags_give_the_first_stage(values):
    """Without control tables the flags' first stage holds, unless it would need a cutover."""
    decision = decide(flags_of(values), None)
    first = TABLE[values][0]
    assert decision.is_held is False
    assert decision.primary is Side.SOURCE
    if first in BEFORE_CUTOVER:
        assert (decision.stage, decision.disagreements) == (first, ())
    else:
        assert decision.stage is Stage.OFF
        assert decision.disagreements


def test_the_authority_is_never_moved_by_flags():
    """No combination of flags gives another primary than the one that is held."""
    for values, stage, primary in itertools.product(TABLE, Stage, Side):
        standing = Standing(stage=stage, primary=primary, is_swapping=False)
        assert decide(flags_of(values), standing).primary is primary


def test_backends_and_primaries_are_those_of_the_stages():
    """Who answers reads and who takes writes, stage by stage."""
    source, target = Backend.SOURCE, Backend.TARGET
    told = {str(stage): (BACKENDS[stage], str(PRIMARIES[stage])) for stage in Stage}
    assert told == {
        "off": (source, "source"),
        "dual_write": (source, "source"),
        "shadow": (source, "source"),
        "live": (Backend.BOTH, "source"),
        "ramp_down": (target, "target"),
        "complete": (target, "target"),
    }
