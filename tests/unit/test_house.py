"""The rules of the house that a program can hold: docs/style in short, checked on every file."""

import ast
import importlib
import pkgutil
import re
import subprocess
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import changeover

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted((ROOT / "src").rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("test_*.py"))

FUNCTION_LINES_MAX = 70
MODULE_LINES_MAX = 400

# Either a statement in capitals, or words in any case that only a statement puts side by side.
STATEMENT = re.compile(
    r"""\s* (?:
        (?:SELECT|INSERT|UPDATE|DELETE|MERGE|WITH|VALUES|CREATE|ALTER|DROP|TRUNCATE|LOCK|GRANT
          |REVOKE|COPY|SET|RESET|SHOW|CALL|DO|EXPLAIN|ANALYZE|VACUUM|REFRESH|COMMENT|LISTEN
          |NOTIFY|BEGIN|COMMIT|ROLLBACK|SAVEPOINT|RELEASE|PREPARE|EXECUTE|DECLARE|FETCH)\s
      | (?i: select\s.*\sfrom\s | insert\s+into\s | delete\s+from\s | update\s+\S+\s+set\s
          | (?:create|alter|drop)\s+(?:table|index|function|schema|role|trigger|view)\s )
    )""",
    re.VERBOSE | re.DOTALL,
)

Rule = Callable[[ast.Module, list[str]], Iterator[str]]


def module_docstring(tree: ast.Module, _lines: list[str]) -> Iterator[str]:
    """Yield a complaint when the module doesn't say what it owns."""
    if not ast.get_docstring(tree):
        yield "1: module without a docstring"


def module_length(_tree: ast.Module, lines: list[str]) -> Iterator[str]:
    """Yield a complaint when the module is too long."""
    if len(lines) > MODULE_LINES_MAX:
        yield f"1: {len(lines)} lines, at most {MODULE_LINES_MAX}"


def functions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Yield every function and method of a module, nested ones too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def function_length(tree: ast.Module, _lines: list[str]) -> Iterator[str]:
    """Yield a complaint per function that is too long, its docstring included."""
    for node in functions(tree):
        lines = (node.end_lineno or node.lineno) - node.lineno + 1
        if lines > FUNCTION_LINES_MAX:
            yield f"{node.lineno}: {node.name} has {lines} lines, at most {FUNCTION_LINES_MAX}"


def docstring_of_tests(tree: ast.Module, _lines: list[str]) -> Iterator[str]:
    """Yield a complaint per test that doesn't say what it holds."""
    for node in functions(tree):
        if node.name.startswith("test_") and not ast.get_docstring(node):
            yield f"{node.lineno}: {node.name} has no docstring"


def literal_texts(node: ast.expr) -> Iterator[str]:
    """Yield the literal beginnings of a string expression, from every part of a sum."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.JoinedStr):
        yield "".join(
            str(part.value) if isinstance(part, ast.Constant) else "_" for part in node.values
        )
    elif isinstance(node, ast.BinOp):
        yield from literal_texts(node.left)
        yield from literal_texts(node.right)


def built_texts(node: ast.AST) -> Iterator[str]:
    """Yield the literal texts of a string that is put together at run time, else nothing."""
    match node:
        case ast.JoinedStr(values=parts) if any(isinstance(p, ast.FormattedValue) for p in parts):
            yield from literal_texts(node)
        case ast.BinOp(op=ast.Add() | ast.Mod()):
            yield from literal_texts(node)
        case ast.Call(func=ast.Attribute(attr="format" | "join", value=ast.Constant() as text)):
            yield from literal_texts(text)


def walk_outside_errors(node: ast.AST) -> Iterator[ast.AST]:
    """Yield a tree's nodes but those inside `SomeError(...)`: a hint may show a statement."""
    yield node
    if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("Error"):
        return
    for child in ast.iter_child_nodes(node):
        yield from walk_outside_errors(child)


def no_built_sql(tree: ast.Module, _lines: list[str]) -> Iterator[str]:
    """Yield a complaint per SQL statement that is made by f-string, %, + or str.format."""
    for node in walk_outside_errors(tree):
        if any(STATEMENT.match(text) for text in built_texts(node)):
            yield f"{node.lineno}: SQL put together as text"  # type: ignore[attr-defined]


def no_clock_or_file(tree: ast.Module, _lines: list[str]) -> Iterator[str]:
    """Yield a complaint per call that reads the clock, a file or the environment."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(attr="now" | "utcnow" | "today" as name)):
                yield f"{node.lineno}: {name}() reads the clock"
            case ast.Call(func=ast.Name(id="open" | "print" | "input" as name)):
                yield f"{node.lineno}: {name}() leaves the process"
            case ast.Attribute(value=ast.Name(id="os"), attr="environ" | "getenv" as name):
                yield f"{node.lineno}: os.{name} reads the environment"


def complaints(rule: Rule, paths: list[Path]) -> list[str]:
    """Return what a rule says of the files, as `path:line: text`."""
    found = []
    for path in paths:
        text = path.read_text(encoding="utf-8")
        said = rule(ast.parse(text), text.splitlines())
        found += [f"{path.relative_to(ROOT)}:{line}" for line in said]
    return found


@pytest.mark.parametrize(
    "rule",
    [module_docstring, module_length, function_length, no_built_sql],
    ids=lambda r: r.__name__,
)
def test_sources_keep_the_rule(rule):
    """Every module under src keeps the rule."""
    assert SOURCES
    assert complaints(rule, SOURCES) == []


@pytest.mark.parametrize("room", ["engine", "model"])
def test_a_pure_room_gets_everything_as_a_value(room):
    """The engine and the model read no clock, file or environment; values come in."""
    inside = [path for path in SOURCES if f"changeover/{room}/" in path.as_posix()]
    assert complaints(no_clock_or_file, inside) == []


def test_no_module_is_named_after_nothing():
    """Every module is named after what it owns."""
    vague = {"utils", "util", "helpers", "helper", "common", "misc", "tools"}
    assert [str(path) for path in SOURCES if {path.stem, path.parent.name} & vague] == []


def test_every_test_says_what_it_holds():
    """Every test function has a docstring."""
    assert complaints(docstring_of_tests, TESTS) == []


LONG_FUNCTION = "def long():\n" + "    x = 1\n" * FUNCTION_LINES_MAX


@pytest.mark.parametrize(
    ("rule", "bad", "good"),
    [
        (module_docstring, "x = 1", '"""Owns x."""'),
        (module_length, "x = 1\n" * (MODULE_LINES_MAX + 1), "x = 1\n" * MODULE_LINES_MAX),
        (function_length, LONG_FUNCTION, LONG_FUNCTION.replace("    x = 1\n", "", 1)),
        (docstring_of_tests, "def test_x(): pass", 'def test_x():\n    """It holds."""'),
        (no_built_sql, 'f"SELECT {x}"', 'sql.SQL("SELECT {}").format(x)'),
        (no_built_sql, 'f"""\n  select a from {x}"""', 'f"select the table {x}"'),
        (no_built_sql, '"DELETE FROM %s" % x', 'f"{x} SELECT"'),
        (no_built_sql, 'f"drop table {x}"', 'f"cannot drop table {x}"'),
        (no_built_sql, '"a" + ("SELECT 1" + x)', '"selected " + x'),
        (no_built_sql, '"SET x = {}".format(x)', '"{} rows".format(x)'),
        (no_built_sql, '"SELECT a ".join(x)', '", ".join(x)'),
        (no_built_sql, 'run(hint=f"ALTER TABLE {x}")', 'NoKeyError(hint=f"ALTER TABLE {x}")'),
        (no_clock_or_file, "datetime.now(UTC)", "clock.time"),
        (no_clock_or_file, "open(path)", "value.open"),
        (no_clock_or_file, 'os.environ["PGHOST"]', 'environment["PGHOST"]'),
    ],
)
def test_a_rule_sees_what_breaks_it(rule, bad, good):
    """Each rule complains of a planted breach and is silent beside it."""
    assert list(rule(ast.parse(bad), bad.splitlines()))
    assert not list(rule(ast.parse(good), good.splitlines()))


def test_every_sql_file_says_what_it_returns():
    """Every SQL file begins with a comment."""
    files = sorted((ROOT / "src" / "changeover").rglob("*.sql"))
    silent = [
        str(path.relative_to(ROOT))
        for path in files
        if not re.match(r"--\s*\S|/\*", path.read_text(encoding="utf-8"))
    ]
    assert silent == []


def import_everything() -> None:
    """Import every module of the house, so that every class of it exists."""
    for module in pkgutil.walk_packages(changeover.__path__, "changeover."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)


def descendants(base: type) -> Iterator[type]:
    """Yield every class below a class, once per way to it."""
    for child in base.__subclasses__():
        yield child
        yield from descendants(child)


def errors_of_the_house() -> set[type]:
    """Return the base error and every class below it that the house defines."""
    errors = importlib.import_module("changeover.model.errors")
    import_everything()
    tree = {errors.ChangeoverError, *descendants(errors.ChangeoverError)}
    return {error for error in tree if error.__module__.startswith("changeover.")}


def test_every_error_has_a_code_of_its_own():
    """No two errors share a code, and none lives on its parent's."""
    codes: dict[str, list[str]] = {}
    for error in errors_of_the_house():
        codes.setdefault(vars(error).get("code", "none of its own"), []).append(error.__name__)
    assert len(codes) > 1
    assert "none of its own" not in codes, sorted(codes["none of its own"])
    assert {code: names for code, names in codes.items() if len(names) > 1} == {}


def test_every_error_lives_in_the_model():
    """Every error of the house is defined where its reader looks for it."""
    elsewhere = {
        f"{error.__module__}.{error.__name__}"
        for error in errors_of_the_house()
        if error.__module__ not in {"changeover.model.errors", "changeover.model.row_errors"}
    }
    assert elsewhere == set()


# A password is what stands between ":" and "@", unless it is visibly a placeholder.
SECRETS = re.compile(
    r"postgres(?:ql)?(?:\+\w+)?://[^\s:/@\"'`]*:(?![*<{$%\[]|\.\.\.)[^\s@/\"'`]+@"
    r"|sb_secret_[A-Za-z0-9_-]{16,}"
    r"|-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----"
)


def tracked_files() -> list[Path]:
    """Return the files that git tracks here, as paths."""
    # A checkout may belong to somebody else than who tests it.
    command = ["git", "-c", "safe.directory=*", "ls-files", "-z"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    return [ROOT / name for name in listed.stdout.split("\0") if name]


def test_no_secret_is_tracked():
    """No tracked file holds a connection URL with a password, or a private key."""
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout: nothing is tracked")
    paths = [path for path in tracked_files() if path.is_file()]
    assert paths
    leaks = [
        str(path.relative_to(ROOT))
        for path in paths
        if SECRETS.search(path.read_text(encoding="utf-8", errors="replace"))
    ]
    assert leaks == []


@pytest.mark.parametrize(
    ("text", "is_secret"),
    [
        ("postgres://" + "app:hunter2@db", True),
        ("postgresql+psycopg://" + "app:hunter2@db", True),
        ("sb_secret_" + "a" * 24, True),
        ("-----BEGIN " + "RSA PRIVATE KEY-----", True),
        ("postgres://app:***@db", False),
        ("postgresql://app:$PGPASSWORD@db", False),
        ("postgresql://app:[YOUR-PASSWORD]@db", False),
        ("postgresql://app@db:5432/x", False),
    ],
)
def test_a_secret_is_told_from_a_placeholder(text, is_secret):
    """The search for secrets finds planted ones and passes over placeholders."""
    assert bool(SECRETS.search(text)) is is_secret


def written(requirement: str) -> tuple[str, str]:
    """Return name and version range of a requirement as pyproject.toml writes it."""
    name, _extras, specifier = re.fullmatch(
        r"([A-Za-z0-9._-]+)(\[[^\]]*\])?\s*([^;]*).*", requirement
    ).groups()
    return name.lower(), specifier.strip()


def test_the_lock_file_belongs_to_the_project():
    """Every requirement of pyproject.toml stands in uv.lock as it is written, and no other."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    lock = tomllib.loads((ROOT / "uv.lock").read_text(encoding="utf-8"))
    (own,) = [package for package in lock["package"] if package["name"] == "changeover"]
    extras = project["project"]["optional-dependencies"].values()
    groups = project["dependency-groups"].values()
    wanted = [project["project"]["dependencies"], *extras, *groups]
    metadata = own["metadata"]
    locked = [metadata["requires-dist"], *metadata["requires-dev"].values()]
    assert {written(text) for part in wanted for text in part} == {
        (entry["name"], entry.get("specifier", "")) for part in locked for entry in part
    }
