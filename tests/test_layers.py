"""Imports point one way: what each room must not import, read from the sources."""

import subprocess
import sys

import pytest

from rankscope.planning import code, study

MODULES = {
    "rankscope." + ".".join(path.relative_to(code.PACKAGE).with_suffix("").parts)
    for path in code.PACKAGE.rglob("*.py")
    if path.name != "__init__.py"
}
NUMERICS = sorted(name for name in MODULES if name.startswith("rankscope.numerics."))
STUDIES = study.names()
OUTSIDE_STUDIES = sorted(name for name in MODULES if not name.startswith("rankscope.studies."))

MAY_IMPORT = {
    "errors": set(),
    "datasets": {"errors"},
    "numerics": {"numerics"},
    "planning": {"planning", "errors"},
    "evidence": {"evidence", "datasets", "errors"},
    "drawing": {"drawing", "datasets", "errors"},
    "comparison": {"comparison", "drawing", "evidence", "numerics", "planning", "datasets"},
    "probe": {"probe", "numerics", "drawing", "datasets", "errors"},
    "jobs": {"jobs", "planning", "evidence", "drawing", "comparison", "datasets", "errors"},
    "report": {"report", "planning", "evidence", "drawing", "comparison", "datasets", "errors"},
    "running": {
        *("running", "jobs", "planning", "report", "probe", "drawing", "datasets", "errors"),
    },
}
"""Which rooms a room may import; a study's parts have rules of their own below."""

PART_MAY_IMPORT = {
    "parameters": {"planning", "errors"},
    "theory": {"datasets", "errors"},
    "simulation": {"numerics", "probe", "datasets", "errors"},
    "claims": {"evidence", "errors"},
    "plants": {"evidence", "errors"},
    "display": {"evidence", "drawing", "errors"},
    "figures": {"evidence", "drawing", "errors"},
    "tables": {"evidence", "errors"},
    "spectra": {"evidence", "comparison", "errors"},
}
PART_MAY_READ = {
    "plants": {"claims"},
    "display": {"claims"},
    "figures": {"claims", "display"},
    "tables": {"claims"},
}
"""Which other parts of its study a part may import, beside ``parameters``."""
CONTINUES = {
    "rank_budget": ("language_model",),
    "new_classes": ("rank_budget", "trained_networks"),
}
"""Studies that go on with others: a part imports of these what it may import of its own."""


def imports(module: str) -> set[str]:
    """Modules of the package that a module imports itself."""
    return set(code._imports(module))


def room(module: str) -> str:
    return module.split(".")[1]


def external(module: str) -> set[str]:
    """Top-level packages that a module imports itself."""
    return set(code._packages(module))


@pytest.mark.parametrize("module", OUTSIDE_STUDIES)
def test_a_room_imports_only_the_rooms_below_it(module):
    found = {room(name) for name in imports(module) if name != "rankscope"}
    assert found <= MAY_IMPORT[room(module)]


def part_of(name: str, module: str) -> str | None:
    """The part of a study that a module belongs to; ``None`` if it is of another folder."""
    prefix = study.module_name(name, "")
    rest = module.removeprefix(prefix)
    return rest.split(".")[0] if module.startswith(prefix) else None


@pytest.mark.parametrize("name", STUDIES)
def test_a_part_of_a_study_imports_only_what_its_kind_may(name):
    other_studies = [study.module_name(one, "") for one in STUDIES if one != name]
    for module in MODULES:
        part = part_of(name, module)
        if part not in PART_MAY_IMPORT:
            continue
        for found in imports(module):
            if found == "rankscope":
                continue
            if room(found) != "studies":
                assert room(found) in PART_MAY_IMPORT[part], (module, found)
                continue
            parts = [part_of(other, found) for other in CONTINUES.get(name, ())]
            if any(parts):
                allowed = {part, "parameters", *PART_MAY_READ.get(part, ())}
                assert allowed & set(parts), (module, found)
                continue
            assert not found.startswith(tuple(other_studies)), (module, found)
            its_part = part_of(name, found)
            if its_part in PART_MAY_IMPORT:
                allowed = {part, "parameters", *PART_MAY_READ.get(part, ())}
                assert its_part in allowed, (module, found)


@pytest.mark.parametrize("name", STUDIES)
def test_theory_shares_no_code_with_the_measurement(name):
    theory = code.closure(study.module_name(name, "theory"))
    simulation = code.closure(study.module_name(name, "simulation"))
    given = code.closure(study.module_name(name, "parameters"))
    shared = {
        module
        for module in (theory & simulation) - given
        if code.path(module).name != "__init__.py"
    }
    assert shared <= {"rankscope.datasets", "rankscope.errors"}
    assert not {module for module in theory if module.startswith("rankscope.numerics.")}


@pytest.mark.parametrize("module", NUMERICS)
def test_numerics_know_arrays_and_nothing_else(module):
    standard = set(sys.stdlib_module_names)
    assert external(module) - standard <= {"numpy", "scipy", "rankscope"}


def loads_lightly(statement: str, *heavy: str) -> bool:
    command = f"import sys\n{statement}\nsys.exit(any(m in sys.modules for m in {heavy!r}))"
    return subprocess.run([sys.executable, "-c", command], check=False).returncode == 0


@pytest.mark.parametrize("name", STUDIES)
def test_parameters_load_without_numpy(name):
    module = study.module_name(name, "parameters")
    assert loads_lightly(f"import {module}", "numpy", "xarray", "torch", "pandas")


def test_planning_loads_neither_numpy_nor_xarray():
    assert loads_lightly(
        "from rankscope.planning import configuration, limits, study", "numpy", "xarray", "pandas"
    )


@pytest.mark.parametrize("module", sorted(MODULES))
def test_nothing_in_the_package_knows_of_snakemake(module):
    assert "snakemake" not in external(module)


@pytest.mark.parametrize("module", sorted(MODULES))
def test_no_module_is_long(module):
    assert len(code.path(module).read_text().splitlines()) < 400


def test_few_modules_stand_loose_in_the_package():
    assert len(list(code.PACKAGE.glob("*.py"))) <= 6
