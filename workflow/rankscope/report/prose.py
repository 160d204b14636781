"""Markdown with TeX formulas to HTML with MathML, which browsers draw without a network."""

import functools
import re
from importlib import resources

from latex2mathml import converter
from markdown_it import MarkdownIt
from markupsafe import Markup, escape
from mdit_py_plugins.dollarmath import dollarmath_plugin

from rankscope.evidence.claims import HERE

NAMESPACE = ' xmlns="http://www.w3.org/1998/Math/MathML"'
ESCAPED = re.compile("&#x(?!0003[CE])(?!00026)([0-9A-F]{5});")
"""A character by its number, but for those that HTML needs escaped."""
WHOLE_ROW = re.compile("(<math[^>]*>)<mrow>(.*)</mrow></math>", re.DOTALL)
"""A formula is a row anyway; the converter makes one around each."""
ARXIV = re.compile(r"arXiv[ :](\d{4}\.\d{4,5})")


def markdown(text: str) -> Markup:
    """Render Markdown; ``$...$`` and ``$$...$$`` are formulas. A wide table is scrolled."""
    html = _renderer().render(text)
    html = html.replace("<table>", '<div class="scroll" tabindex="0"><table>')
    return Markup(html.replace("</table>", "</table></div>"))


def caption(text: str) -> Markup:
    """Render a caption, paragraphs of plain text; see `line`."""
    paragraphs = [part for part in text.split("\n\n") if part.strip()]
    return Markup("").join(Markup("<p>{}</p>").format(line(part)) for part in paragraphs)


def line(text: str) -> Markup:
    """Render a paragraph of plain text with ``code`` and ``$...$``.

    Nothing else is markup, so that neither ``*`` nor a line that happens to begin with "1)"
    changes what a docstring says.
    """
    return Markup(_plain().renderInline(" ".join(text.split())))


def abstract(number: str) -> str:
    """Return the address of a paper on arXiv."""
    return f"https://arxiv.org/abs/{number}"


def source(text: str) -> Markup:
    """Render where a statement is from; a paper on arXiv, or a derivation, is linked."""
    if text == HERE:
        return Markup('<a href="#derivations">{}</a>').format(text)
    return Markup(
        ARXIV.sub(
            lambda found: f'<a href="{abstract(found[1])}">arXiv {found[1]}</a>', str(escape(text))
        )
    )


def sections(text: str) -> tuple[str, str, dict[str, str]]:
    """Split a study's prose at its headings.

    Args:
        text: Markdown: one ``#`` heading, an introduction, ``##`` sections.

    Returns:
        The heading, the introduction, and the sections by heading, in order.
    """
    title, _, rest = text.partition("\n")
    introduction, *parts = re.split(r"^## ", rest, flags=re.MULTILINE)
    split = (part.partition("\n") for part in parts)
    return (
        title.lstrip("# ").strip(),
        introduction.strip(),
        {heading.strip(): body.strip() for heading, _, body in split},
    )


def page(text: str) -> tuple[str, Markup, dict[str, Markup]]:
    """Render a text with headings; see `sections`.

    Returns:
        The heading as text; the introduction, and the sections by heading, as HTML.
    """
    title, introduction, parts = sections(text)
    shown = {heading: markdown(body) for heading, body in parts.items()}
    return title, markdown(introduction), shown


def own(name: str) -> str:
    """Return a text file of this package."""
    return resources.files(__package__).joinpath(name).read_text(encoding="utf-8")


LONG = 30
"""Characters of TeX in a line beyond which a formula may be wider than a phone."""

RAISED_PRIME = re.compile(r"<msup>(<mi>[^<]*</mi>)(<mi>&#x02032;</mi>)</msup>")


def formula(tex: str, *, display: bool) -> str:
    """Return TeX mathematics as MathML."""
    markup = converter.convert(tex, display="block" if display else "inline")
    # what HTML knows already, a thousand times
    markup = markup.replace(NAMESPACE, "").replace(' display="inline"', "")
    markup = WHOLE_ROW.sub(r"\1\2</math>", markup)
    markup = ESCAPED.sub(lambda found: chr(int(found[1], 16)), markup)
    # a prime is drawn raised already; in a superscript most fonts raise it out of the line
    markup = RAISED_PRIME.sub(r"<mrow>\1\2</mrow>", markup)
    # on a phone a wide formula is scrolled, by the keyboard too
    if display:
        return f'<span class="formula" tabindex="0">{markup}</span>'
    return f'<span class="wide" tabindex="0">{markup}</span>' if len(tex) > LONG else markup


@functools.cache
def _renderer() -> MarkdownIt:
    return _with_formulas(MarkdownIt("commonmark", {"html": False}).enable("table"))


@functools.cache
def _plain() -> MarkdownIt:
    return _with_formulas(MarkdownIt("zero").enable("backticks"))


def _with_formulas(parser: MarkdownIt) -> MarkdownIt:
    def render(tex: str, options: dict[str, bool]) -> str:
        return formula(tex, display=options["display_mode"])

    return parser.use(dollarmath_plugin, renderer=render, double_inline=True)
