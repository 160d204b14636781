"""The site that ``make docs`` builds: these pages, and the API from its docstrings.

It opens without a network: formulas are MathML, and no page asks for a font or a script of
another site.
"""

import sys
from pathlib import Path

from docutils import nodes
from latex2mathml import converter
from sphinx.application import Sphinx
from sphinx.writers.html5 import HTML5Translator

sys.path.insert(0, str(Path(__file__).parent.parent / "workflow"))

import rankscope

project = "rankscope"
author = "the rankscope developers"
project_copyright = author
version = release = rankscope.__version__
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx.ext.apidoc"]
exclude_patterns = ["api/modules.rst"]
html_theme = "furo"
html_title = f"rankscope {release}"
html_copy_source = False
html_math_renderer = "mathml"

myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 3
# pages link to sources outside of docs/ too, which a reader of the repository follows
suppress_warnings = ["myst.xref_missing"]

napoleon_use_ivar = True  # fields of dataclasses are not documented twice
autodoc_typehints = "description"
autodoc_member_order = "bysource"
apidoc_separate_modules = True
apidoc_modules = [
    {
        "path": "../workflow/rankscope",
        "destination": "api",
        # what a study is made of and read with, not what runs it
        "exclude_patterns": [
            f"**/{room}" for room in ("studies", "running", "jobs", "report", "probe")
        ],
    }
]


def _formula(writer: HTML5Translator, node: nodes.Element, display: str) -> None:
    writer.body.append(converter.convert(node.astext(), display=display))
    raise nodes.SkipNode


def setup(app: Sphinx) -> None:
    """Render formulas as MathML."""
    app.add_html_math_renderer(
        "mathml",
        (lambda writer, node: _formula(writer, node, "inline"), None),
        (lambda writer, node: _formula(writer, node, "block"), None),
    )
