"""The lock, the environment files and this environment agree."""

import re
from importlib import metadata
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
LOCK = (ROOT / "requirements.lock").read_text()
PINS = {
    canonicalize_name(name): version
    for name, version in re.findall(r"^([\w.-]+)==(\S+)", LOCK, flags=re.MULTILINE)
}
APART = {"torch"}
"""Installed beside the lock, because which build fits depends on the machine."""


def declared():
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    groups = [project["dependencies"], *project["optional-dependencies"].values()]
    return [Requirement(text) for group in groups for text in group]


@pytest.mark.parametrize("requirement", declared(), ids=str)
def test_the_lock_pins_what_the_project_declares(requirement):
    name = canonicalize_name(requirement.name)
    if name not in APART:
        assert requirement.specifier.contains(PINS[name])


def test_every_pin_has_a_hash_and_no_address():
    blocks = re.split(r"^(?=[\w.-]+==)", LOCK, flags=re.MULTILINE)[1:]
    assert len(blocks) == len(PINS)
    assert all("--hash=sha256:" in block for block in blocks)
    assert "://" not in LOCK


@pytest.mark.parametrize("path", sorted((ROOT / "envs").glob("*.yaml")), ids=lambda p: p.name)
def test_environment_files_have_the_versions_of_the_lock(path):
    environment = yaml.safe_load(path.read_text())
    for line in environment["dependencies"]:
        lines = line["pip"] if isinstance(line, dict) else [line]
        for entry in lines:
            name, version = re.split("=+", entry)
            if name not in {"python", "pip", *APART}:
                assert PINS[canonicalize_name(name)] == version, entry


def test_this_environment_is_that_of_the_lock():
    for name, version in PINS.items():
        assert metadata.version(name) == version, name
