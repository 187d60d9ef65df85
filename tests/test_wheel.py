"""Builds the wheel and uses it somewhere else: the theatre and the page's assets must be inside."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
THEATRE_FILES = (
    "places.csv", "reports.csv", "sources.csv", "claims.csv", "theatre.toml",
    "frame.geojson", "border.geojson", "rivers.geojson", "datapackage.json",
)  # fmt: skip


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel with no isolation, hence with no network."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (built,) = folder.glob("*.whl")
    return built


def test_wheel_holds_code_theatre_and_assets(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    assert {f"frontmap/data/geo/kursk/{name}" for name in THEATRE_FILES} <= names
    in_tree = {
        path.relative_to(ROOT / "src").as_posix()
        for path in (ROOT / "src" / "frontmap").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert in_tree <= names
    assert "frontmap/py.typed" in names
    assert not {name for name in names if name.startswith(("tests/", "notebooks/", "benchmarks/"))}


def test_theatre_in_the_wheel_is_that_of_the_repository(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        for name in THEATRE_FILES:
            kept = (ROOT / "data" / "geo" / "kursk" / name).read_bytes()
            assert archive.read(f"frontmap/data/geo/kursk/{name}") == kept, name


def test_wheel_unpacked_elsewhere_loads_the_theatre(wheel: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path)
    # -S with the site folders added behind keeps the editable installation out of sight.
    sites = [path for path in sys.path if path.endswith("site-packages")]
    code = (
        "import sys; sys.path[:0] = [sys.argv[1]]; sys.path += sys.argv[2:]\n"
        "import frontmap as fm; kursk = fm.load('kursk')\n"
        "print(fm.__file__); print(len(kursk.places), len(kursk.reports), len(kursk.claims))"
    )
    done = subprocess.run(
        [sys.executable, "-S", "-c", code, str(tmp_path), *sites],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    module, counts = done.stdout.splitlines()
    assert Path(module).is_relative_to(tmp_path)
    assert counts == "551 970 133"
