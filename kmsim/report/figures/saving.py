"""A drawn figure as bytes: PNG, and SVG with text as text. No date and no chance ids, so the same figure gives the same bytes."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from kmsim.report.figures.paper import DPI
from kmsim.report.style import RC

COMPRESSION = 3  # of 9: half the time of the usual 6, for a file a twentieth larger
FONTS = "Inter, 'Segoe UI', 'Helvetica Neue', Arial, 'DejaVu Sans', sans-serif"


@dataclass(frozen=True)
class Drawing:
    """One figure drawn, its SVG before it is told where it will stand, and the table and words under it. Ids start with `stem`."""

    stem: str
    figure: Figure
    size: str
    body: str
    table: pd.DataFrame
    words: str

    def svg(self, alt: str, standalone: bool = False) -> str:
        """The SVG, text as text. alt: what it shows, for those who do not see it; standalone: with what a file needs."""
        text = f'<svg viewBox="{self.size}" role="img" aria-label="{_escaped(alt)}">{self.body}'
        if standalone:
            width, height = self.size.split()[2:]
            space = f'xmlns="http://www.w3.org/2000/svg" width="{width}pt" height="{height}pt"'
            text = '<?xml version="1.0" encoding="utf-8"?>\n' + text.replace("<svg ", f"<svg {space} ", 1)
        return text.strip() + "\n"


def drawing(fig: Figure, stem: str, table: pd.DataFrame, words: str) -> Drawing:
    """A figure with its SVG, whose ids start with its name so that several stand in one page; no date, no outside address."""
    buffer = io.StringIO()
    with mpl.rc_context(RC):
        fig.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    text = buffer.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<!--.*?-->\s*", "", text, flags=re.S)
    text = re.sub(r"<metadata>.*?</metadata>\s*", "", text, flags=re.S)
    text = re.sub(r'\bid="([^"]+)"', rf'id="{stem}-\1"', text)
    text = re.sub(r'(?:xlink:)?href="#([^"]+)"', rf'href="#{stem}-\1"', text)
    text = re.sub(r"url\(#([^)]+)\)", rf"url(#{stem}-\1)", text)
    text = re.sub(r"(font: [^;\"]*?)'DejaVu Sans'(?:, sans-serif)?", rf"\1{FONTS}", text)
    text = re.sub(r"font-family: *'DejaVu Sans'", f"font-family: {FONTS}", text)
    head, body = re.match(r"<svg([^>]*)>(.*)", text, flags=re.S).groups()  # type: ignore[union-attr]
    size = re.search(r'viewBox="([^"]+)"', head).group(1)  # type: ignore[union-attr]
    body = re.sub(r"<[^>]*>", lambda tag: re.sub(r"-?\d+\.\d{3,}", _rounded, tag.group()), body)
    return Drawing(stem, fig, size, body, table, words)


def pixels(fig: Figure) -> Image.Image:
    """A figure as a picture, drawn at its own dots an inch."""
    canvas = FigureCanvasAgg(fig)
    with mpl.rc_context(RC):
        canvas.draw()
    return Image.fromarray(np.asarray(canvas.buffer_rgba())[..., :3])


def write_png(picture: Image.Image, path: Path) -> None:
    """A picture into a PNG file, with nothing in it that changes from day to day."""
    picture.save(path, "png", compress_level=COMPRESSION, dpi=(DPI, DPI))


def _rounded(number: re.Match[str]) -> str:
    """Two places are a hundredth of a point; fewer bytes, and the same on every machine."""
    text = f"{float(number.group()):.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def _escaped(text: str) -> str:
    for sign, code in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;")):
        text = text.replace(sign, code)
    return text
