import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from rankscope.errors import InputError
from rankscope.planning import code, sources, study

STUDIES = study.names()


def test_the_closure_follows_imports_through_the_package():
    found = code.closure("rankscope.jobs.simulate")
    assert found == {
        "rankscope.datasets",
        "rankscope.errors",
        "rankscope.jobs.simulate",
        "rankscope.jobs.streams",
    }


def test_who_asks_the_package_for_its_version_runs_none_of_its_functions():
    assert "rankscope" not in code.closure("rankscope.jobs.provenance")
    found = code.closure("rankscope.jobs.provenance")
    assert not [module for module in found if module.startswith("rankscope.probe")]


@pytest.mark.parametrize("name", STUDIES)
def test_figures_and_theory_are_not_among_what_a_simulation_runs(name):
    found = code.closure(study.module_name(name, "simulation"))
    for part in ("figures", "theory", "claims", "tables"):
        assert study.module_name(name, part) not in found


def test_an_edit_of_code_changes_the_hash_and_a_comment_does_not():
    text = code.path("rankscope.evidence.region").read_text()
    before = hash_of(text)
    assert hash_of(text + "\n# a remark\n") == before
    assert hash_of(text.replace('"""Accepted', '"""Taken')) == before
    assert hash_of(text + "\nEXTRA = 1\n") != before


def hash_of(text):
    return sources.read("any", text.encode()).code


PARAMETERS = """
class Parameters:
    width: int = whole("neurons", at_least=1)
{field}
    def check(self) -> None:
        {check}

    def rows(self) -> int:
        return {rows}
"""


def test_fields_and_checks_of_parameters_decide_no_number_but_their_methods_do():
    before = hash_of(PARAMETERS.format(field="", check="pass", rows="1"))
    field = '    bias: float = real("bias", default=0.0)'
    assert hash_of(PARAMETERS.format(field=field, check="pass", rows="1")) == before
    assert hash_of(PARAMETERS.format(field="", check="refuse()", rows="1")) == before
    assert hash_of(PARAMETERS.format(field="", check="pass", rows="2")) != before


ASK = """
import json
from rankscope.planning import code, sources
print(json.dumps([code.code_hash("rankscope.jobs.simulate"), str(sources.MEMORY)]))
"""


def asked(folder):
    environment = {**os.environ, "PYTHONPYCACHEPREFIX": str(folder)}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    answer = subprocess.run(
        [sys.executable, "-c", ASK], env=environment, capture_output=True, check=True
    )
    return json.loads(answer.stdout)


def test_what_was_read_is_remembered_and_a_spoilt_memory_does_no_harm(tmp_path):
    answer, memory = asked(tmp_path)
    assert answer == code.code_hash("rankscope.jobs.simulate")
    kept = json.loads(Path(memory).read_text())
    assert "rankscope.jobs.simulate" in kept["sources"]
    kept["sources"]["rankscope.jobs.simulate"][2] = "remembered"
    Path(memory).write_text(json.dumps(kept))
    assert asked(tmp_path)[0] != answer, "the memory is not read"
    for spoilt in (json.dumps({**kept, "maker": "another version"}), "{cut off"):
        Path(memory).write_text(spoilt)
        assert asked(tmp_path)[0] == answer


def test_modules_that_plan_and_refuse_are_in_no_hash():
    with_planning = code.closure("rankscope.jobs.store")
    assert "rankscope.planning.grid" in with_planning
    text = [m for m in with_planning if not m.startswith(code.NO_NUMBERS)]
    assert code.code_hash(*text) == code.code_hash("rankscope.jobs.store")


def test_the_packages_whose_version_is_tracked_are_those_that_are_imported():
    assert "scipy=" not in code.versions("rankscope.jobs.streams")
    assert code.versions("rankscope.jobs.streams").startswith("numpy=")


def test_the_content_of_a_file_counts_and_its_time_does_not(tmp_path):
    file = tmp_path / "texts.csv"
    file.write_text("one")
    before = code.content_hash(file)
    os.utime(file, (1, 1))
    assert code.content_hash(file) == before
    file.write_text("two")
    assert code.content_hash(file) != before
    with pytest.raises(InputError, match=r"gone\.csv does not exist"):
        code.content_hash(tmp_path / "gone.csv")


def test_public_functions_are_listed_in_the_order_of_the_file():
    expected = ("within", "percent", "factor", "at_most", "at_least", "between", "varies")
    assert code.public_functions("rankscope.evidence.region") == expected


def test_a_function_says_where_it_stands():
    file, line = code.line("rankscope.evidence.region", "within")
    assert file.read_text().splitlines()[line - 1].startswith("def within(")
