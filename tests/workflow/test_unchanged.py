"""A run with nothing to do ends without Snakemake, and no change escapes it."""

import pytest
import trials

from rankscope.running import snakemake_options

pytestmark = pytest.mark.workflow
NOTHING = "nothing to do, all results are up to date"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    tree = trials.sources(tmp_path_factory.mktemp("tree"))
    studies = {"paced": {"replicates": 2, "grid": {"size": [2, 3]}}}
    config = {"seed": 7, "confidence": 0.95, "studies": studies}
    place = trials.project(tmp_path_factory.mktemp("folder") / "run", tree, config)
    assert trials.run(place)[0] == 0, trials.log(place)
    return place


def asked(folder, *arguments):
    """Run the study; return what it says, and whether Snakemake was asked."""
    before = set((folder / ".snakemake/log").iterdir())
    status, output = trials.run(folder, *arguments)
    assert status == 0, output + trials.log(folder)
    return output, set((folder / ".snakemake/log").iterdir()) != before


def test_snakemake_is_not_asked_while_nothing_has_changed(folder):
    for arguments in ((), ("-n",), ("--cores", "1", "-q")):
        output, snakemake = asked(folder, *arguments)
        assert NOTHING in output
        assert not snakemake


def delete(folder):
    (folder / "results/paced/figures/ends.png").unlink()


def edit_code(folder):
    with (folder / "workflow/rankscope/studies/paced/claims.py").open("a") as file:
        file.write("\nEXTRA = 1\n")


def edit_rule(folder):
    file = (folder / "workflow").resolve() / "rules/verify.smk"
    file.write_text(
        file.read_text().replace("confidence=CONFIG", "one=1,\n        confidence=CONFIG")
    )


def another_seed(folder):
    file = folder / "config.yaml"
    file.write_text(file.read_text().replace("seed: 7", "seed: 8"))


@pytest.mark.parametrize("change", [delete, edit_code, edit_rule, another_seed])
def test_a_change_is_acted_on_and_then_there_is_nothing_to_do(folder, change):
    before = trials.content(folder)
    change(folder)
    output, snakemake = asked(folder)
    assert snakemake
    assert NOTHING not in output
    assert (trials.content(folder) == before) == (change is not another_seed)
    assert not asked(folder)[1]


@pytest.mark.parametrize(
    ("words", "only"),
    [
        ("", True),
        ("-q", True),
        ("--cores 4 --quiet", True),
        ("-c4 -j 2", True),
        ("-q results/claims.csv", False),
        ("--cores 2 --forceall", False),
        ("--cores abc", False),
        ("--cores results/claims.csv", False),
        ("--config batch_seconds=3", False),
        ("--profile profiles/slurm", False),
    ],
)
def test_options_of_how_alone_leave_a_run_one_of_everything(words, only):
    assert snakemake_options.only_how(words.split()) == only
