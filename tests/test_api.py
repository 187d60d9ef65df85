"""The public names: all there, and cheap to import."""

from __future__ import annotations

import subprocess
import sys

import pytest

import frontmap


def test_every_public_name_is_there() -> None:
    assert all(getattr(frontmap, name) is not None for name in frontmap.__all__)
    assert set(dir(frontmap)) == set(frontmap.__all__)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no_such_name"):
        _ = frontmap.no_such_name


def test_importing_loads_no_heavy_library() -> None:
    code = "import sys, frontmap; print([m for m in ('pandas', 'geopandas', 'folium', 'shapely') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
