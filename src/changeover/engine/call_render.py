"""Calls as SQL: the function in a CTE, and what is answered of its result over it."""

from typing import Final

from changeover.engine import body_render, envelope, read_render
from changeover.engine.call_plan import (
    Arguments,
    BodyArguments,
    CallPlan,
    RawArgument,
    TextArgument,
)
from changeover.engine.envelope import Rows
from changeover.engine.plan_value import WHOLE
from changeover.engine.sql import (
    NOTHING,
    Fragment,
    bind,
    concat,
    ident,
    join,
    printed,
    qualified,
    raw,
)
from changeover.engine.syntax import Work

_CALL: Final = "pgrst_call"
"""What a call's rows are reached under; it shows in the server's messages, as PostgREST's does."""

_ROWS: Final = raw("pg_catalog.count(_postgrest_t)")
"""Counts whole rows: a stable function whose result nobody reads would not be called at all."""

_ONE: Final = concat(raw("greatest("), _ROWS, raw(", 1)"))
"""What is no set counts as one row, whatever filters leave of it."""


def work(plan: CallPlan) -> Work:
    """Return the statement of a call."""
    answer = plan.answer
    select = read_render.select(plan.root)
    has_body = answer.has_body and not answer.is_void
    shown = _ROWS if plan.is_set else _ONE
    main = envelope.main(
        source=_call(plan),
        select=select,
        body=envelope.body_of(answer.format, _rows(plan), source=select)
        if has_body
        else envelope.NO_BODY,
        total=_total(plan, shown),
        shown=shown,
    )
    return Work(
        is_read_only=plan.is_read_only,
        isolation=plan.isolation,
        settings=plan.settings,
        main=envelope.statement_of(main, answer.format),
        can_refuse=answer.format.is_single or answer.is_limited,
    )


def _rows(plan: CallPlan) -> Rows:
    if plan.is_scalar:
        return Rows.SCALARS if plan.is_set else Rows.SCALAR
    return Rows.MANY if plan.is_set else Rows.SINGLE


def _total(plan: CallPlan, shown: Fragment) -> Fragment:
    if not plan.is_counted:
        return envelope.NULL
    if plan.root.window == WHOLE and plan.root.rows_max is None:
        return shown
    return read_render.total(plan.root)


def _call(plan: CallPlan) -> Fragment:
    """Return the query of the function's rows, or of its values under `envelope.SCALAR`."""
    call = concat(qualified(plan.function), raw("("), _passed(plan.arguments), raw(")"))
    name = raw(_CALL)
    if plan.is_scalar:
        columns = concat(name, raw("."), raw(envelope.SCALAR))
        call = concat(raw("(SELECT "), call, raw(" AS "), raw(envelope.SCALAR), raw(")"))
    else:
        columns = join(", ", (_column(one) for one in plan.returning))
    return concat(
        concat(raw("SELECT "), columns, raw(" FROM ")),
        _body(plan.arguments),
        concat(call, raw(" AS "), name),
    )


def _column(name: str) -> Fragment:
    return concat(raw(_CALL), raw("."), raw("*") if name == "*" else ident(name))


def _body(arguments: Arguments) -> Fragment:
    if not isinstance(arguments, BodyArguments):
        return NOTHING
    return concat(body_render.first_row(arguments.rows), raw(", LATERAL "))


def _passed(arguments: Arguments) -> Fragment:
    """Return what stands between a call's brackets."""
    if isinstance(arguments, RawArgument):
        return concat(bind(arguments.slot), raw("::"), printed(arguments.type))
    if isinstance(arguments, BodyArguments):
        columns = arguments.rows.columns
        return join(
            ", ",
            (
                _named(
                    one.name,
                    body_render.field(one.name),
                    is_variadic=one.name == arguments.variadic,
                )
                for one in columns
            ),
        )
    return join(
        ", ", (_named(one.name, _text(one), is_variadic=one.is_variadic) for one in arguments)
    )


def _named(name: str, value: Fragment, *, is_variadic: bool) -> Fragment:
    return concat(raw("VARIADIC ") if is_variadic else NOTHING, ident(name), raw(" := "), value)


def _text(argument: TextArgument) -> Fragment:
    values = join(", ", (bind(slot) for slot in argument.slots))
    if argument.is_variadic:
        values = concat(raw("ARRAY["), values, raw("]"))
    return concat(values, raw("::"), printed(argument.type))
