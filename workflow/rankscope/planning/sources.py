"""What the source of a module imports and says, remembered from process to process.

To read all modules takes a second, and every command and job asks. What was read stands beside
Python's own compiled files, under the hash of the source.
"""

import ast
import atexit
import contextlib
import functools
import hashlib
import importlib.util
import json
import os
import sys
from pathlib import Path
from typing import Any, NamedTuple

MEMORY = Path(importlib.util.cache_from_source(__file__)).with_suffix(".json")

_UNTRACKED = {"check", "cost"}
"""Methods of ``Parameters`` that decide no number: what is refused, and what jobs ask for."""


class Source(NamedTuple):
    """What decides about the source of a module.

    Attributes:
        imports: ``(module, name)`` of each ``from module import name`` at any depth, and
            ``(module, "")`` of each ``import module``; relative ones are left out.
        code: hash of the code without docstrings, comments and fields of ``Parameters``.
    """

    imports: tuple[tuple[str, str], ...]
    code: str


def read(name: str, text: bytes) -> Source:
    """Return what a module's source says; the name tells one module's memory from another's."""
    own, memory = hashlib.sha256(text).hexdigest(), _memory()
    if name not in memory or memory[name][0] != own:
        tree = ast.parse(text)
        memory[name] = [own, _imports(tree), _code(tree)]  # _code changes the tree
        _save_at_exit()
    _, imports, code = memory[name]
    return Source(tuple((module, part) for module, part in imports), code)


def _imports(tree: ast.Module) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [(alias.name, "") for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            found += [(node.module, alias.name) for alias in node.names]
    return sorted(set(found))


def _code(tree: ast.Module) -> str:
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(
            node, clean=False
        ):
            node.body = node.body[1:] or [ast.Pass()]
        if isinstance(node, ast.ClassDef) and node.name == "Parameters":
            node.body = [part for part in node.body if not _is_untracked(part)] or [ast.Pass()]
    return hashlib.sha256(ast.unparse(tree).encode()).hexdigest()


def _is_untracked(part: ast.stmt) -> bool:
    if isinstance(part, ast.FunctionDef):
        return part.name in _UNTRACKED
    return isinstance(part, ast.AnnAssign)


@functools.cache
def _maker() -> str:
    """Return what reads sources: another version of it, or of Python, may read otherwise."""
    return hashlib.sha256(Path(__file__).read_bytes() + sys.version.encode()).hexdigest()


@functools.cache
def _memory() -> dict[str, list[Any]]:
    with contextlib.suppress(OSError, ValueError):  # none yet, or cut off
        kept = json.loads(MEMORY.read_text(encoding="utf-8"))
        if kept["maker"] == _maker():
            return kept["sources"]
    return {}


@functools.cache
def _save_at_exit() -> None:
    if not sys.dont_write_bytecode:
        atexit.register(_save)


def _save() -> None:
    new = MEMORY.with_suffix(f".{os.getpid()}")
    with contextlib.suppress(OSError):  # as Python does where it may not write
        MEMORY.parent.mkdir(parents=True, exist_ok=True)
        new.write_text(json.dumps({"maker": _maker(), "sources": _memory()}), encoding="utf-8")
        new.replace(MEMORY)
