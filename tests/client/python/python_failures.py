"""Failures: code, message, details and hint of each, as the client hands them to its caller."""

from python_case import ApiFailure, Case

NO_ROWS = ApiFailure(
    code="PGRST116",
    message="Cannot coerce the result to a single JSON object",
    details="The result contains 0 rows",
)

FAILURES = (
    Case(
        "no row for single",
        lambda c: c.table("master").select("*").eq("id", 0).single(),
        failure=NO_ROWS,
    ),
    Case(
        "several rows for single",
        lambda c: c.table("master").select("*").single(),
        failure=ApiFailure(
            code="PGRST116",
            message="Cannot coerce the result to a single JSON object",
            details="The result contains 5 rows",
        ),
    ),
    Case(
        "an unknown table",
        lambda c: c.table("mastr").select("*"),
        failure=ApiFailure(
            code="PGRST205",
            message="Could not find the table 'public.mastr' in the schema cache",
            hint="Perhaps you meant the table 'public.master'",
        ),
    ),
    Case(
        "an unknown table, and no body to say so",
        lambda c: c.table("mastr").select("*", head=True),
        failure=ApiFailure(code="PGRST205", message="Not Found"),
    ),
    Case(
        "an unknown column",
        lambda c: c.table("master").select("unheard_of"),
        failure=ApiFailure(code="42703", message="column master.unheard_of does not exist"),
    ),
    Case(
        "an unknown column in a filter",
        lambda c: c.table("master").select("id").eq("unheard_of", 1),
        failure=ApiFailure(code="42703", message="column master.unheard_of does not exist"),
    ),
    Case(
        "an unknown column in a body",
        lambda c: c.table("booking").insert({"client": "x", "nope": 1}),
        failure=ApiFailure(
            code="PGRST204",
            message="Could not find the 'nope' column of 'booking' in the schema cache",
        ),
        after={"SELECT count(*) FROM booking": 4},
    ),
    Case(
        "an unknown relationship",
        lambda c: c.table("master").select("id, zzz(*)"),
        failure=ApiFailure(
            code="PGRST200",
            message="Could not find a relationship between 'master' and 'zzz' in the schema cache",
            details="Searched for a foreign key relationship between 'master' and 'zzz'"
            " in the schema 'public', but no matches were found.",
        ),
    ),
    Case(
        "an unknown function",
        lambda c: c.rpc("echo_tex", {"word": "x"}),
        failure=ApiFailure(
            code="PGRST202",
            message="Could not find the function public.echo_tex(word) in the schema cache",
            details="Searched for the function public.echo_tex with parameter word or with a"
            " single unnamed json/jsonb parameter, but no matches were found in the schema cache.",
            hint="Perhaps you meant to call the function public.echo_text",
        ),
    ),
    Case(
        "a schema that is not exposed",
        lambda c: c.schema("secret").table("x").select("*"),
        failure=ApiFailure(
            code="PGRST106",
            message="Invalid schema: secret",
            hint="Only the following schemas are exposed: public, archive",
        ),
    ),
    Case(
        "a bad value",
        lambda c: c.table("master").select("id").eq("id", "x"),
        failure=ApiFailure(code="22P02", message='invalid input syntax for type integer: "x"'),
    ),
    Case(
        "a duplicate",
        lambda c: c.table("master").insert({"name": "Anna"}),
        failure=ApiFailure(
            code="23505",
            message='duplicate key value violates unique constraint "master_name_key"',
            details="Key (name)=(Anna) already exists.",
        ),
        after={"SELECT count(*) FROM master": 5},
    ),
    Case(
        "an orphan",
        lambda c: c.table("booking").insert({"client": "x", "service_id": 77}),
        failure=ApiFailure(
            code="23503",
            message='insert or update on table "booking" violates foreign key constraint'
            ' "booking_service_id_fkey"',
            details='Key (service_id)=(77) is not present in table "service".',
        ),
    ),
    Case(
        "no right",
        lambda c: c.table("booking").select("*"),
        key="anon",
        failure=ApiFailure(code="42501", message="permission denied for table booking"),
    ),
    Case(
        "a write without the right",
        lambda c: c.table("master").delete().eq("id", 3),
        key="anon",
        failure=ApiFailure(code="42501", message="permission denied for table master"),
        after={"SELECT count(*) FROM master": 5},
    ),
    Case(
        "a call by GET that writes",
        lambda c: c.rpc("rename_client", {"old": "ada", "new": "eva"}, get=True),
        failure=ApiFailure(
            code="25006", message="cannot execute UPDATE in a read-only transaction"
        ),
    ),
    Case(
        "what SQL raises",
        lambda c: c.rpc("refuse"),
        failure=ApiFailure(
            code="P0001",
            message="the salon is closed",
            details="it opens at nine",
            hint="come later",
        ),
    ),
    Case(
        "a status that SQL raises",
        lambda c: c.rpc("teapot"),
        failure=ApiFailure(
            code="PT418", message="I am a teapot", details="short", hint="and stout"
        ),
    ),
    Case(
        "a page beyond the end",
        lambda c: c.table("master").select("id", count="exact").range(9, 10),
        failure=ApiFailure(
            code="PGRST103",
            message="Requested range not satisfiable",
            details="An offset of 9 was requested, but there are only 5 rows.",
        ),
    ),
    Case(
        "a filter that is none",
        lambda c: c.table("master").select("id").filter("id", "is", "x"),
        failure=ApiFailure(
            code="PGRST100",
            message='"failed to parse filter (is.x)" (line 1, column 4)',
            details='unexpected "x" expecting isVal: (null, not_null, true, false, unknown)',
        ),
    ),
    Case(
        "an upsert without its constraint",
        lambda c: c.table("booking").upsert({"client": "x", "service_id": 1}, on_conflict="client"),
        failure=ApiFailure(
            code="42P10",
            message="there is no unique or exclusion constraint matching the"
            " ON CONFLICT specification",
        ),
    ),
)
