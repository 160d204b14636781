"""Which modules of this package a stage runs, read from the imports, and their hash.

Snakemake does not see inside imported modules. Each rule therefore carries the hash of the
package modules that its stage imports, directly or not, as a parameter: an edit reruns the
stages that run the edited code and no others, whatever the modification times say.
Docstrings and comments do not count, nor do the fields of a study's ``Parameters``: a point's
values are tracked themselves.
"""

import ast
import functools
import hashlib
from importlib import metadata
from pathlib import Path

from rankscope.errors import InputError
from rankscope.planning import sources

PACKAGE = Path(__file__).parent.parent

NO_NUMBERS = ("rankscope.planning.", "rankscope.errors")
"""Modules that decide which points there are and what is refused, but no number of a point."""

DECIDING = ("numpy", "scipy", "scikit-learn", "torch", "transformers", "peft", "tokenizers")
"""Packages whose version may change a bit of a result, where a stage imports them."""


def closure(*modules: str) -> frozenset[str]:
    """Return the names of all package modules that ``modules`` import, themselves included."""
    found: set[str] = set()
    open_ = list(modules)
    while open_:
        module = open_.pop()
        if module not in found:
            found.add(module)
            open_ += _imports(module)
    return frozenset(found)


def code_hash(*modules: str) -> str:
    """Return a hash of the code of ``modules`` and of all package modules they import.

    Args:
        modules: dotted names inside the package, such as
            ``"rankscope.studies.lora.simulation"``.

    Returns:
        16 hexadecimal digits.
    """
    digest = hashlib.sha256()
    for module in sorted(closure(*modules)):
        if module.startswith(NO_NUMBERS):
            continue
        digest.update(f"{module}\0{_source(module).code}\0".encode())
    return digest.hexdigest()[:16]


def versions(*modules: str) -> str:
    """Return the versions of the packages that decide the numbers of ``modules``."""
    imported = {name for module in closure(*modules) for name in _packages(module)}
    names = {"sklearn": "scikit-learn"}
    used = {names.get(name, name) for name in imported}
    return " ".join(f"{name}={_version(name)}" for name in DECIDING if name in used)


def content_hash(file: Path) -> str:
    """Return a hash of a file's content.

    Raises:
        InputError: if there is no such file.
    """
    try:
        state = file.stat()
    except OSError:
        raise InputError(f"{file} does not exist") from None
    return _content(file, state.st_size, state.st_mtime_ns)


@functools.cache
def _content(file: Path, size: int, changed: int) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()[:16]


@functools.cache
def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "none"


def text_hash(*patterns: str) -> str:
    """Return a hash of the files of this package that match, such as ``"report/*.md"``."""
    digest = hashlib.sha256()
    for file in sorted(file for pattern in patterns for file in PACKAGE.glob(pattern)):
        digest.update(f"{file.relative_to(PACKAGE)}\0".encode() + file.read_bytes())
    return digest.hexdigest()[:16]


def public_functions(module: str) -> tuple[str, ...]:
    """Return the names of a module's public functions, in the order of the file.

    Those of a folder are what its ``__init__`` imports from its modules.
    """
    return tuple(_functions(module))


def docstring(module: str, function: str) -> str:
    """Return the docstring of a module's function without importing the module."""
    return ast.get_docstring(_functions(module)[function]) or ""


def line(module: str, function: str) -> tuple[Path, int]:
    """Return the file and the line of a module's function."""
    return _file(_owners(module).get(function, module)), _functions(module)[function].lineno


def _owners(module: str) -> dict[str, str]:
    """Return the module of each name that a folder's ``__init__`` imports from its modules."""
    return {
        alias.name: node.module
        for node in _tree(module).body
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith(f"{module}.")
        for alias in node.names
    }


@functools.cache
def _functions(module: str) -> dict[str, ast.FunctionDef]:
    own = {
        node.name: node
        for node in _tree(module).body
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")
    }
    imported = {name: _functions(owner)[name] for name, owner in _owners(module).items()}
    return {**imported, **own}


@functools.cache
def path(module: str) -> Path | None:
    """Return the file of a module of this package, or ``None`` if there is none."""
    base = PACKAGE.joinpath(*module.split(".")[1:])
    for candidate in (base.with_suffix(".py"), base / "__init__.py"):
        if candidate.is_file():
            return candidate
    return None


def _file(module: str) -> Path:
    file = path(module)
    if file is None:
        raise ValueError(f"{module} is missing in {PACKAGE}")
    return file


@functools.cache
def _tree(module: str) -> ast.Module:
    return ast.parse(_file(module).read_bytes())


@functools.cache
def _source(module: str) -> sources.Source:
    return sources.read(module, _file(module).read_bytes())


def _packages(module: str) -> frozenset[str]:
    """Return the top-level packages that a module imports itself."""
    return frozenset(imported.split(".")[0] for imported, _ in _source(module).imports)


@functools.cache
def _imports(module: str) -> tuple[str, ...]:
    names = {_owner(*imported) for imported in _source(module).imports}
    return tuple(
        name
        for name in sorted(names)
        # the package itself is for readers: its functions, which no job calls, import everything
        if name.startswith(f"{PACKAGE.name}.") and path(name) is not None
    )


def _owner(module: str, name: str) -> str:
    """Return the submodule that ``from module import name`` reads, or ``module`` itself."""
    inner = f"{module}.{name}"
    return inner if name and module.split(".")[0] == PACKAGE.name and path(inner) else module
