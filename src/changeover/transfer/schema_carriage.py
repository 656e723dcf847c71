"""What becomes of each object of the source: carried, kept, shimmed, dropped, or asked about.

Pure: what both servers hold comes in as values, decisions go out, each with its reason.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from changeover.model.errors import ConfigurationError
from changeover.model.name import TableName
from changeover.transfer.schema_inventory import Known, Need, TargetFacts
from changeover.transfer.schema_plan import CARRY, DROP, Outcome, SchemaObject, Step

API_ROLES: Final = ("anon", "authenticated", "service_role")
HELPER_SCHEMA: Final = "auth"
HELPERS: Final = {f"auth.{name}()": name for name in ("uid", "role", "jwt", "email")}
OUR_SCHEMA: Final = "changeover"
_NOT_DROPPABLE: Final = frozenset({"TABLE", "SEQUENCE", "TYPE", "DOMAIN", "SCHEMA", "DEFAULT"})
_ORDER: Final = tuple(Step)


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What decisions depend on beside the objects.

    Attributes:
        schemas: The schemas that move.
        excluded: Tables in them that stay.
        relations: Relations that the target has in these schemas.
        present: All that the target has there, by catalog and identity.
        ours: Labels of what we applied before.
        target: What the target lets us do.
        answers: The operator's answers.
        identifying: The index that tells rows apart, of tables without a primary key.
    """

    schemas: frozenset[str]
    excluded: frozenset[TableName]
    relations: frozenset[TableName]
    present: frozenset[tuple[int, str]]
    ours: frozenset[str]
    target: TargetFacts
    answers: Mapping[str, str] = field(default_factory=dict)
    identifying: Mapping[TableName, str] = field(default_factory=dict)

    def is_moved(self, name: TableName) -> bool:
        """Return whether a table moves."""
        return name.schema in self.schemas and name not in self.excluded

    def may_have_role(self, role: str) -> bool:
        """Return whether the target has a role, or we may make it."""
        return role in self.target.roles or (role in API_ROLES and self.target.may_create_roles)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """An entry and what becomes of it."""

    known: Known
    object: SchemaObject

    @property
    def outcome(self) -> Outcome:
        """What becomes of it."""
        return self.object.outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class _Verdict:
    outcome: Outcome
    why: str = ""
    answer_key: str = ""
    choices: tuple[str, ...] = ()


class _Court:
    """Decides entry by entry; what an entry needs stands before it in the archive."""

    def __init__(self, known: tuple[Known, ...], around: Surroundings) -> None:
        self.around = around
        self.verdicts: dict[int, _Verdict] = {}
        self.steps: dict[int, Step] = {}
        self.labels = {k.entry.number: k.label for k in known}
        self.tables = {
            k.facts.relation: k.label for k in known if k.facts.is_relation and k.facts.relation
        }

    def is_kept_relation(self, name: TableName) -> bool:
        """Return whether a relation was on the target before us."""
        return name in self.around.relations and self.tables.get(name) not in self.around.ours


_Rule = Callable[[_Court, Known], _Verdict | None]


def decide(known: tuple[Known, ...], around: Surroundings) -> tuple[Decision, ...]:
    """Decide what becomes of each entry.

    Args:
        known: The archive's entries, in its order.
        around: What else there is.

    Returns:
        One decision per entry; triggers of our own are left out.

    Raises:
        ConfigurationError: If an answer is none of the choices.
    """
    court = _Court(known, around)
    decisions = []
    for one in known:
        if one.facts.function is not None and one.facts.function.schema == OUR_SCHEMA:
            continue
        verdict = next((v for rule in _RULES if (v := rule(court, one))), None)
        verdict = verdict or _Verdict(outcome=Outcome.CARRIED)
        step = _step(court, one)
        court.verdicts[one.entry.number] = verdict
        court.steps[one.entry.number] = step
        decisions.append(
            Decision(
                known=one,
                object=SchemaObject(
                    name=one.label,
                    outcome=verdict.outcome,
                    step=step if verdict.outcome is Outcome.CARRIED else None,
                    why=verdict.why,
                    answer_key=verdict.answer_key,
                    choices=verdict.choices,
                ),
            )
        )
    return tuple(decisions)


def answered(around: Surroundings, key: str, choices: tuple[str, ...], why: str) -> _Verdict:
    """Return the verdict that an answer gives, or the question.

    Raises:
        ConfigurationError: If the answer is none of the choices.
    """
    given = around.answers.get(key)
    if given is None or not choices:
        return _Verdict(outcome=Outcome.ASKED, why=why, answer_key=key, choices=choices)
    if given not in choices:
        raise ConfigurationError(
            f"answers: '{key}' = '{given}', where {' or '.join(choices)} is possible",
            hint="correct the answer in [move.answers] of changeover.toml",
        )
    if given == DROP:
        return _Verdict(outcome=Outcome.DROPPED, why=f"answered: {DROP}; {why}", answer_key=key)
    return _Verdict(outcome=Outcome.CARRIED, why=f"answered: {given}; {why}", answer_key=key)


def _excluded(court: _Court, one: Known) -> _Verdict | None:
    if one.facts.root in court.around.excluded:
        return _Verdict(outcome=Outcome.DROPPED, why="its table is excluded in [move]")
    if one.entry.kind == "FOREIGN TABLE":
        return _Verdict(outcome=Outcome.DROPPED, why="its rows are on another server")
    return None


def _kept(court: _Court, one: Known) -> _Verdict | None:
    root, identity = one.facts.root, one.facts.identity
    if root is not None and court.is_kept_relation(root):
        return _Verdict(outcome=Outcome.KEPT, why=f"{root} was on the target before")
    stands_alone = root is None or one.facts.is_relation
    is_present = (one.entry.catalog, identity) in court.around.present
    if stands_alone and is_present and one.label not in court.around.ours:
        return _Verdict(outcome=Outcome.KEPT, why="it was on the target before")
    return None


def _follows(court: _Court, one: Known) -> _Verdict | None:
    """Let comments, attachments and the like go the way of what they belong to."""
    if one.entry.oid:
        return None
    for number in one.entry.depends:
        verdict = court.verdicts.get(number)
        if verdict is not None and verdict.outcome is not Outcome.CARRIED:
            return _Verdict(outcome=verdict.outcome, why=f"goes with {court.labels[number]}")
    return None


def _outside_key(court: _Court, one: Known) -> _Verdict | None:
    references = one.facts.references
    if one.entry.kind != "FK CONSTRAINT" or references is None:
        return None
    if court.around.is_moved(references):
        return None
    return answered(
        court.around, _key(one), (CARRY, DROP), f"it references {references}, which does not move"
    )


def _key(one: Known) -> str:
    relation, name = one.facts.relation, one.facts.name
    if relation is not None and name is not None:
        return f"{relation.schema}.{relation.name}.{name}"
    return one.facts.identity or one.label


def _dependent(court: _Court, one: Known) -> _Verdict | None:
    if one.entry.kind == "FK CONSTRAINT" and one.facts.references is not None:
        return None
    for number in one.entry.depends:
        verdict = court.verdicts.get(number)
        if verdict is None or verdict.outcome not in {Outcome.DROPPED, Outcome.ASKED}:
            continue
        return _Verdict(
            outcome=verdict.outcome,
            why=f"needs {court.labels[number]}, which is {verdict.outcome}",
            answer_key=verdict.answer_key,
            choices=verdict.choices,
        )
    return None


def _needy(court: _Court, one: Known) -> _Verdict | None:
    for need in one.needs:
        found = _unmet(court.around, one, need)
        if found is not None:
            return found
    return None


def _unmet(around: Surroundings, one: Known, need: Need) -> _Verdict | None:
    if need.extension is not None:
        return _unmet_extension(around, need.extension)
    if (need.needed_catalog, need.needed) in around.present:
        return None
    if need.needed in HELPERS and around.target.may_create_schemas:
        return None
    is_droppable = one.entry.kind not in _NOT_DROPPABLE
    return answered(
        around,
        _key(one),
        (DROP,) if is_droppable else (),
        f"it needs {need.needed}, which does not move: make it on the target, or add its schema "
        "to [move]",
    )


def _unmet_extension(around: Surroundings, extension: str) -> _Verdict | None:
    if extension in around.target.extensions or may_install(around.target, extension):
        return None
    return answered(
        around,
        f"extension.{extension}",
        (),
        f"it needs the extension {extension}, which is not on the target"
        + (" and only a superuser may create" if extension in around.target.available else ""),
    )


def may_install(target: TargetFacts, extension: str) -> bool:
    """Return whether our role may create an extension on the target."""
    is_open = target.available.get(extension)
    return is_open is not None and (target.is_superuser or (is_open and target.may_create_schemas))


def _roleless(court: _Court, one: Known) -> _Verdict | None:
    for role in one.facts.roles or ():
        if not court.around.may_have_role(role):
            return answered(
                court.around,
                f"role.{role}",
                (DROP,),
                f"it is for the role {role}, which the target lacks and we may not create",
            )
    return None


_RULES: Final[tuple[_Rule, ...]] = (
    _excluded,
    _kept,
    _follows,
    _outside_key,
    _dependent,
    _needy,
    _roleless,
)

_STEPS: Final = {
    "FK CONSTRAINT": Step.FOREIGN_KEYS,
    "CHECK CONSTRAINT": Step.TRIGGERS,
    "TRIGGER": Step.TRIGGERS,
    "POLICY": Step.TRIGGERS,
    "ROW SECURITY": Step.TRIGGERS,
}


def _step(court: _Court, one: Known) -> Step:
    """Return when an entry is applied: a late view or function waits for the keys that it needs."""
    entry, facts = one.entry, one.facts
    if entry.is_early:
        return Step.PRE_DATA
    if entry.kind in _STEPS:
        return _STEPS[entry.kind]
    if entry.kind in {"COMMENT", "INDEX ATTACH"}:
        steps = [court.steps[n] for n in entry.depends if n in court.steps]
        return max(steps, key=_ORDER.index, default=Step.UNIQUE)
    if entry.kind in {"CONSTRAINT", "INDEX"}:
        return _index_step(court, one)
    is_on_table = entry.kind == "RULE" and facts.relation_kind in {"r", "p"}
    return Step.TRIGGERS if is_on_table else Step.UNIQUE


def _index_step(court: _Court, one: Known) -> Step:
    facts = one.facts
    if facts.constraint_type == "p":
        return Step.KEYS
    is_identifying = (
        facts.root is not None
        and facts.index is not None
        and court.around.identifying.get(facts.root) == facts.index
    )
    if is_identifying:
        return Step.KEYS
    is_unique = one.entry.kind == "CONSTRAINT" or bool(facts.is_unique)
    return Step.UNIQUE if is_unique else Step.INDEXES
