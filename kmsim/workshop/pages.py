"""The built page's own files, read once when the server starts: nothing else of the machine can be asked for."""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable

_TYPES = {
    ".js": "text/javascript",
    ".css": "text/css",
    ".woff2": "font/woff2",
    ".svg": "image/svg+xml",
    ".html": "text/html",
}
_TEXT = (".js", ".css", ".svg", ".html", ".json", ".txt")
_NOT_BUILT = (
    '<!doctype html><html lang="en"><meta charset="utf-8"><title>kmsim workshop</title>'
    "<p>The page has not been built: run <code>npm ci</code> and <code>npm run build</code> in web/.</p></html>"
)
INDEX, GUIDE = "index.html", "guide.html"


@dataclass(frozen=True)
class Page:
    """A file of the page: its bytes, the same packed (None where that saves nothing), its type and its tag."""

    data: bytes
    packed: bytes | None
    kind: str
    tag: str


def pages() -> dict[str, Page]:
    """Path below the page's folder -> file. With no page built, an index that says so.

    >>> "index.html" in pages()
    True
    """
    folder = files("kmsim.workshop").joinpath("page")
    found = dict(_walk(folder)) if folder.is_dir() else {}
    found.setdefault(INDEX, _page(INDEX, _NOT_BUILT.encode()))
    return found


def _walk(folder: Traversable, path: str = ""):
    for entry in folder.iterdir():
        if entry.is_dir():
            if entry.name != "__pycache__":
                yield from _walk(entry, f"{path}{entry.name}/")
        elif not entry.name.endswith((".py", ".map")) and not entry.name.startswith("."):
            yield path + entry.name, _page(entry.name, entry.read_bytes())


def _page(name: str, data: bytes) -> Page:
    ending = name[name.rfind(".") :]
    kind = _TYPES.get(ending) or mimetypes.guess_type(name)[0] or "application/octet-stream"
    packed = gzip.compress(data, 9, mtime=0) if ending in _TEXT else None
    charset = "; charset=utf-8" if ending in _TEXT else ""
    return Page(data, packed, kind + charset, '"' + hashlib.sha256(data).hexdigest()[:16] + '"')
