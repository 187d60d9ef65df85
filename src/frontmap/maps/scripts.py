"""Scripts and styles that pages carry: Leaflet from an installed package, and the project's own; plain or packed."""

from __future__ import annotations

import base64
import re
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution
from importlib.resources import files
from pathlib import Path

from frontmap.errors import OutputError

__all__ = [
    "CODE_ID",
    "PACKED_TYPE",
    "Leaflet",
    "asset",
    "deflated",
    "inflated",
    "leaflet",
    "packed_script",
    "page_script",
]

LEAFLET_PACKAGE = "XStatic-Leaflet"
PACKED_TYPE = "application/deflate"
CODE_ID = "frontmap-code"
PAGE_PARTS = (
    "base", "inflate", "numbers", "view", "model", "page", "words", "patterns", "outlines", "drawing", "labels",
    "legend", "compare", "place", "claims", "search", "charts", "time", "link", "start",
)  # fmt: skip

_BESIDE_MAPS = r"leaflet-(?:popup|tooltip|control-layers|oldie|div-icon|image-layer|touch)|lvml"


@dataclass(frozen=True)
class Leaflet:
    """Leaflet as the installed package carries it.

    Attributes
    ----------
    version : str
        Version of Leaflet.
    script, style : str
        The library and its style sheet, without the parts that would ask for further files.
    licence : str
        Its licence text, with the copyright line of the library itself.
    """

    version: str
    script: str
    style: str
    licence: str

    @property
    def map_style(self) -> str:
        """The style sheet without what a map alone does not show: popups, tooltips, lists of layers, old browsers."""
        return re.sub(rf"[^{{}}]*(?:{_BESIDE_MAPS})[^{{}}]*\{{[^{{}}]*\}}", "", self.style)


@cache
def asset(name: str, package: str = "frontmap.maps") -> str:
    """Read one of the project's own files for pages.

    Parameters
    ----------
    name
        File name inside the ``assets`` folder.
    package
        The package whose assets are meant.

    Returns
    -------
    str
        The text of the file; scripts and styles without indentation and comments of whole lines.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    """
    text = files(package).joinpath("assets", name).read_text(encoding="utf-8")
    if not name.endswith((".js", ".css")):
        return text
    text = re.sub(r"^\s*/\*.*?\*/$", "", text, flags=re.DOTALL | re.MULTILINE)
    text = re.sub(r"^\s+", "", text, flags=re.MULTILINE)
    return re.sub(r"([{;:,]) | (?=[{}])", r"\1", text) if name.endswith(".css") else text


@cache
def page_script() -> str:
    """Put the parts of the page's own script together.

    Returns
    -------
    str
        JavaScript that defines ``frontmap``, whose ``start`` brings a page to life.

    Raises
    ------
    FileNotFoundError
        If a part is missing.
    """
    parts = "\n".join(asset(f"page/{name}.js") for name in PAGE_PARTS)
    return f'"use strict";\nvar frontmap = (function () {{\n{parts}\nreturn {{ start, Model }};\n}}());'


def deflated(text: str) -> str:
    """Compress a text into letters that are inert anywhere in a page.

    Parameters
    ----------
    text
        Any text.

    Returns
    -------
    str
        The text in UTF-8, deflated and written as base64.

    Raises
    ------
    UnicodeEncodeError
        If the text holds half a character.
    """
    return base64.b64encode(zlib.compress(text.encode(), 9)).decode()


def inflated(letters: str) -> str:
    """Read back what `deflated` wrote.

    Parameters
    ----------
    letters
        Base64.

    Returns
    -------
    str
        The text.

    Raises
    ------
    ValueError
        If this is no base64 or no text.
    zlib.error
        If it was not deflated.
    """
    return zlib.decompress(base64.b64decode(letters)).decode()


def packed_script(scripts: Iterable[str]) -> str:
    """Write scripts compressed, with the few lines that unpack and run them.

    Parameters
    ----------
    scripts
        Scripts that run one after the other; a page holds one such pack.

    Returns
    -------
    str
        HTML: an inert element and a script. `seal` allows exactly what is packed, `fetchable` searches it.

    Raises
    ------
    FileNotFoundError
        If the script that unpacks is missing.
    """
    code = "\n".join(scripts).replace("\r\n", "\n").replace("\r", "\n")
    unpack = f'"use strict";\n{asset("page/inflate.js")}\n{asset("unpack.js")}'
    return f'<script type="{PACKED_TYPE}" id="{CODE_ID}">{deflated(code)}</script><script>{unpack}</script>'


@cache
def leaflet() -> Leaflet:
    """Read Leaflet from the installed package ``XStatic-Leaflet``.

    Returns
    -------
    Leaflet
        Script, style and licence.

    Raises
    ------
    OutputError
        If the package is not installed or holds other files than expected.
    """
    try:
        package = distribution(LEAFLET_PACKAGE)
    except PackageNotFoundError as error:
        raise OutputError(f"maps need the package {LEAFLET_PACKAGE}; next: install it") from error
    texts = {
        Path(str(file)).name: file.read_text(encoding="utf-8")
        for file in package.files or []
        if str(file).endswith(("data/leaflet.js", "data/leaflet.css"))
    }
    if set(texts) != {"leaflet.js", "leaflet.css"}:
        raise OutputError(f"{LEAFLET_PACKAGE} holds no leaflet.js and leaflet.css; next: install it again")
    script = re.sub(r"^//# sourceMappingURL=.*$", "", texts["leaflet.js"], flags=re.MULTILINE).strip()
    style = re.sub(r"/\*.*?\*/", "", texts["leaflet.css"], flags=re.DOTALL)
    style = re.sub(r"\s+", " ", re.sub(r"[^;{}]*\burl\([^)]*\)[^;}]*;?", "", style))
    version = ".".join(package.version.split(".")[:3])
    found = re.search(r"\(c\)[^\n*]*", script)
    notice = found.group().strip() if found else "(c) the Leaflet contributors"
    return Leaflet(version, script, style, asset("leaflet-licence.txt").replace("(notice)", notice))
