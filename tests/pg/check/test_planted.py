"""Each fault is planted once in a healthy move, and check must call it by its name."""

from dataclasses import dataclass

import pytest

from changeover.model.settings import MoveSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Plant:
    """A fault and what check must make of it; `found_on` where that is another side."""

    code: str
    subject: str
    severity: str
    script: str
    side: str = "source"
    is_superuser: bool = False
    found_on: str = ""


PLANTED = (
    Plant(
        code="CK-VISIBLE-HIDDEN",
        subject="public.item",
        severity="refuse",
        side="target",
        script="""
            ALTER TABLE public.item ENABLE ROW LEVEL SECURITY;
            ALTER TABLE public.item FORCE ROW LEVEL SECURITY
        """,
    ),
    Plant(
        code="CK-VISIBLE-READ",
        subject="public.item",
        severity="refuse",
        side="target",
        script="REVOKE SELECT ON public.item FROM app_owner",
    ),
    Plant(
        code="CK-VISIBLE-WRITE",
        subject="public.item",
        severity="refuse",
        side="target",
        script="REVOKE DELETE ON public.item FROM app_owner",
    ),
    Plant(
        code="CK-VISIBLE-OPEN-POLICY",
        subject="public.item",
        severity="warn",
        script="""
            ALTER TABLE public.item ENABLE ROW LEVEL SECURITY;
            CREATE POLICY open ON public.item USING (true) WITH CHECK (true)
        """,
    ),
    Plant(
        code="CK-TABLE-UNLOGGED",
        subject="public.quick",
        severity="refuse",
        script="CREATE UNLOGGED TABLE public.quick (id int PRIMARY KEY)",
    ),
    Plant(
        code="CK-TABLE-FOREIGN",
        subject="public.far",
        severity="refuse",
        is_superuser=True,
        script="""
            CREATE FOREIGN DATA WRAPPER nowhere;
            CREATE SERVER nowhere FOREIGN DATA WRAPPER nowhere;
            CREATE FOREIGN TABLE public.far (id int) SERVER nowhere
        """,
    ),
    Plant(
        code="CK-TABLE-NO-KEY",
        subject="public.heap",
        severity="refuse",
        script="CREATE TABLE public.heap (id int)",
    ),
    Plant(
        code="CK-TABLE-MISFIT",
        subject="public.item",
        severity="refuse",
        script="ALTER TABLE public.item ADD extra text",
    ),
    Plant(
        code="CK-TABLE-MISSING",
        subject="public.more",
        severity="refuse",
        found_on="target",
        script="CREATE TABLE public.more (id int PRIMARY KEY)",
    ),
    Plant(
        code="CK-TABLE-NOT-EMPTY",
        subject="public.item",
        severity="refuse",
        side="target",
        script="INSERT INTO public.item VALUES (7, 'whose?')",
    ),
    Plant(
        code="CK-TABLE-RULE",
        subject="public.item",
        severity="refuse",
        side="target",
        script="CREATE RULE away AS ON DELETE TO public.item DO INSTEAD NOTHING",
    ),
    Plant(
        code="CK-TABLE-RULE",
        subject="public.item",
        severity="warn",
        script="CREATE RULE beside AS ON INSERT TO public.item DO ALSO NOTIFY item",
    ),
    Plant(
        code="CK-TABLE-INHERITS",
        subject="public.child",
        severity="warn",
        script="CREATE TABLE public.child (PRIMARY KEY (id)) INHERITS (public.item)",
    ),
    Plant(
        code="CK-TABLE-IDENTITY",
        subject="public.numbered",
        severity="note",
        script="CREATE TABLE public.numbered (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY)",
    ),
    Plant(
        code="CK-TABLE-GENERATED",
        subject="public.item",
        severity="note",
        script="ALTER TABLE public.item ADD twice bigint GENERATED ALWAYS AS (id * 2) STORED",
    ),
    Plant(
        code="CK-TABLE-REPLICA-IDENTITY",
        subject="public.item",
        severity="refuse",
        script="""
            ALTER TABLE public.item REPLICA IDENTITY NOTHING;
            ALTER PUBLICATION supabase_realtime ADD TABLE public.item
        """,
    ),
    Plant(
        code="CK-TABLE-PUBLISHED",
        subject="public.item",
        severity="warn",
        side="target",
        is_superuser=True,
        script="CREATE PUBLICATION everything FOR ALL TABLES",
    ),
    Plant(
        code="CK-COLUMN-OID",
        subject="public.item.picture",
        severity="warn",
        script="ALTER TABLE public.item ADD picture oid",
    ),
    Plant(
        code="CK-COLUMN-CATALOG",
        subject="public.item.kind",
        severity="warn",
        script="ALTER TABLE public.item ADD kind regclass[]",
    ),
    Plant(
        code="CK-COLUMN-TRANSACTION",
        subject="public.item.seen",
        severity="warn",
        script="ALTER TABLE public.item ADD seen xid8",
    ),
    Plant(
        code="CK-DATABASE-LARGE-OBJECTS",
        subject="large objects",
        severity="refuse",
        script="SELECT lo_from_bytea(0, 'x')",
    ),
    Plant(
        code="CK-TYPE-LABELS",
        subject="public.mood",
        severity="refuse",
        found_on="target",
        script="ALTER TYPE public.mood ADD VALUE 'glad'",
    ),
    Plant(
        code="CK-TYPE-DIFFERS",
        subject="public.item.note",
        severity="warn",
        side="target",
        script="ALTER TABLE public.item ALTER note TYPE varchar(5)",
    ),
    Plant(
        code="CK-TYPE-OUTSIDE",
        subject="elsewhere.colour",
        severity="refuse",
        found_on="target",
        script="""
            CREATE SCHEMA elsewhere;
            CREATE TYPE elsewhere.colour AS ENUM ('red');
            ALTER TABLE public.item ADD colours elsewhere.colour[]
        """,
    ),
    Plant(
        code="CK-SEQUENCE-ELSEWHERE",
        subject="elsewhere.numbers",
        severity="refuse",
        script="""
            CREATE SCHEMA elsewhere;
            CREATE SEQUENCE elsewhere.numbers;
            ALTER TABLE public.item ALTER id SET DEFAULT nextval('elsewhere.numbers')
        """,
    ),
    Plant(
        code="CK-SEQUENCE-UNOWNED",
        subject="public.numbers",
        severity="warn",
        script="""
            CREATE SEQUENCE public.numbers;
            ALTER TABLE public.item ALTER id SET DEFAULT nextval('public.numbers')
        """,
    ),
    Plant(
        code="CK-SEQUENCE-RIGHT",
        subject="public.theirs",
        severity="refuse",
        side="target",
        is_superuser=True,
        script="CREATE SEQUENCE public.theirs",
    ),
    Plant(
        code="CK-SEQUENCE-ROOM",
        subject="public.small",
        severity="warn",
        script="""
            CREATE SEQUENCE public.small MAXVALUE 100;
            SELECT setval('public.small', 95)
        """,
    ),
    Plant(
        code="CK-SEQUENCE-OWNER",
        subject="public.numbered_id_seq",
        severity="note",
        script="CREATE TABLE public.numbered (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY)",
    ),
    Plant(
        code="CK-WRITER-TRIGGER",
        subject="auth.users.on_user",
        severity="refuse",
        script="""
            CREATE FUNCTION public.note_it(n text) RETURNS void LANGUAGE sql BEGIN ATOMIC
            INSERT INTO public.item VALUES (2, n); END;
            CREATE FUNCTION public.on_user() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN
            PERFORM public.note_it(NEW.email); RETURN NULL; END';
            CREATE TRIGGER on_user AFTER UPDATE ON auth.users FOR EACH ROW EXECUTE FUNCTION
            public.on_user()
        """,
    ),
    Plant(
        code="CK-WRITER-TRIGGER",
        subject="auth.users.on_look",
        severity="warn",
        script="""
            CREATE FUNCTION public.on_look() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN
            PERFORM FROM public.item; RETURN NULL; END';
            CREATE TRIGGER on_look AFTER UPDATE ON auth.users FOR EACH ROW
            EXECUTE FUNCTION public.on_look()
        """,
    ),
    Plant(
        code="CK-WRITER-FOREIGN-KEY",
        subject="public.item.item_owner_fkey",
        severity="refuse",
        script="ALTER TABLE public.item ADD owner uuid REFERENCES auth.users ON DELETE SET NULL",
    ),
    Plant(
        code="CK-WRITER-REFERENCE",
        subject="kept.log.log_item_fkey",
        severity="warn",
        script="""
            CREATE SCHEMA kept;
            CREATE TABLE kept.log (item bigint REFERENCES public.item)
        """,
    ),
    Plant(
        code="CK-FENCE-SWALLOWED",
        subject="public.calm()",
        severity="refuse",
        script="""
            CREATE FUNCTION public.calm() RETURNS void LANGUAGE plpgsql AS $$ BEGIN UPDATE
            public.item SET note = ''; EXCEPTION WHEN assert_failure THEN NULL; END $$
        """,
    ),
    Plant(
        code="CK-FENCE-SWALLOWED",
        subject="public.strange()",
        severity="warn",
        is_superuser=True,
        script="""
            CREATE LANGUAGE plstrange HANDLER plpgsql_call_handler;
            CREATE FUNCTION public.strange() RETURNS void LANGUAGE plstrange AS 'BEGIN END'
        """,
    ),
    Plant(
        code="CK-WRITER-CRON",
        subject="cron job 1 tidy",
        severity="refuse",
        script="""
            CREATE SCHEMA cron;
            CREATE TABLE cron.job AS SELECT 1::bigint AS jobid, 'tidy' AS jobname, 'delete
            from item where id < 0' AS command, current_database() AS database, true AS
            active
        """,
    ),
    Plant(
        code="CK-EFFECT-CRON",
        subject="cron job 2",
        severity="warn",
        side="target",
        script="""
            CREATE SCHEMA cron;
            CREATE TABLE cron.job AS SELECT 2::bigint AS jobid, 'VACUUM' AS command,
            current_database() AS database, true AS active
        """,
    ),
    Plant(
        code="CK-EFFECT-CRON-HIDDEN",
        subject="target cron.job",
        severity="refuse",
        side="target",
        is_superuser=True,
        script="""
            CREATE SCHEMA cron;
            CREATE TABLE cron.job (jobid bigint, command text, database text, active
            boolean);
            ALTER TABLE cron.job ENABLE ROW LEVEL SECURITY;
            GRANT USAGE ON SCHEMA cron TO PUBLIC;
            GRANT SELECT ON cron.job TO PUBLIC
        """,
    ),
    Plant(
        code="CK-EFFECT-WEBHOOK",
        subject="public.item.tell",
        severity="refuse",
        is_superuser=True,
        script="""
            CREATE SCHEMA supabase_functions;
            CREATE FUNCTION supabase_functions.http_request() RETURNS trigger LANGUAGE
            plpgsql AS 'BEGIN RETURN NULL; END';
            CREATE TRIGGER tell AFTER INSERT ON public.item FOR EACH ROW EXECUTE FUNCTION
            supabase_functions.http_request('https://example.org', 'POST', 'planted-secret')
        """,
    ),
    Plant(
        code="CK-EFFECT-EVENT-TRIGGER",
        subject="event trigger watch",
        severity="note",
        is_superuser=True,
        script="""
            CREATE FUNCTION public.watch() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN
            END';
            CREATE EVENT TRIGGER watch ON ddl_command_end EXECUTE FUNCTION public.watch()
        """,
    ),
    Plant(
        code="CK-EFFECT-EVENT-TRIGGER",
        subject="event trigger watch",
        severity="refuse",
        is_superuser=True,
        script="""
            CREATE FUNCTION public.watch() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN
            END';
            CREATE ROLE test_watcher SUPERUSER;
            CREATE EVENT TRIGGER watch ON ddl_command_end EXECUTE FUNCTION public.watch();
            ALTER EVENT TRIGGER watch OWNER TO test_watcher
        """,
    ),
)

MOOD = "CREATE TYPE public.mood AS ENUM ('sad')"


@pytest.mark.parametrize("plant", PLANTED, ids=lambda plant: f"{plant.code}-{plant.severity}")
def test_a_planted_fault_is_called_by_its_name(field, plant):
    """A fault that was planted is found, with its side, its subject, its weight and a next act."""
    for each in ("source", "target"):
        field.plant(MOOD, side=each)
    field.plant(plant.script, side=plant.side, is_superuser=plant.is_superuser)
    report = field.check()
    finding = field.found(report, plant.code, plant.subject)
    # What belongs to both sides has none.
    assert (finding.side or plant.side) == (plant.found_on or plant.side)
    assert finding.severity == plant.severity
    assert finding.subject.rsplit(".", 1)[-1].rsplit(" ", 1)[-1].rstrip("s") in finding.fact
    assert finding.fix or finding.severity == "note"
    assert "planted-secret" not in repr(report)


def test_nothing_is_found_where_nothing_was_planted(field):
    """Of all codes that the faults above have, a healthy move shows passes only."""
    for each in ("source", "target"):
        field.plant(MOOD, side=each)
    codes = {plant.code for plant in PLANTED}
    told = [f for f in field.check().findings if f.code in codes and f.severity != "pass"]
    assert told == []


def test_whole_tables_need_no_key(field):
    """A table without a key that is carried whole by choice is not refused."""
    field.plant("CREATE TABLE public.heap (id int)")
    report = field.check(move=MoveSettings(whole=("public.heap",)))
    assert [f.severity for f in report.findings if f.code == "CK-TABLE-NO-KEY"] == ["pass"]


def test_a_scope_that_names_nothing_is_refused(field):
    """A table that the configuration names and the source lacks is a finding, and so is none."""
    report = field.check(move=MoveSettings(exclude=("public.itme",)))
    assert "public.itme" in field.found(report, "CK-SCOPE-UNKNOWN").fact
    empty = field.check(move=MoveSettings(schemas=("nothing",)))
    assert field.found(empty, "CK-SCOPE-EMPTY").severity == "refuse"


def test_an_extension_is_missed(field):
    """An extension that a moved column needs is asked for, installed or not offered at all."""
    field.plant(
        "CREATE EXTENSION vector SCHEMA extensions",
        "ALTER TABLE public.item ADD place extensions.vector(3)",
        is_superuser=True,
    )
    finding = field.found(field.check(), "CK-EXTENSION-MISSING")
    assert (finding.severity, finding.subject) == ("warn", "extension vector")
    assert "public.item" in finding.fact
    field.plant(
        "UPDATE pg_extension SET extname = 'vectors' WHERE extname = 'vector'", is_superuser=True
    )
    assert field.found(field.check(), "CK-EXTENSION-MISSING").severity == "refuse"


def test_a_subscription_into_a_moved_table_is_found(field):
    """A subscription that feeds a moved table has to be answered."""
    field.plant("ALTER PUBLICATION supabase_realtime ADD TABLE public.item")
    publisher = field.pair.source.superuser_dsn.replace("'", "''")
    field.plant(
        f"CREATE SUBSCRIPTION feed CONNECTION '{publisher}' PUBLICATION supabase_realtime"
        " WITH (enabled = false, create_slot = false, slot_name = NONE)",
        side="target",
        is_superuser=True,
    )
    finding = field.found(field.check(), "CK-WRITER-SUBSCRIPTION")
    assert (finding.side, finding.severity) == ("target", "refuse")
    assert "public.item" in finding.fact
