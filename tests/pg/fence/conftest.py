"""A secondary with every way in: views, functions, partitions, children, roles."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest

from changeover.control.move import Move, installed_pairs, read_pairs
from changeover.control.swap import Kind
from changeover.database import Endpoint
from changeover.embedded import Database
from changeover.journey.swap import Driver
from changeover.model.secret import Secret
from changeover.model.settings import MoveSettings, Settings, SwapSettings
from changeover.model.side import Side
from changeover.transfer import capture

TABLES = """
CREATE TABLE public.items (id bigint PRIMARY KEY, note text, UNIQUE (note));
CREATE TABLE public.parts (id bigint, year integer, note text, PRIMARY KEY (id, year))
  PARTITION BY RANGE (year);
CREATE TABLE public.parts_24 PARTITION OF public.parts FOR VALUES FROM (2024) TO (2025);
CREATE TABLE public.parents (id bigint PRIMARY KEY, note text);
CREATE TABLE public.children (more text, PRIMARY KEY (id)) INHERITS (public.parents);
CREATE TABLE public.stays (id bigint PRIMARY KEY);
CREATE TABLE public.hangs (id bigint PRIMARY KEY REFERENCES public.stays ON DELETE CASCADE);
CREATE SEQUENCE public.numbers;
CREATE VIEW public.items_seen AS SELECT id, note FROM public.items;
CREATE FUNCTION public.add_item(new_id bigint) RETURNS void
  LANGUAGE sql SECURITY DEFINER AS 'INSERT INTO public.items (id) VALUES (new_id)';
CREATE FUNCTION public.swallow(new_id bigint) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO public.items (id) VALUES (new_id);
  RETURN 'written';
EXCEPTION WHEN OTHERS THEN
  RETURN 'swallowed';
END $$;
CREATE FUNCTION public.swallow_by_name(new_id bigint) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO public.items (id) VALUES (new_id);
  RETURN 'written';
EXCEPTION WHEN assert_failure THEN
  RETURN 'swallowed';
END $$;
CREATE FUNCTION public.echo() RETURNS trigger LANGUAGE plpgsql AS
  'BEGIN INSERT INTO public.items (id) VALUES (NEW.id + 1000); RETURN NEW; END';
CREATE TRIGGER echo AFTER INSERT ON public.stays FOR EACH ROW WHEN (NEW.id > 100)
  EXECUTE FUNCTION public.echo();
"""
ROWS = """
INSERT INTO public.items VALUES (1, 'a'), (2, 'b');
INSERT INTO public.parts VALUES (1, 2024, 'a');
INSERT INTO public.parents VALUES (1, 'a');
INSERT INTO public.children VALUES (2, 'a', 'b');
INSERT INTO public.stays VALUES (1);
INSERT INTO public.hangs VALUES (1);
"""
NEW_PARTITION = (
    "CREATE TABLE public.parts_25 PARTITION OF public.parts FOR VALUES FROM (2025) TO (2026)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Secondary:
    """A move and its fenced side."""

    move: Move
    side: Side
    database: Database

    def connect(self, user: str | None = None) -> Any:
        """Return a session that begins in `public`, in autocommit; by default the owner's."""
        dsn = self.database.dsn if user is None else self.database.dsn_of(user)
        return psycopg.connect(dsn, autocommit=True, options="-c search_path=public")

    def content(self) -> list[Any]:
        """Return what the moved tables hold."""
        with self.database.connect_as_superuser() as connection:
            return [
                connection.execute(query).fetchall()
                for query in (
                    "SELECT * FROM public.items ORDER BY 1",
                    "SELECT * FROM public.parts ORDER BY 1, 2",
                    "SELECT * FROM public.parents ORDER BY 1",
                    "SELECT * FROM public.hangs ORDER BY 1",
                    "SELECT count(*) FROM changeover.change WHERE table_id <> 0",
                )
            ]


def move_between(databases: dict[Side, Database], state_directory: str, **swap: Any) -> Move:
    """Return a move between two databases that leaves `stays` where it is."""
    return Move(
        owners={side: Endpoint(side=side, dsn=Secret(one.dsn)) for side, one in databases.items()},
        settings=Settings(
            state_directory=state_directory,
            move=MoveSettings(exclude=("public.stays",)),
            swap=SwapSettings(**{"writer_wait_s": 0.4, **swap}),
        ),
    )


@pytest.fixture(scope="module", params=list(Side), ids=str)
def secondary(request, make_module_pair, tmp_path_factory) -> Iterator[Secondary]:
    """Each side as the secondary: the target before a cutover, the source after it."""
    databases = make_module_pair()
    for database in databases.values():
        with database.connect() as connection:
            connection.execute(TABLES)
            connection.execute(ROWS)
    for role in ("anon", "authenticated", "service_role"):
        with databases[Side.SOURCE].connect() as connection:
            connection.execute(f"GRANT ALL ON ALL TABLES IN SCHEMA public TO {role}")
    move = move_between(databases, str(tmp_path_factory.mktemp("state")))
    capture.install_on(move, read_pairs(move))
    with move.connect_owner(Side.TARGET, "test") as target:
        target.execute(
            "INSERT INTO changeover.copy (table_id, state, version)"
            " SELECT table_id, 'copied', 1 FROM changeover.moved_table"
        )
        if request.param is Side.SOURCE:
            Driver(move, Kind.CUTOVER, target).run(installed_pairs(move))
    for database in databases.values():
        with database.connect() as connection:
            connection.execute(NEW_PARTITION)
    return Secondary(move=move, side=request.param, database=databases[request.param])
