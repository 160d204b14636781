"""Imports point one way: what each layer must not import, read from the sources."""

import subprocess
import sys

import pytest

from rankscope.planning import code as sources, study

MODULES = {
    "rankscope." + ".".join(path.relative_to(sources.PACKAGE).with_suffix("").parts)
    for path in sources.PACKAGE.rglob("*.py")
    if path.name != "__init__.py"
}
NUMERICS = sorted(name for name in MODULES if name.startswith("rankscope.numerics."))
STUDIES = study.names()


def external(module: str) -> set[str]:
    """Top-level packages that a module imports itself."""
    import ast

    tree = ast.parse(sources.path(module).read_text())
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
    return {name.split(".")[0] for name in names}


@pytest.mark.parametrize("module", NUMERICS)
def test_numerics_know_arrays_and_nothing_else(module):
    standard = set(sys.stdlib_module_names)
    assert external(module) - standard <= {"numpy", "scipy", "rankscope"}
    inner = {name for name in sources.closure(module) if not name.startswith("rankscope.numerics")}
    assert inner == set()


@pytest.mark.parametrize("module", NUMERICS)
def test_numerics_do_not_use_the_global_random_state(module):
    text = sources.path(module).read_text()
    assert "np.random.seed" not in text
    assert "np.random.normal" not in text
    assert "np.random.rand" not in text


@pytest.mark.parametrize("name", STUDIES)
def test_theory_shares_no_code_with_the_measurement(name):
    theory = sources.closure(study.module_name(name, "theory"))
    simulation = sources.closure(study.module_name(name, "simulation"))
    allowed = {
        "rankscope.datasets",
        "rankscope.parameters",
        study.module_name(name, "parameters"),
    }
    shared = {
        module for module in theory & simulation if sources.path(module).name != "__init__.py"
    }
    assert shared <= allowed
    assert not {module for module in theory if module.startswith("rankscope.numerics.")}


@pytest.mark.parametrize("name", STUDIES)
def test_claims_and_figures_run_neither_theory_nor_simulation(name):
    for part in ("claims", "figures", "tables"):
        if sources.path(study.module_name(name, part)):
            found = sources.closure(study.module_name(name, part))
            assert study.module_name(name, "simulation") not in found
            assert study.module_name(name, "theory") not in found


@pytest.mark.parametrize("name", STUDIES)
def test_parameters_load_without_numpy(name):
    command = (
        f"import sys, {study.module_name(name, 'parameters')}; "
        "sys.exit(any(m in sys.modules for m in ('numpy', 'xarray', 'torch')))"
    )
    assert subprocess.run([sys.executable, "-c", command], check=False).returncode == 0


def test_planning_loads_neither_numpy_nor_xarray():
    command = (
        "import sys, rankscope.configuration as c, rankscope.study as s; "
        "sys.exit(any(m in sys.modules for m in ('numpy', 'xarray', 'pandas')))"
    )
    assert subprocess.run([sys.executable, "-c", command], check=False).returncode == 0


@pytest.mark.parametrize("module", sorted(MODULES))
def test_nothing_in_the_package_knows_of_snakemake(module):
    assert "snakemake" not in external(module)
