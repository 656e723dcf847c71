"""Faults in the server itself: an outage, a trigger that refuses, one that counts statements."""

from contextlib import contextmanager

from psycopg import sql

REFUSING = """
CREATE FUNCTION public.planted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'planted' USING ERRCODE = '{code}';
END
$$;
CREATE TRIGGER planted BEFORE {event} ON public.whatsapp_{table}
FOR EACH ROW WHEN ({when}) EXECUTE FUNCTION public.planted();
"""
COUNTING = """
CREATE TABLE public.audit (event text, transaction text);
CREATE FUNCTION public.planted() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
  INSERT INTO public.audit VALUES (TG_OP, pg_current_xact_id()::text);
  RETURN NULL;
END
$$;
CREATE TRIGGER planted AFTER INSERT OR DELETE OR UPDATE ON public.whatsapp_keys
FOR EACH STATEMENT EXECUTE FUNCTION public.planted();
"""


def refuse(way, event, *, code="23514", when="true", table="keys"):
    """Let the server refuse rows of an event."""
    way.sql.execute(REFUSING.format(event=event, code=code, when=when, table=table))


def refuse_tries(way, table, *, code, tries, of="true"):
    """Let the server refuse the first attempts to write one row."""
    # A sequence counts attempts that are rolled back, too.
    way.sql.execute("CREATE SEQUENCE public.tries")
    way.sql.execute("GRANT ALL ON SEQUENCE public.tries TO PUBLIC")
    when = f"{of} AND nextval('public.tries') <= {tries}"
    refuse(way, "INSERT OR UPDATE", code=code, when=when, table=table)


def forgive(way):
    """Take away what was planted."""
    way.sql.execute("DROP FUNCTION IF EXISTS public.planted() CASCADE")
    way.sql.execute("DROP TABLE IF EXISTS public.audit")
    way.sql.execute("DROP SEQUENCE IF EXISTS public.tries")


def count(way):
    """Let the server note each statement."""
    way.sql.execute(COUNTING)


def counted(way):
    """Return the noted events, and in how many transactions they were; forget them."""
    rows = way.sql.execute("DELETE FROM public.audit RETURNING event, transaction").fetchall()
    return sorted(event for event, _ in rows), len({number for _, number in rows})


@contextmanager
def outage(way):
    """Let the database take no connections, and end those that it has."""
    name = way.database.name
    with way.database.server.connect() as server:
        allow = sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS {}")
        server.execute(allow.format(sql.Identifier(name), sql.SQL("false")))
        server.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            " WHERE datname = %s AND pid <> %s",
            (name, way.sql.info.backend_pid),
        )
        try:
            yield
        finally:
            server.execute(allow.format(sql.Identifier(name), sql.SQL("true")))
