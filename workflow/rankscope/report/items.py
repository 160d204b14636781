"""Figures and tables of the results, each with its caption, as the report shows them."""

import dataclasses
import io
import re
from pathlib import Path
from typing import Any

import pandas as pd
from markupsafe import Markup
from PIL import Image

from rankscope.errors import MissingError
from rankscope.report import formats, prose


@dataclasses.dataclass(frozen=True, kw_only=True)
class Item:
    """A figure or a further table, with its caption.

    Attributes:
        name: the function that makes it.
        title: the first paragraph of the docstring of its function, as HTML.
        caption: the rest of that docstring, as HTML.
        file: where the workflow writes it.
        content: the picture as a data URL, or the table as HTML.
        pixels: width and height of a picture.
        seen: what a picture shows, in words.
    """

    name: str
    title: Markup
    caption: Markup
    file: Path
    content: str
    pixels: tuple[int, int] = (0, 0)
    seen: str = ""


def read(file: Path) -> pd.DataFrame:
    """Read a table of the results.

    Raises:
        MissingError: if it has not been made.
    """
    if not file.exists():
        raise MissingError(f"{file} does not exist; `make study` makes it")
    return pd.read_csv(file)


def records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of a table by column; what is missing is an empty text."""
    rows = table.astype(object).where(table.notna(), "").to_dict("records")
    return [{str(key): value for key, value in row.items()} for row in rows]


def picture(file: Path, docstring: str) -> Item:
    """Embed a PNG with its caption, as WebP of 128 colours, which is two fifths smaller."""
    if not file.exists():
        raise MissingError(f"{file} does not exist; `make figures` draws it")
    title, caption = title_and_caption(docstring)
    with Image.open(file) as opened, io.BytesIO() as buffer:
        few = opened.convert("RGB").quantize(
            128, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE
        )
        few.convert("RGB").save(buffer, "WEBP", lossless=True, method=4, quality=100)
        content = formats.data_url("image/webp", buffer.getvalue())
        pixels, seen = opened.size, str(opened.info.get("Description", ""))
    return Item(
        name=file.stem,
        title=title,
        caption=caption,
        file=file,
        content=content,
        pixels=pixels,
        seen=seen,
    )


def table(file: Path, docstring: str) -> Item:
    """Show a CSV table with its caption."""
    title, caption = title_and_caption(docstring)
    content = html(read(file).map(formats.number))
    return Item(name=file.stem, title=title, caption=caption, file=file, content=content)


def title_and_caption(docstring: str) -> tuple[Markup, Markup]:
    """Split a docstring after its first paragraph."""
    title, _, rest = docstring.partition("\n\n")
    return prose.line(title), prose.caption(rest)


def html(shown: pd.DataFrame) -> Markup:
    """Return a table as HTML, a row in a line; its cells are escaped."""
    text = shown.to_html(index=False, border=0, na_rep="")
    return Markup(re.sub(r">\n +<", "><", text).replace("</tr>", "</tr>\n"))
