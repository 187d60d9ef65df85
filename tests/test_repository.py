"""Checks what lies in the repository: sizes, notebooks, addresses, licences, citation and make targets."""

import json
import os
import re
import shutil
import subprocess
import tomllib
from datetime import date
from pathlib import Path

import pandas as pd
import pytest
import yaml

ROOT = Path(__file__).parent.parent
BUILT = {
    ".git", ".venv", "out", "dist", "build", "__pycache__", ".hypothesis", ".ipynb_checkpoints",
    ".mypy_cache", ".pytest_cache", ".ruff_cache",
}  # fmt: skip


def kept_files() -> list[Path]:
    """Return every file of the repository that is not built from the others."""
    found = []
    for folder, folders, names in os.walk(ROOT):
        folders[:] = sorted(set(folders) - BUILT)
        found += [Path(folder, name) for name in sorted(names)]
    return found


FILES = kept_files()
TEXTS = [path for path in FILES if path.suffix not in {".png", ".gpkg", ".ico", ".pdf"}]
NOTEBOOKS = [path for path in FILES if path.suffix == ".ipynb"]
THEATRES = sorted(path.parent for path in (ROOT / "data" / "geo").glob("*/theatre.toml"))
# Written in halves so that this file does not find itself.
REGISTRIES = (
    "files.python" + "hosted.org",
    "pypi.org" + "/simple",
    "registry.npm" + "js.org",
    "conda.ana" + "conda.org",
)
ISSUE_FILES = (
    "pyproject.toml", "constraints.txt", "environment.yml", "Makefile", ".ci/run", "LICENSE",
    "DATA-LICENSES.md", "CITATION.cff", "CHANGELOG.md", "CONTRIBUTING.md", "README.md", "docs/method.md",
)  # fmt: skip


def make_targets() -> set[str]:
    """Return the names that `make` can be asked for."""
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    return set(re.findall(r"^([a-z]+):", text, flags=re.MULTILINE))


@pytest.mark.parametrize("name", ISSUE_FILES)
def test_file_exists_and_says_something(name: str) -> None:
    assert len((ROOT / name).read_text(encoding="utf-8")) > 200


def test_no_file_is_larger_than_three_megabytes() -> None:
    large = {str(path.relative_to(ROOT)): path.stat().st_size for path in FILES if path.stat().st_size > 3_000_000}
    assert large == {}


def test_no_file_names_the_address_of_a_package_registry() -> None:
    found = [
        f"{path.relative_to(ROOT)}: {address}"
        for path in TEXTS
        for address in REGISTRIES
        if address in path.read_text(encoding="utf-8", errors="replace")
    ]
    assert found == []


def test_no_lock_file_is_kept() -> None:
    names = {path.name for path in FILES}
    assert not names & {
        "uv.lock",
        "poetry.lock",
        "pdm.lock",
        "Pipfile.lock",
        "package-lock.json",
        "pylock.toml",
    }


def test_five_notebooks_in_order() -> None:
    assert [path.name for path in NOTEBOOKS] == [
        "01-gazetteer.ipynb",
        "02-control-over-time.ipynb",
        "03-areas-and-claims.ipynb",
        "04-briefing-map.ipynb",
        "05-how-sure-are-we.ipynb",
    ]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_notebook_is_stripped_thin_and_names_its_kernel(path: Path) -> None:
    book = json.loads(path.read_text(encoding="utf-8"))
    code = [cell for cell in book["cells"] if cell["cell_type"] == "code"]
    assert [cell["outputs"] for cell in code] == [[]] * len(code)
    assert {cell["execution_count"] for cell in code} == {None}
    assert book["metadata"]["kernelspec"]["name"] == "python3"
    lines = [line for cell in code for line in "".join(cell["source"]).splitlines() if line.strip()]
    assert len(lines) <= 80
    assert not [line for line in lines if re.match(r"\s*(def|class) ", line)]


def test_every_table_and_layer_has_its_licence_described() -> None:
    licences = (ROOT / "DATA-LICENSES.md").read_text(encoding="utf-8")
    assert THEATRES != []
    for theatre in THEATRES:
        package = json.loads((theatre / "datapackage.json").read_text(encoding="utf-8"))
        described = {resource["path"] for resource in package["resources"]}
        for path in theatre.iterdir():
            assert f"`{path.name}`" in licences, f"{path.name} is missing from DATA-LICENSES.md"
        assert {path.name for path in theatre.glob("*.csv")} <= described


def test_licences_of_the_layers_are_named_in_the_files_and_in_the_page() -> None:
    licences = (ROOT / "DATA-LICENSES.md").read_text(encoding="utf-8")
    for theatre in THEATRES:
        border = (theatre / "border.geojson").read_text(encoding="utf-8")
        assert "ODbL" in border
    assert "Open Database License" in licences
    assert "CC BY 4.0" in licences
    assert "CC BY-SA 4.0" in licences
    assert "OpenStreetMap contributors" in licences


def test_every_source_address_is_kept() -> None:
    # Counted by hand in the collected facts: 970 reports of 37 origins, 133 claims, 551 places.
    kursk = ROOT / "data" / "geo" / "kursk"
    tables = {
        name: pd.read_csv(kursk / f"{name}.csv", dtype=str) for name in ("places", "reports", "sources", "claims")
    }
    assert {name: len(table) for name, table in tables.items()} == {
        "places": 551,
        "reports": 970,
        "sources": 37,
        "claims": 133,
    }
    assert tables["reports"]["source_url"].str.startswith("http").all()
    assert tables["claims"]["urls"].str.startswith("http").all()


def test_citation_is_valid() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    # The keys that version 1.2.0 of the format requires.
    assert {"cff-version", "message", "title", "authors"} <= set(citation)
    assert citation["cff-version"] == "1.2.0"
    assert citation["type"] == "software"
    assert citation["title"] == project["name"]
    assert citation["version"] == project["version"]
    assert citation["license"] == project["license"]
    assert all(set(author) == {"name"} for author in citation["authors"])
    assert isinstance(citation["date-released"], date)


def test_changelog_tells_of_the_present_version() -> None:
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    released = re.findall(r"^## \[(.+?)\](?: - \d{4}-\d{2}-\d{2})?$", text, flags=re.MULTILINE)
    assert released[0] in {"Unreleased", project["version"]}
    assert project["version"] in released


def test_ci_calls_make_test() -> None:
    script = ROOT / ".ci" / "run"
    lines = script.read_text(encoding="utf-8").splitlines()
    assert "set -euo pipefail" in lines
    assert lines[-1] == "make test"
    assert os.access(script, os.X_OK)
    subprocess.run(["bash", "-n", script], check=True)


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
def test_make_test_lints_formats_types_and_tests(tmp_path: Path) -> None:
    shutil.copy(ROOT / "Makefile", tmp_path)
    (tmp_path / "pyproject.toml").touch()
    (tmp_path / "constraints.txt").touch()
    done = subprocess.run(["make", "-n", "test"], cwd=tmp_path, capture_output=True, text=True, check=True)
    for command in ("ruff check", "ruff format --check", "mypy", "pytest", "-m venv", "-c constraints.txt"):
        assert command in done.stdout, command


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
def test_make_says_what_to_do_without_a_python_that_is_new_enough(tmp_path: Path) -> None:
    shutil.copy(ROOT / "Makefile", tmp_path)
    (tmp_path / "pyproject.toml").touch()
    (tmp_path / "constraints.txt").touch()
    old = tmp_path / "oldpython"
    old.write_text('#!/bin/sh\n[ "$1" = --version ] && echo "Python 3.8.10" && exit 0\nexit 1\n')
    old.chmod(0o755)
    done = subprocess.run(["make", f"PYTHON={old}", "brief"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "needs Python 3.11 or newer" in done.stderr
    assert "Python 3.8.10" in done.stderr
    assert "make PYTHON=python3.12 brief" in done.stderr
    assert not (tmp_path / ".venv").exists()


def test_every_make_target_of_the_documents_exists() -> None:
    targets = make_targets()
    for name in ("README.md", "CONTRIBUTING.md", "DATA-LICENSES.md", "docs/method.md"):
        text = (ROOT / name).read_text(encoding="utf-8")
        asked = set(re.findall(r"(?:^|`)make ([a-z]+)", text, flags=re.MULTILINE))
        assert asked <= targets, name
    assert {"brief", "test", "notebooks", "bench", "clean", "help", "layers", "picture"} <= targets
