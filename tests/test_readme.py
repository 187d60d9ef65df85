"""Runs what the README tells a newcomer to run."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from frontmap.cli import app

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    """Return the README's fenced blocks of one language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", README, flags=re.MULTILINE | re.DOTALL)


SHELL_LINES = [line for block in blocks("sh") for line in block.splitlines() if line.strip()]
MAKE_LINES = [line for line in SHELL_LINES if line.startswith("make ")]
FRONTMAP_LINES = [line for line in SHELL_LINES if line.startswith("frontmap ")]


@pytest.fixture
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in an empty folder that sees the repository's data, as a clone does."""
    (tmp_path / "data").symlink_to(ROOT / "data")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_readme_shows_only_commands_that_are_run_here() -> None:
    assert SHELL_LINES == MAKE_LINES + FRONTMAP_LINES
    assert MAKE_LINES == ["make brief", "make test"]
    commands = {line.split()[1] for line in FRONTMAP_LINES}
    assert commands == {"brief", "areas", "change", "claims", "explain", "uncertainty", "places", "check"}


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
@pytest.mark.parametrize("line", MAKE_LINES)
def test_make_commands_are_known_to_make(line: str) -> None:
    done = subprocess.run([*shlex.split(line), "-n"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert {"make brief": "frontmap brief", "make test": "-m pytest"}[line] in done.stdout


@pytest.mark.parametrize("line", FRONTMAP_LINES)
def test_frontmap_commands_run(line: str, workplace: Path) -> None:
    result = CliRunner().invoke(app, shlex.split(line)[1:])
    assert result.exit_code == 0, result.output
    assert result.stdout.strip()
    if line == "frontmap brief":
        assert (workplace / "out" / "kursk" / "briefing.html").stat().st_size > 50_000


def test_the_lines_of_python_run(workplace: Path) -> None:
    (code,) = blocks("python")
    lines = [line for line in code.splitlines() if line.strip() and not line.startswith("import ")]
    assert len(lines) == 5
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=workplace,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src"), "PYTHONUTF8": "1"},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=True,
    )
    assert "area_km2" in done.stdout
    assert "Berdin" in done.stdout
    page = (workplace / "kursk.html").read_text(encoding="utf-8")
    assert "Leaflet" in page


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", "DATA-LICENSES.md", "docs/method.md"])
def test_links_to_files_lead_somewhere(name: str) -> None:
    page = ROOT / name
    targets = re.findall(r"\]\(([^)#\s]+)", page.read_text(encoding="utf-8"))
    local = [target for target in targets if "://" not in target]
    assert [target for target in local if not (page.parent / target).exists()] == []


def test_the_picture_is_there_and_modest() -> None:
    picture = (ROOT / "docs" / "briefing.png").read_bytes()
    assert picture[:8] == b"\x89PNG\r\n\x1a\n"
    assert 20_000 < len(picture) < 1_000_000
