"""Checks that pyproject.toml, environment.yml and constraints.txt name the same packages and bounds."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from rattler import MatchSpec

ROOT = Path(__file__).parent.parent
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
ENVIRONMENT: dict[str, Any] = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
CONDA_LINES: list[str] = [line for line in ENVIRONMENT["dependencies"] if isinstance(line, str)]
PIP_LINES: list[str] = [line for part in ENVIRONMENT["dependencies"] if isinstance(part, dict) for line in part["pip"]]

# PyPI name -> conda-forge name, where the two differ.
CONDA_NAMES = {"playwright": "playwright-python", "matplotlib": "matplotlib-base"}
# On PyPI only, so listed under `pip:`.
ONLY_ON_PYPI = {"axe-playwright-python", "xstatic-leaflet"}


def declared(*extras: str) -> dict[str, SpecifierSet]:
    """Return canonical name -> bounds of the core requirements and of the extras."""
    lines = list(PROJECT["dependencies"])
    for extra in extras:
        lines += PROJECT["optional-dependencies"][extra]
    requirements = [Requirement(line) for line in lines]
    return {canonicalize_name(one.name): one.specifier for one in requirements}


def pinned() -> list[Requirement]:
    """Return the lines of constraints.txt."""
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    return [Requirement(line) for line in lines if not line.startswith("#")]


@pytest.mark.parametrize("line", CONDA_LINES)
def test_every_conda_line_is_a_match_spec(line: str) -> None:
    spec = MatchSpec(line, strict=True)
    assert re.split("[>=]", line)[0] == spec.name.normalized
    assert (spec.version is None) == (line == "pip")


def test_environment_uses_conda_forge_alone() -> None:
    assert ENVIRONMENT["channels"] == ["conda-forge"]


def test_environment_names_the_same_packages_with_the_same_bounds() -> None:
    wanted = declared(*(set(PROJECT["optional-dependencies"]) - {"layers"}))
    conda = {}
    for line in CONDA_LINES:
        spec = MatchSpec(line, strict=True)
        conda[spec.name.normalized] = SpecifierSet(str(spec.version or ""))
    assert conda.pop("python") == SpecifierSet(PROJECT["requires-python"])
    assert conda.pop("pip") == SpecifierSet("")
    assert conda == {CONDA_NAMES.get(name, name): bounds for name, bounds in wanted.items() if name not in ONLY_ON_PYPI}
    pip = {canonicalize_name(one.name): one.specifier for one in map(Requirement, PIP_LINES)}
    assert pip == {name: wanted[name] for name in ONLY_ON_PYPI}


def test_every_requirement_has_a_lower_bound_and_no_upper_one() -> None:
    for name, bounds in declared(*PROJECT["optional-dependencies"]).items():
        operators = [one.operator for one in bounds]
        assert operators[0] in {">=", "=="}, name
        assert not {"<", "<=", "~="} & set(operators), name


def test_issue_extras_exist() -> None:
    assert {"notebooks", "test", "print"} <= set(PROJECT["optional-dependencies"])


def test_constraints_hold_names_and_versions_only() -> None:
    pattern = re.compile(r"[a-z0-9-]+==[0-9][0-9a-z.]*( ; [a-z_]+ .*)?")
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    assert lines[0].startswith("# Written by make constraints")
    for line in lines[1:]:
        assert pattern.fullmatch(line), line
        assert "://" not in line
        assert "@" not in line


def test_constraints_pin_every_requirement_within_its_bounds() -> None:
    pins: dict[str, list[Requirement]] = {}
    for pin in pinned():
        pins.setdefault(canonicalize_name(pin.name), []).append(pin)
    for name, bounds in declared(*PROJECT["optional-dependencies"]).items():
        assert name in pins, f"{name} is not pinned: run make constraints"
        for pin in pins[name]:
            (version,) = [one.version for one in pin.specifier]
            assert version in bounds, f"{name} {version} is outside {bounds}: run make constraints"
