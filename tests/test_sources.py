import ast

import pytest

from rankscope.planning import code as sources, study

STUDIES = study.names()


def test_the_closure_follows_imports_through_the_package():
    found = sources.closure("rankscope.streams")
    assert found == {"rankscope.streams", "rankscope.parameters"}


@pytest.mark.parametrize("name", STUDIES)
def test_figures_and_theory_are_not_among_what_a_simulation_runs(name):
    found = sources.closure(study.module_name(name, "simulation"))
    for part in ("figures", "theory", "claims", "tables"):
        assert study.module_name(name, part) not in found


def test_an_edit_of_code_changes_the_hash_and_a_comment_does_not(monkeypatch):
    text = sources.path("rankscope.grid").read_text()
    before = sources.code_hash("rankscope.grid")

    def with_text(new):
        with monkeypatch.context() as patch:
            patch.setattr(sources, "_tree", lambda _: ast.parse(new))
            sources._code.cache_clear()
            try:
                return sources.code_hash("rankscope.grid")
            finally:
                sources._code.cache_clear()

    assert with_text(text + "\n# a remark\n") == before
    assert with_text(text.replace('"""Grids', '"""Nets')) == before
    assert with_text(text + "\nEXTRA = 1\n") != before


def test_public_functions_are_listed_in_the_order_of_the_file():
    assert sources.public_functions("rankscope.grid") == ("expand",)


def test_a_function_without_a_module_is_refused():
    with pytest.raises(ValueError, match="has no function"):
        sources.docstring("rankscope.grid", "nothing")
