"""Find studies and their parts: a study is a folder in ``studies/`` with fixed file names.

A paper is a folder of ``studies/``. It is one study itself, or holds one folder per experiment,
each a study of its own, named ``paper/experiment``.
"""

import importlib
from types import ModuleType

from rankscope.planning import code

FOLDER = code.PACKAGE / "studies"
STAGES = {
    "simulated": ("simulation", "rankscope.jobs.simulate"),
    "predicted": ("theory", "rankscope.jobs.predict"),
}
"""What is computed per point: the part of the study that computes it, and the job."""


def names() -> tuple[str, ...]:
    """Return the names of all studies, sorted."""
    found = [*FOLDER.glob("*/parameters.py"), *FOLDER.glob("*/*/parameters.py")]
    return tuple(sorted(path.parent.relative_to(FOLDER).as_posix() for path in found))


def paper(study: str) -> str:
    """Return the paper that a study belongs to: the first part of its name."""
    return study.split("/")[0]


def module_name(study: str, part: str) -> str:
    """Return the dotted name of a part of a study, such as ``simulation`` or ``figures``."""
    return f"rankscope.studies.{study.replace('/', '.')}.{part}"


def part(study: str, name: str) -> ModuleType:
    """Import a part of a study."""
    return importlib.import_module(module_name(study, name))


def has(study: str, name: str) -> bool:
    """Say whether a study has a part, without importing it."""
    return code.path(module_name(study, name)) is not None


def decides(study: str, stage: str) -> tuple[str, ...]:
    """Return the modules whose code decides the numbers of a stage."""
    part, job = STAGES[stage]
    return module_name(study, part), job


def makes(study: str, name: str) -> tuple[str, ...]:
    """Return what a part makes, one item per public function; nothing if it is missing.

    Used for ``figures`` and ``tables``, without importing them. A part that is a folder makes
    what its ``__init__`` imports from its modules, in that order.
    """
    return code.public_functions(module_name(study, name)) if has(study, name) else ()
