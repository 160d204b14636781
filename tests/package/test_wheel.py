"""The wheel holds its data, and alone with the base dependencies it probes an adapter."""

import dataclasses
import os
import re
import shutil
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import numpy as np
import pytest
import saved
import xarray as xr

from rankscope import datasets
from rankscope.jobs import collect
from rankscope.planning import code, configuration, parameters

pytestmark = pytest.mark.package

ROOT = Path(__file__).parents[2]
PYTHON = Path(sys.base_prefix) / "bin" / "python3"
"""The environment's own Python has no pip; `make` needs one that has."""

MODULE = "encoder.layer.0.attention.self.query"
OUT, IN, RANK = 12, 8, 2


def run(*command, **options):
    """Run a command that does not see the sources of this checkout; return status and output."""
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    words = [str(word) for word in command]
    ran = subprocess.run(
        words, capture_output=True, text=True, check=False, env=environment, **options
    )
    return ran.returncode, ran.stdout + ran.stderr


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel, built of a copy, because building leaves files beside the sources."""
    folder = tmp_path_factory.mktemp("wheel")
    ignore = shutil.ignore_patterns("__pycache__", "*.egg-info")
    shutil.copytree(ROOT / "workflow", folder / "tree/workflow", ignore=ignore)
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, folder / "tree")
    build = ("wheel", "--quiet", "--no-deps", "--no-build-isolation", "-w", folder, ".")
    status, output = run(
        PYTHON, "-m", "pip", "--python", sys.executable, *build, cwd=folder / "tree"
    )
    assert status == 0, output
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def bare(wheel, tmp_path_factory):
    """The programs of an environment that has the wheel and its base dependencies alone."""
    folder = tmp_path_factory.mktemp("bare")
    venv.create(folder / "venv", with_pip=False)
    pins = re.findall(r"^[\w.-]+==\S+", (ROOT / "requirements.lock").read_text(), re.MULTILINE)
    (folder / "pins.txt").write_text("\n".join(pins))
    programs = folder / "venv/bin"
    install = ("install", "--quiet", "--constraint", folder / "pins.txt", wheel)
    status, output = run(PYTHON, "-m", "pip", "--python", programs / "python", *install)
    assert status == 0, output
    return programs


def test_the_wheel_holds_every_file_of_the_package(wheel):
    packed = set(zipfile.ZipFile(wheel).namelist())
    there = {
        str(path.relative_to(code.PACKAGE.parent))
        for path in code.PACKAGE.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert there - packed == set()
    assert {"rankscope/report/style.css", "rankscope/planning/config.schema.yaml"} <= packed
    assert any(name.endswith("report.md") for name in packed)


def test_the_wheel_holds_nothing_but_the_package(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    assert all(re.match(r"rankscope(-[\d.]+(\.dev\d+)?\.dist-info)?/", name) for name in names)


def test_the_wheel_probes_an_adapter_without_workflow_and_torch(bare, tmp_path):
    generator = np.random.default_rng(1)
    tensors = {
        f"{MODULE}.{name}": generator.standard_normal(shape)
        for name, shape in (
            ("weight", (OUT, IN)), ("lora_A.weight", (RANK, IN)), ("lora_B.weight", (OUT, RANK)),
        )
    }  # fmt: skip
    weight = f"{MODULE}.weight"
    saved.weights(tmp_path / "model/model.safetensors", {weight: tensors.pop(weight)})
    saved.adapter(tmp_path / "adapter", tensors, lora_alpha=4, r=RANK)
    status, output = run(
        *(bare / "rankscope", "probe", "adapter", "--base", "model", "--out", "probe.nc"),
        *("--intruders", 4),
        cwd=tmp_path,
    )
    assert status == 0, output
    assert "stable" in output
    assert (tmp_path / "probe-spectrum.png").stat().st_size > 5000
    script = (
        "from rankscope import datasets; from pathlib import Path;"
        "print(int(datasets.read(Path('probe.nc')).numerical_rank.values[0]))"
    )
    assert run(bare / "python", "-c", script, cwd=tmp_path) == (0, f"{RANK}\n")


def test_the_bare_environment_has_no_snakemake_and_no_torch(bare):
    for name in ("snakemake", "torch", "sklearn", "jinja2", "yaml"):
        status, output = run(bare / "python", "-c", f"import {name}")
        assert status != 0
        assert "ModuleNotFoundError" in output


@dataclasses.dataclass(frozen=True, kw_only=True)
class Parameters:
    """Of the one point of the study that is loaded."""

    width: int = parameters.whole("width of the layer", at_least=1)


def test_results_are_loaded_by_the_installed_package(bare, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    point = configuration.Point(study="some", name="width=2", parameters=Parameters(width=2))
    labels = parameters.as_dict(point.parameters), parameters.labels(point.parameters)
    for stage, value in (("simulated", 2.5), ("predicted", 2.0)):
        data = xr.Dataset({"norm": datasets.variable((), value, "a norm")})
        datasets.write(datasets.with_parameters(data, *labels), point.file(stage))
        collect.collect([point], stage, tmp_path / f"results/some/{stage}.nc", {"study": "some"})
    script = (
        "import rankscope; point, = rankscope.load('results/some');"
        "print(point.width, float(point.measured.norm), float(point.predicted.norm))"
    )
    assert run(bare / "python", "-c", script, cwd=tmp_path) == (0, "2 2.5 2.0\n")


def test_a_checkout_is_asked_for_where_there_is_none(bare, tmp_path):
    script = "from rankscope.running import checkout; checkout.require('study')"
    status, output = run(bare / "python", "-c", script, cwd=tmp_path)
    assert status == 1
    assert "InputError: `rankscope study` needs a checkout" in output.splitlines()[-1]


@pytest.mark.parametrize("command", ["study", "status", "figures", "readme"])
def test_commands_of_the_workflow_say_that_they_need_a_checkout(bare, tmp_path, command):
    status, output = run(bare / "rankscope", command, cwd=tmp_path)
    assert status == 2
    assert len(output.splitlines()) == 1, output
    assert output.startswith(f"rankscope {command}: error: ")
    assert "needs a checkout" in output
