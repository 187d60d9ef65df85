"""Frame, border and rivers of the bundled theatre: they are what they say, and the script makes them again."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pytest
import shapely

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "data" / "geo" / "kursk"
# Towns and villages whose side nobody disputes; coordinates from their encyclopaedia articles, to about 1 km.
SUDZHA, TETKINO, RYLSK, KORENEVO = (35.27, 51.19), (34.28, 51.28), (34.68, 51.57), (34.90, 51.41)
BILOPILLIA, YUNAKIVKA, HLUKHIV, KHOTIN = (34.31, 51.15), (35.01, 51.10), (33.91, 51.68), (34.77, 51.08)


def layer(name: str) -> dict[str, object]:
    content: dict[str, object] = json.loads((FOLDER / name).read_text(encoding="utf-8"))
    return content


def shapes(name: str) -> list[shapely.Geometry]:
    features = layer(name)["features"]
    assert isinstance(features, list)
    return [shapely.geometry.shape(f["geometry"]) for f in features]


@pytest.mark.parametrize("name", ["frame.geojson", "border.geojson", "rivers.geojson"])
def test_each_layer_says_where_it_is_from(name: str) -> None:
    content = layer(name)
    assert all(str(content[member]) for member in ("source", "licence", "attribution", "made_by"))
    assert "crs" not in content
    assert all(shape.is_valid and not shape.is_empty for shape in shapes(name))


def test_the_border_cuts_the_frame_in_two_with_known_towns_on_their_sides() -> None:
    (frame,), (border,) = shapes("frame.geojson"), shapes("border.geojson")
    faces = shapely.get_parts(shapely.polygonize(shapely.get_parts(shapely.union(frame.boundary, border))))
    sides = [f for f in faces if frame.contains(f.representative_point())]
    assert len(sides) == 2
    russian = next(s for s in sides if s.contains(shapely.Point(SUDZHA)))
    ukrainian = next(s for s in sides if s is not russian)
    assert all(russian.contains(shapely.Point(p)) for p in (TETKINO, RYLSK, KORENEVO))
    assert all(ukrainian.contains(shapely.Point(p)) for p in (BILOPILLIA, YUNAKIVKA, HLUKHIV, KHOTIN))


def test_rivers_pass_the_towns_that_lie_on_them() -> None:
    seim, psel = shapes("rivers.geojson")
    assert psel.is_simple
    assert seim.distance(shapely.Point(RYLSK)) < 0.03
    assert psel.distance(shapely.Point(35.27, 51.03)) < 0.05  # Myropillia
    (frame,) = shapes("frame.geojson")
    assert all(shapely.covers(frame.buffer(1e-4), river) for river in (seim, psel))


def test_the_script_makes_the_border_and_the_frame_again() -> None:
    missing = [
        name for name in ("scipy", "timezonefinder", "timezonefinder_data") if not importlib.util.find_spec(name)
    ]
    if missing:
        pytest.skip(f"needs {', '.join(missing)} of the extra 'layers': pip install -e '.[layers]'")
    spec = importlib.util.spec_from_file_location("derive_layers", ROOT / "scripts" / "derive_layers.py")
    assert spec is not None
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    frame = script.frame_of(FOLDER / "places.csv")
    for made, name in ((script.frame_layer(frame), "frame.geojson"), (script.border_layer(frame), "border.geojson")):
        assert json.loads(json.dumps(made))["features"] == layer(name)["features"]
