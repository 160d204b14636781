"""pyproject.toml, the lock files, the environment for conda and this environment agree."""

import importlib.util
import re
import subprocess
from importlib import metadata
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[2]


def _module(file):
    spec = importlib.util.spec_from_file_location(file.stem, file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


lock = _module(ROOT / "envs" / "lock.py")
FILES = (lock.LOCK, lock.CPU, lock.CUDA)
PINS = {file: lock.pins(file) for file in FILES}
BUILDS = [PINS[lock.LOCK] | PINS[build] for build in (lock.CPU, lock.CUDA)]
EXTRAS = lock.PROJECT["project"]["optional-dependencies"]
WITHOUT_TORCH = lock.PROJECT["project"]["dependencies"] + EXTRAS["workflow"] + EXTRAS["test"]
WITH_TORCH = EXTRAS["language"] + EXTRAS["peers"] + lock.PROJECT["dependency-groups"]["texts"]


@pytest.mark.parametrize("requirement", [*map(Requirement, WITHOUT_TORCH)], ids=str)
def test_the_lock_pins_what_the_project_declares(requirement):
    pinned = PINS[lock.LOCK][canonicalize_name(requirement.name)]
    assert requirement.specifier.contains(pinned)


@pytest.mark.parametrize("requirement", [*map(Requirement, WITH_TORCH)], ids=str)
@pytest.mark.parametrize("build", [lock.CPU, lock.CUDA], ids=lambda file: file.name)
def test_each_lock_of_torch_pins_what_the_project_declares_beside_it(requirement, build):
    pinned = PINS[build][canonicalize_name(requirement.name)]
    assert requirement.specifier.contains(pinned)


def test_the_lock_has_neither_torch_nor_anything_that_needs_it():
    alone = PINS[lock.LOCK]
    needing = [name for name in alone if "torch" in _requirements(name)]
    assert needing == []
    assert "torch" not in alone


def test_the_locks_of_torch_differ_by_cuda_alone():
    cpu, cuda = PINS[lock.CPU], PINS[lock.CUDA]
    assert {name: cuda[name] for name in cpu} == cpu
    assert all(lock.is_cuda(name) for name in cuda.keys() - cpu.keys())
    assert cuda.keys() - cpu.keys() >= {"triton", "nvidia-cublas"}


@pytest.mark.parametrize("build", [lock.CPU, lock.CUDA], ids=lambda file: file.name)
def test_no_package_is_pinned_twice(build):
    assert PINS[lock.LOCK].keys() & PINS[build].keys() == set()


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_every_pin_has_a_hash_and_no_address(file):
    text = file.read_text()
    pinned = re.split(r"^(?=[\w.-]+==)", text, flags=re.MULTILINE)[1:]
    assert {canonicalize_name(part.partition("==")[0]) for part in pinned} == PINS[file].keys()
    assert all("--hash=sha256:" in part for part in pinned)
    assert "://" not in text
    assert "file:" not in text


def _requirements(name):
    """What an installed package needs here, by name, with the versions that it takes."""
    try:
        texts = metadata.requires(name) or []
    except metadata.PackageNotFoundError:
        return {}
    found = [Requirement(text) for text in texts]
    return {
        canonicalize_name(one.name): one.specifier
        for one in found
        if one.marker is None or one.marker.evaluate({"extra": ""})
    }


def test_what_the_pinned_packages_need_is_pinned_too():
    uv = lock.PROJECT["tool"]["uv"]
    alone = {entry["name"] for entry in uv["dependency-metadata"]}
    for pins in BUILDS:
        for name in pins.keys() - alone:
            for needed, specifier in _requirements(name).items():
                # the torch that is installed may be that for CUDA, and the lock the other
                other = lock.is_cuda(needed) and needed not in pins
                if needed not in uv["exclude-dependencies"] and not other:
                    assert specifier.contains(pins[needed], prereleases=True), (name, needed)


def test_the_environment_for_conda_is_made_of_pyproject_and_the_locks():
    pins = lock.pins(lock.LOCK, lock.CPU)
    assert lock.CONDA.read_text() == lock.conda_environment(pins)
    assert lock.AFTER_CONDA.read_text() == lock.after_conda(pins)


def test_conda_installs_what_jobs_need_by_the_names_and_versions_that_conda_has():
    listed = yaml.safe_load(lock.CONDA.read_text())["dependencies"]
    later = lock.AFTER_CONDA.read_text()
    names = {line.partition("=")[0] for line in listed}
    for name in lock.in_jobs():
        assert lock.CONDA_NAMES.get(name, name) in names or f" {name}==" in later
    assert "pytorch" in names
    assert "torch" not in names
    assert all(re.fullmatch(r"[\w-]+(=\d+\.\d+)?", line) for line in listed), listed
    assert subprocess.run(["sh", "-n", lock.AFTER_CONDA], check=False).returncode == 0


def test_this_environment_is_that_of_the_lock():
    for name, version in PINS[lock.LOCK].items():
        assert metadata.version(name) == version, name


def test_this_environment_has_torch_as_one_of_its_locks_pins_it():
    try:
        torch = Version(metadata.version("torch"))
    except metadata.PackageNotFoundError:
        pytest.skip("torch is not installed")
    assert torch.base_version == PINS[lock.CPU]["torch"] == PINS[lock.CUDA]["torch"]
    for name, version in PINS[lock.CPU].items():
        assert Version(metadata.version(name)).base_version == Version(version).base_version, name


def test_a_build_of_torch_without_cuda_is_pinned_by_its_own_name():
    torch = lock.blocks(lock.CPU.read_text())["torch"]
    assert torch.startswith(f"torch=={PINS[lock.CPU]['torch']}+cpu ; sys_platform == 'linux' ")
    assert "sys_platform == 'darwin'" in torch


def test_make_installs_whenever_a_file_that_decides_versions_has_changed(tmp_path):
    (tmp_path / "Makefile").write_text((ROOT / "Makefile").read_text())
    names = ("pyproject.toml", "requirements.lock", "requirements-cpu.lock")
    for name in names:
        (tmp_path / name).write_text(f"{name}\n")
    (tmp_path / ".venv").mkdir()
    (tmp_path / ".venv/installed").write_text("".join(f"{name}\n" for name in names))

    def is_left_alone():
        command = ["make", "environment", "TORCH=cpu", "PYTHON=false"]  # installing would fail
        ran = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False)
        return ran.returncode == 0

    assert is_left_alone()
    for name in names:
        (tmp_path / name).write_text("changed\n")
        assert not is_left_alone(), name
        (tmp_path / name).write_text(f"{name}\n")
    assert is_left_alone()
