"""Drawing figures again: nothing else runs, whatever has changed since."""

import pytest
import trials

pytestmark = pytest.mark.workflow
CONFIG = {
    "seed": 7,
    "confidence": 0.95,
    "studies": {"paced": {"replicates": 4, "grid": {"size": [2, 3]}}},
}


def test_figures_are_drawn_again_without_a_simulation(tmp_path):
    tree = tmp_path / "tree"
    tree.mkdir()
    folder = trials.project(tmp_path / "run", trials.sources(tree), CONFIG)
    status, output = trials.run(folder, command="figures")
    assert status != 0
    assert "results/paced/simulated.nc does not exist; `make study` makes it" in output
    status, output = trials.run(folder)
    assert status == 0, output
    data = folder / "results/paced/simulated.nc"
    before, done = data.stat().st_mtime_ns, trials.work(folder)
    figure = next((folder / "results/paced/figures").glob("*.png"))
    drawn = figure.stat().st_mtime_ns
    simulation = tree / "workflow/rankscope/studies/paced/simulation.py"
    simulation.write_text(simulation.read_text() + "\nEDITED = True\n")
    status, output = trials.run(folder, "paced", command="figures")
    assert status == 0, output + trials.log(folder)
    assert data.stat().st_mtime_ns == before
    assert trials.work(folder) == done
    assert figure.stat().st_mtime_ns > drawn
    status, output = trials.run(folder, "nothing", command="figures")
    assert status != 0
    assert "config.yaml: no study 'nothing'; configured are paced" in output


def test_a_study_that_draws_nothing_does_not_stop_the_others(tmp_path):
    accounting = {
        "replicates": 2,
        "fixed": {"rows": 768, "columns": 768, "other_rank": 32},
        "grid": [{"rank": [6]}],
    }
    tree = tmp_path / "tree"
    tree.mkdir()
    studies = {**CONFIG["studies"], "randlora/accounting": accounting}
    folder = trials.project(tmp_path / "run", trials.sources(tree), {**CONFIG, "studies": studies})
    status, output = trials.run(folder)
    assert status == 0, output
    figure = next((folder / "results/paced/figures").glob("*.png"))
    drawn = figure.stat().st_mtime_ns
    status, output = trials.run(folder, command="figures")
    assert status == 0, output + trials.log(folder)
    assert figure.stat().st_mtime_ns > drawn
    status, output = trials.run(folder, "randlora/accounting", command="figures")
    assert status != 0
    assert "config.yaml: randlora/accounting draws no figures and no tables" in output
