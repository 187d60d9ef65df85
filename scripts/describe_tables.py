"""Write what follows from declarations: docs/tables.md, docs/parameters.md, each bundled theatre's datapackage.json."""

from __future__ import annotations

import json
from pathlib import Path

from frontmap.estimate.parameters import parameters_markdown
from frontmap.schema import tables_markdown
from frontmap.theatre import bundled, describe

ROOT = Path(__file__).parent.parent


def main() -> None:
    """Write the files again; run it after a change of the schema, a header, or theatre.toml."""
    (ROOT / "docs" / "tables.md").write_text(tables_markdown(), encoding="utf-8")
    (ROOT / "docs" / "parameters.md").write_text(parameters_markdown(), encoding="utf-8")
    for folder in bundled().values():
        text = json.dumps(describe(folder), indent=2, ensure_ascii=False) + "\n"
        (folder / "datapackage.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
