"""The notebooks run from top to bottom in a fresh kernel without a network, and every cell shows something."""

import json
import sys
from importlib import import_module
from pathlib import Path

import pytest
from nbclient import NotebookClient

nbformat = import_module("nbformat")  # its functions are typed only in part; so they are not checked at all
NOTEBOOKS = sorted((Path(__file__).parent.parent / "notebooks").glob("*.ipynb"))

SHUT_NETWORK = """
import socket

def connect_nearby(self, address, connect=socket.socket.connect):
    assert self.family == socket.AF_UNIX or address[0] in {"127.0.0.1", "::1"}, f"reached for {address}"
    return connect(self, address)

socket.socket.connect = connect_nearby
"""


@pytest.fixture
def own_kernel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make `python3` mean the interpreter that runs the tests, whatever kernels are installed."""
    spec = tmp_path / "jupyter" / "kernels" / "python3" / "kernel.json"
    spec.parent.mkdir(parents=True)
    argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    spec.write_text(json.dumps({"argv": argv, "display_name": "tests", "language": "python"}))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "jupyter"))
    monkeypatch.setenv("PYDEVD_DISABLE_FILE_VALIDATION", "1")


@pytest.mark.usefixtures("own_kernel")
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_runs_and_every_cell_shows_something(path: Path, tmp_path: Path) -> None:
    book = nbformat.read(path, as_version=4)
    book.cells.insert(0, nbformat.v4.new_code_cell(SHUT_NETWORK))

    NotebookClient(book, timeout=120, resources={"metadata": {"path": str(tmp_path)}}).execute()

    cells = [cell for cell in book.cells[1:] if cell.cell_type == "code"]
    assert len(cells) > 3
    for cell in cells:
        assert cell.outputs, f"shows nothing:\n{cell.source}"
        warnings = [out.text for out in cell.outputs if out.get("name") == "stderr"]
        assert warnings == [], cell.source
        shown = [out.data.get("text/plain", "") for out in cell.outputs if "data" in out]
        assert not [text for text in shown if text.startswith("Empty DataFrame")], cell.source


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_every_code_cell_is_followed_by_one_sentence_of_reading(path: Path) -> None:
    kinds = [cell.cell_type for cell in nbformat.read(path, as_version=4).cells]

    assert kinds == ["markdown", *["code", "markdown"] * (len(kinds) // 2)]
