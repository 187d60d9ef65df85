"""A folium map, and any page, as one file that asks for nothing and is refused if it would."""

from __future__ import annotations

import base64
import hashlib
import os
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote

import folium
from branca.element import Figure
from folium.template import Template

from frontmap.errors import OutputError
from frontmap.files import atomic_write_text
from frontmap.maps.escape import address, escape
from frontmap.maps.scripts import CODE_ID, PACKED_TYPE, asset, inflated, leaflet
from frontmap.wording import language

__all__ = ["OfflineMap", "checked_page", "fetchable", "save_page", "seal"]


_POLICY = "default-src 'none'; base-uri 'none'; form-action 'none'; script-src {scripts}; style-src {styles}"
_POLICY_TAG = re.compile(r'<meta http-equiv="Content-Security-Policy"[^>]*>')
_SCRIPT = re.compile(r"<script(?P<attributes>[^>]*)>(?P<body>.*?)</script\s*>", re.DOTALL | re.IGNORECASE)
_STYLE = re.compile(r"<style[^>]*>(?P<body>.*?)</style\s*>", re.DOTALL | re.IGNORECASE)
_DATA = re.compile(r"<script[^>]*application/(?:json|deflate)[^>]*>.*?</script>", re.DOTALL | re.IGNORECASE)
_STYLE_ATTRIBUTE = re.compile(r"""\sstyle\s*=\s*["']""", re.IGNORECASE)
_CODE = re.compile(rf'<script type="{PACKED_TYPE}" id="{CODE_ID}">([^<]*)</script>')
_DATA_TYPE = re.compile(r"""(?<![\w-])type\s*=\s*["']?application/(?:json|deflate)""", re.IGNORECASE)
_CSS_FETCH = re.compile(r"url\(\s*(?![\"']?#)|@import|image-set\(|behavior\s*:", re.IGNORECASE)
_JS_FETCH = re.compile(
    r"\btileLayer\b|\bfetch\s*\(|\bXMLHttpRequest\b|\bimportScripts\b|\bimport\s*\(|\bWebSocket\b|"
    r"\bEventSource\b|\bsendBeacon\b|\bnew\s+Image\b|\bimageOverlay\b|https?:[^\s\"'`]*\{[xyzs]\}|"
    r"\bRTCPeerConnection\b|\bWorker\s*\(|\bserviceWorker\b|\bwindow\.open\s*\(|"
    r"\blocation(?:\.href)?\s*=(?!=)|\blocation\.(?:assign|replace)\s*\(",
)
_FETCHING_ATTRIBUTES = {
    "action", "archive", "background", "classid", "codebase", "data", "formaction", "icon", "lowsrc", "manifest",
    "ping", "poster", "profile", "src", "srcset",
}  # fmt: skip
_FETCHING_TAGS = {"applet", "base", "embed", "frame", "iframe", "object", "portal"}
_TEXT_ATTRIBUTES = {"title", "alt", "content", "value", "aria-label", "placeholder"}


class _Finder(HTMLParser):
    """Collects what a browser would fetch, run or follow by itself."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _FETCHING_TAGS:
            self.found.append(f"<{tag}>")
        for name, given in attrs:
            self._look(tag, name.lower(), (given or "").strip())
        values = {name.lower(): (given or "").lower() for name, given in attrs}
        if tag == "meta" and values.get("http-equiv") == "refresh":
            self.found.append("<meta http-equiv=refresh>")

    def _look(self, tag: str, name: str, value: str) -> None:
        asks = name in _FETCHING_ATTRIBUTES or name.startswith("on")
        if name in {"href", "xlink:href"}:
            asks = not value.startswith("#") and (tag != "a" or address(value) is None)
        if asks or (name not in _TEXT_ATTRIBUTES and _CSS_FETCH.search(value)):
            self.found.append(f"<{tag} {name}={value[:60]!r}>")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)


def fetchable(html: str) -> list[str]:
    """List everything in a page that a browser would ask another place for.

    Parameters
    ----------
    html
        A whole page.

    Returns
    -------
    list of str
        Short descriptions; empty when the page is complete in itself. Links that wait for a click (``<a>`` with
        an http or https address) are allowed, event handlers in attributes are not.

    Raises
    ------
    OutputError
        If Leaflet, whose own text is not searched, is not installed.
    """
    library = leaflet().script
    finder = _Finder()
    finder.feed(html)
    finder.close()
    found = finder.found
    for script in _scripts(html):
        found += [f"script: {hit.group()}" for hit in _JS_FETCH.finditer(script.replace(library, ""))]
    for style in _STYLE.finditer(html):
        found += [f"style: {hit.group()}" for hit in _CSS_FETCH.finditer(style["body"])]
    return found


def seal(html: str) -> str:
    """Put a Content-Security-Policy into a page that allows exactly its own scripts and styles.

    Parameters
    ----------
    html
        A whole page with a ``<head>``; a policy that `seal` wrote before is replaced.

    Returns
    -------
    str
        The page; nothing but the inline scripts and styles it holds now will run or load. Style attributes, which
        folium's popups write, are allowed only in a page that has some; they can fetch nothing either.

    Raises
    ------
    OutputError
        If Leaflet is not installed.
    """
    html = _POLICY_TAG.sub("", html)
    scripts = _scripts(html)
    own = _DATA.sub("", html.replace(leaflet().script, ""))
    attributes = "; style-src-attr 'unsafe-inline'" if _STYLE_ATTRIBUTE.search(own) else ""
    policy = _POLICY.format(
        scripts=_hashes(scripts), styles=_hashes([found["body"] for found in _STYLE.finditer(html)])
    )
    tag = f'<meta http-equiv="Content-Security-Policy" content="{policy}{attributes}">'
    return re.sub(r"(<head[^>]*>)", lambda head: head.group() + tag, html, count=1)


def _scripts(html: str) -> list[str]:
    """Take the scripts that a page runs, the packed ones too."""
    inline = [found["body"] for found in _SCRIPT.finditer(html) if not _DATA_TYPE.search(found["attributes"])]
    return inline + [inflated(found[1]) for found in _CODE.finditer(html)]


def _hashes(texts: list[str]) -> str:
    """Write the texts' hashes as a policy names them; browsers read every line end as a line feed first."""
    digests = [
        base64.b64encode(hashlib.sha256(text.replace("\r\n", "\n").replace("\r", "\n").encode()).digest()).decode()
        for text in texts
    ]
    return " ".join(f"'sha256-{digest}'" for digest in dict.fromkeys(digests)) or "'none'"


def checked_page(html: str, name: str) -> str:
    """Seal a page and refuse it if it would ask for anything.

    Parameters
    ----------
    html
        A whole page, sealed or not.
    name
        What the page is called in the message.

    Returns
    -------
    str
        The sealed page.

    Raises
    ------
    OutputError
        If the page holds anything fetchable.
    """
    sealed = seal(html)
    found = fetchable(sealed)
    if found:
        listed = "; ".join(found[:5]) + (f"; and {len(found) - 5} more" if len(found) > 5 else "")
        raise OutputError(f"{name} not written: the page would ask for files: {listed}; next: remove these parts")
    return sealed


def save_page(html: str, path: str | Path) -> Path:
    """Write a page, unless it would ask for anything.

    Parameters
    ----------
    html
        A whole page, sealed or not.
    path
        Where to write; an existing file is replaced in one step or not at all.

    Returns
    -------
    Path
        The written file.

    Raises
    ------
    OutputError
        If the page holds anything fetchable, or the file cannot be written.
    """
    return atomic_write_text(path, checked_page(html, str(path)))


class OfflineFigure(Figure):
    """The page around an offline map: language, title, landmarks, free zoom, and the sealing policy."""

    _template = Template(
        '<!DOCTYPE html>\n<html lang="{{ this.lang }}">\n<head>\n'
        '<meta charset="utf-8">\n<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta http-equiv="x-dns-prefetch-control" content="off">\n<meta name="referrer" content="no-referrer">\n'
        "<title>{{ this.escaped_title }}</title>\n{{ this.header.render(**kwargs) }}\n</head>\n"
        "<body>\n<main>\n{{ this.html.render(**kwargs) }}\n</main>\n"
        "<script>{{ this.script.render(**kwargs) }}</script>\n</body>\n</html>\n"
    )

    def __init__(self, *, title: str, lang: str, height: str | None) -> None:
        super().__init__(height=height)
        self.lang = escape(lang)
        self.escaped_title = escape(title)
        self.header._children.clear()

    def render(self, **kwargs: object) -> str:
        """Render the whole page, sealed by its Content-Security-Policy.

        Parameters
        ----------
        **kwargs
            Handed to the templates of folium.

        Returns
        -------
        str
            The page.

        Raises
        ------
        jinja2.TemplateError
            If a layer's template cannot be rendered.
        """
        return seal(str(super().render(**kwargs)))


class OfflineMap(folium.Map):
    """A folium map whose scripts and styles come from installed packages, without tiles and without requests.

    Layers of folium that need nothing further can be added as usual; `save` refuses what would ask for files.

    Parameters
    ----------
    location
        Latitude and longitude of the centre in degrees (EPSG:4326).
    title
        Title of the page, any text.
    lang
        Language of the page.
    name
        Name of the map in the page; letters, digits and underscores.
    height
        Height of the frame in a notebook, as in ``"640px"``.
    zoom_start
        Zoom at the beginning.

    Examples
    --------
    >>> page = OfflineMap((51.2, 35.3), title="Sample").get_root().render()
    >>> fetchable(page)
    []
    """

    _template = Template(
        """
        {% macro header(this, kwargs) %}
        <style>{{ this.leaflet.style }}</style>
        <style>html, body { height: 100%; margin: 0; } main { height: 100%; }
        .folium-map { width: 100%; height: 100%; }</style>
        <script>{{ this.leaflet.script }}</script>
        <script>{{ this.prelude }}</script>
        {% endmacro %}
        {% macro html(this, kwargs) %}
        <div class="folium-map" id="{{ this.get_name() }}"></div>
        {% endmacro %}
        {% macro script(this, kwargs) %}
        var {{ this.get_name() }} = L.map("{{ this.get_name() }}", Object.assign(
            { center: {{ this.location|tojson }} }, {{ this.options|tojavascript }}));
        {% endmacro %}
        """
    )

    def __init__(
        self,
        location: tuple[float, float],
        *,
        title: str,
        lang: str = "en",
        name: str = "map",
        height: str = "640px",
        zoom_start: int = 9,
    ) -> None:
        super().__init__(location=location, tiles=None, zoom_start=zoom_start)
        self.default_js, self.default_css = [], []
        self.lang = lang
        self.saved: Path | None = None
        self.leaflet = leaflet()
        self.prelude = asset("prelude.js").replace("(version)", self.leaflet.version)
        self._id = re.sub(r"\W", "", name)
        OfflineFigure(title=title, lang=lang, height=height).add_child(self)

    def save(self, outfile: str | bytes | Path | BinaryIO, close_file: bool = True, **kwargs: object) -> Path | None:
        """Write the map as one file.

        Parameters
        ----------
        outfile
            Where to write: a path, or a file open for writing bytes.
        close_file
            Whether an open file is closed afterwards.
        **kwargs
            Handed to the rendering of folium.

        Returns
        -------
        Path or None
            The written file; None for a file that was open.

        Raises
        ------
        OutputError
            If a layer would ask for files from elsewhere, or the file cannot be written.
        """
        html = self.get_root().render(**kwargs)
        if isinstance(outfile, str | bytes | Path):
            self.saved = save_page(html, Path(os.fsdecode(outfile)))
            return self.saved
        outfile.write(checked_page(html, "the map").encode())
        if close_file:
            outfile.close()
        return None

    def _repr_html_(self, **kwargs: object) -> str:
        """Show the map in a notebook; once saved, with a link to the file, which notebooks that run no script need."""
        shown = str(super()._repr_html_(**kwargs))
        if self.saved is None:
            return shown
        beside = os.path.relpath(self.saved)
        link = f'<a href="{escape(quote(Path(beside).as_posix()))}" target="_blank">{escape(self.saved.name)}</a>'
        before, after = language(self.lang).words["savedFile"].split("{file}")
        return f"{shown}<p>{escape(before)}{link}{escape(after)}</p>"
