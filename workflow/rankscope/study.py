"""Find studies and their parts: a study is a folder in ``studies/`` with fixed file names."""

import importlib
from types import ModuleType

from rankscope import sources

FOLDER = sources.PACKAGE / "studies"


def names() -> tuple[str, ...]:
    """Return the names of all studies, sorted."""
    return tuple(sorted(path.parent.name for path in FOLDER.glob("*/parameters.py")))


def module_name(study: str, part: str) -> str:
    """Return the dotted name of a part of a study, such as ``simulation`` or ``figures``."""
    return f"rankscope.studies.{study}.{part}"


def part(study: str, name: str) -> ModuleType:
    """Import a part of a study."""
    return importlib.import_module(module_name(study, name))


def makes(study: str, name: str) -> tuple[str, ...]:
    """Return what a part makes, one item per public function; nothing if it is missing.

    Used for ``figures`` and ``tables``, without importing them.
    """
    module = module_name(study, name)
    return sources.public_functions(module) if sources.path(module) else ()
