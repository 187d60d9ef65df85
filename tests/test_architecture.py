"""Checks that src/frontmap keeps its shape: imports go one way, and each job is done in one place."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

SRC = Path(__file__).parent.parent / "src" / "frontmap"

# A module imports only from those before it. Packages (maps, briefing) count as one step.
ORDER = (
    "errors",
    "spread",
    "schema",
    "crs",
    "dates",
    "files",
    "gazetteer",
    "estimate",
    "theatre",
    "control",
    "topology",
    "voronoi",
    "cells",
    "mesh",
    "runs",
    "rings",
    "zones",
    "areas",
    "series",
    "states",
    "layers",
    "changes",
    "surfaces",
    "reasons",
    "explanation",
    "notes",
    "history",
    "ensembles",
    "claims",
    "export",
    "wording",
    "maps",
    "charts",
    "sheets",
    "briefing",
    "readers",
    "snapshots",
    "validation",
    "cli",
)
# The edges: the only steps that open files of any kind.
EDGES = {"files", "theatre", "export", "wording", "maps", "sheets", "briefing", "readers", "snapshots", "cli"}
OPENERS = {
    "open", "read_text", "read_bytes", "write_text", "write_bytes", "read_csv", "read_file", "read_json",
    "read_parquet", "read_dataframe", "read_excel", "write_dataframe", "to_csv", "to_file", "to_parquet",
    "to_excel", "to_feather", "mkdir", "unlink", "iterdir", "glob", "rglob",
}  # fmt: skip
TREES = {path: ast.parse(path.read_text(encoding="utf-8")) for path in sorted(SRC.rglob("*.py"))}


def step(path: Path) -> str:
    """Return the step of ORDER that a file belongs to; "" for the package's front door."""
    first = path.relative_to(SRC).parts[0].removesuffix(".py")
    return "" if first in {"__init__", "__main__"} else first


def imported_steps(path: Path) -> Iterator[str]:
    """Yield the steps of frontmap that a file imports, wherever in the file it does so."""
    package = ["frontmap", *path.relative_to(SRC).parent.parts]
    for node in ast.walk(TREES[path]):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            names = [f"{module}.{alias.name}" for alias in node.names]
        for name in names:
            parts = name.split(".")
            if parts[0] == "frontmap":
                yield parts[1] if len(parts) > 1 else ""


def called_names(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """Yield the last name of every call, and its line."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            if isinstance(node.func, ast.Attribute):
                yield node.func.attr, node.lineno
            elif isinstance(node.func, ast.Name):
                yield node.func.id, node.lineno


def public_functions(tree: ast.Module) -> Iterator[ast.FunctionDef]:
    """Yield the public functions of a module and the public methods of its public classes."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            yield node
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            for inner in node.body:
                if isinstance(inner, ast.FunctionDef) and not inner.name.startswith("_"):
                    yield inner


def where(path: Path, line: int) -> str:
    """Return a file and line as an editor opens it."""
    return f"{path.relative_to(SRC.parent.parent)}:{line}"


def test_every_module_has_its_place_in_the_order() -> None:
    assert {step(path) for path in TREES} - {""} == set(ORDER)


@pytest.mark.parametrize("path", TREES, ids=lambda path: str(path.relative_to(SRC)))
def test_imports_go_one_way(path: Path) -> None:
    me = step(path)
    if me == "":
        return
    before = ORDER[: ORDER.index(me) + 1]
    wrong = [name for name in imported_steps(path) if name not in before]
    assert wrong == [], f"{me} comes before {wrong} in the order, so it cannot import from there"


@pytest.mark.parametrize("path", TREES, ids=lambda path: str(path.relative_to(SRC)))
def test_every_module_begins_with_one_clear_sentence(path: Path) -> None:
    text = ast.get_docstring(TREES[path]) or ""
    first = text.split("\n\n")[0]
    assert re.fullmatch(r"[A-Z`].{20,}\.", first.replace("\n", " ")), f"{path.name}: {first!r}"
    assert len(first) <= 160, f"{path.name}: say it in one shorter sentence"


def test_public_functions_say_what_they_raise() -> None:
    silent = []
    commands = re.findall(r"^app\.command\(\)\((\w+)\)$", (SRC / "cli" / "__init__.py").read_text(), flags=re.MULTILINE)
    for path, tree in TREES.items():
        for function in public_functions(tree):
            if step(path) == "cli" and function.name in commands:
                continue
            decorators = {ast.unparse(one).split("(")[0] for one in function.decorator_list}
            # A command's docstring is its help text, what it raises its exit code; a property is not called.
            if decorators & {"app.command", "app.callback", "property", "cached_property", "overload"}:
                continue
            text = ast.get_docstring(function) or ""
            if not re.search(r"^Raises\n-{6}$", text, flags=re.MULTILINE):
                silent.append(f"{where(path, function.lineno)} {function.name}")
    assert silent == []


def test_only_crs_reprojects() -> None:
    jobs = {"to_crs", "from_crs", "Transformer"}
    found = [
        f"{where(path, line)} {name}"
        for path, tree in TREES.items()
        if step(path) != "crs"
        for name, line in called_names(tree)
        if name in jobs
    ]
    assert found == []


def test_only_dates_adds_a_day() -> None:
    jobs = {"Timedelta", "timedelta", "timedelta64", "DateOffset", "TimedeltaIndex", "to_timedelta", "Day"}
    found = [
        f"{where(path, line)} {name}"
        for path, tree in TREES.items()
        if step(path) != "dates"
        for name, line in called_names(tree)
        if name in jobs
    ]
    assert found == []


def test_files_are_opened_at_the_edges_only() -> None:
    found = [
        f"{where(path, line)} {name}"
        for path, tree in TREES.items()
        if step(path) not in EDGES
        for name, line in called_names(tree)
        if name in OPENERS
    ]
    assert found == []


def test_only_the_command_line_prints() -> None:
    found = [
        where(path, line)
        for path, tree in TREES.items()
        if step(path) != "cli"
        for name, line in called_names(tree)
        if name == "print"
    ]
    assert found == []


def test_nothing_in_the_code_knows_the_bundled_theatre() -> None:
    found = []
    for path, tree in TREES.items():
        docstrings = {
            id(node.body[0].value)
            for node in ast.walk(tree)
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
            and node.body
            and isinstance(node.body[0], ast.Expr)
        }
        found += [
            f"{where(path, node.lineno)} {node.value[:60]!r}"
            for node in ast.walk(tree)
            if isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and id(node) not in docstrings
            and re.search(r"kursk|sudzha|ukrain|russia", node.value, flags=re.IGNORECASE)
            # The name of the theatre that is loaded when none is named.
            and node.value not in {"kursk", "out/kursk"}
        ]
    assert found == []


def test_no_broad_except_and_no_silenced_checks() -> None:
    found = []
    for path, tree in TREES.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.ExceptHandler):
                names = ast.unparse(node.type) if node.type else "everything"
                if re.search(r"\b(everything|Exception|BaseException)\b", names):
                    reraises = any(isinstance(inner, ast.Raise) and not inner.exc for inner in ast.walk(node))
                    if not reraises:
                        found.append(f"{where(path, node.lineno)} except {names}")
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            if re.search(r"#\s*(noqa|type:\s*ignore)", line):
                found.append(where(path, number))
    assert found == []
