"""Commands that run the workflow find their checkout, or say that they need one."""

from pathlib import Path

import pytest

from rankscope.errors import InputError
from rankscope.running import checkout

ROOT = Path(__file__).parents[2]


def test_the_checkout_is_the_folder_of_the_snakefile():
    assert checkout.require("study") == ROOT


def test_a_package_without_a_snakefile_says_what_to_do(monkeypatch, tmp_path):
    monkeypatch.setattr(checkout, "ROOT", tmp_path)
    with pytest.raises(InputError, match="`rankscope figures` needs a checkout") as raised:
        checkout.require("figures")
    assert "\n" not in str(raised.value)
