"""Names of runs, ranges, and what follows from them."""

import csv
import json
import subprocess
import sys

import pytest

from rankscope.errors import InputError, ParameterError
from rankscope.planning import parameters
from rankscope.studies.language_model import theory
from rankscope.studies.language_model.parameters import CORPORA, MINILM, Run


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("head", ("head", 0, "qv")),
        ("full.ud", ("full", 0, "ud")),
        ("lora-16", ("lora", 16, "qv")),
        ("rslora-2.qkvo", ("rslora", 2, "qkvo")),
        ("relora-8", ("relora", 8, "qv")),
        ("randlora-32", ("randlora", 32, "qv")),
        ("vera-256.o", ("vera", 256, "o")),
    ],
)
def test_a_runs_name_says_method_rank_and_targets(name, expected):
    run = Run.parse(name, "qv")
    assert (run.method, run.rank, run.targets) == expected


@pytest.mark.parametrize("name", ["lora", "lora-0", "full-8", "dora-8", "lora-8.x", "lora-8.", ""])
def test_what_is_no_run_is_refused(name):
    with pytest.raises(ParameterError, match="runs must be"):
        Run.parse(name, "q")


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"task": "poems"}, "task must be one of"),
        ({"task": "nowhere.csv"}, "or a CSV file, got 'nowhere.csv'"),
        ({"runs": "lora-8+dora-8"}, "runs must be head"),
        ({"runs": "lora-8+lora-8"}, "runs must differ"),
        ({"runs": "lora-500"}, "must be at most 384"),
        ({"twins": "lora-1"}, "twins must be among the runs"),
        ({"targets": "qx"}, "targets must be letters"),
        ({"targets": "vq"}, "each once and in this order"),
        ({"runs": "lora-2.qq"}, "each once and in this order"),
        ({"runs": "full.qkvo"}, "must not name the targets that the point has"),
        ({"runs": "vera-7000"}, "rank must be at most 6144"),
        ({"tokens": 513}, "tokens must be at most 512"),
        ({"layers": 7}, "layers must be at most 6"),
        ({"steps": 0}, "steps must be at least 1"),
        ({"training_texts": 9999}, "training_texts must be at most training_pool"),
        ({"tuning_seeds": 0}, "tuning_seeds must be at least 1"),
        ({"runs": "relora-2", "relora_cycles": 7}, "relora_cycles must be at most steps, got 7"),
        ({"rate_factor": 1.0}, "rate_factor must be above 1"),
        ({"device": "tpu"}, "device must be"),
        ({"tokens": 2}, "tokens must be at least 3"),
        ({"model": "/nowhere"}, "folder with a config.json"),
    ],
)
def test_values_out_of_range_are_refused(build, values, message):
    with pytest.raises(ParameterError, match=message):
        build(**values)


def test_a_file_that_is_there_is_accepted_and_read(build, tmp_path):
    path = tmp_path / "a.csv"
    with path.open("w") as file:
        csv.writer(file).writerow(["text", "label"])
    assert build(task=str(path)).files()[0] == path


def test_what_a_point_reads_is_found_without_numpy(build):
    names = {file.name for file in build().files()}
    if not CORPORA["tweets"].files() or not MINILM.files():
        pytest.skip("texts or model are not installed")
    assert {"election-tweets-2016.tab", "model.safetensors", "tokenizer.json"} <= names
    command = (
        "import sys; from rankscope.studies.language_model import parameters as p; "
        "p.MINILM.files(); [c.files() for c in p.CORPORA.values()]; "
        "sys.exit(any(m in sys.modules for m in ('numpy', 'pandas', 'torch', 'Orange')))"
    )
    assert subprocess.run([sys.executable, "-c", command], check=False).returncode == 0


def test_a_local_models_files_are_read(build, tmp_path):
    _config(tmp_path)
    for name in ("model.safetensors", "vocab.txt", "README.md", "pytorch_model.bin"):
        (tmp_path / name).write_bytes(b"")
    found = build(model=str(tmp_path), runs="lora-4", targets="q").model_files()
    assert [path.name for path in found] == ["config.json", "model.safetensors", "vocab.txt"]


@pytest.mark.parametrize("config", ["{", "[]", '{"hidden_size": 8}', '{"hidden_size": "wide"}'])
def test_a_model_of_another_kind_is_one_line(build, tmp_path, config):
    (tmp_path / "config.json").write_text(config)
    with pytest.raises(InputError, match=r"config\.json is not of a model of BERT's kind"):
        build(model=str(tmp_path))


def _config(folder):
    config = {
        "hidden_size": 8,
        "intermediate_size": 32,
        "num_hidden_layers": 2,
        "max_position_embeddings": 64,
    }
    (folder / "config.json").write_text(json.dumps(config))


def test_a_local_models_shape_is_read_from_its_config(build, tmp_path):
    _config(tmp_path)
    local = build(model=str(tmp_path), runs="lora-4", layers=2, targets="qu")
    assert local.shape("u") == (32, 8)
    assert local.matrix_names() == ("0.q", "0.u", "1.q", "1.u")


def test_rates_are_on_a_lattice_of_body_and_head(build):
    found = build(rate_factor=2.0)
    lora, few, alone = (Run.parse(name, "qkvo") for name in ("lora-8", "lora-8.qv", "head"))
    body, head = found.rates(lora, 0, 0)
    assert found.rates(lora, 1, -2) == pytest.approx((2 * body, head / 4))
    assert found.rates(few, 0, 0) == pytest.approx((2 * body, 2 * head)), "further to go"
    rates = found.rates(alone, 5, 1)
    assert rates[0] == rates[1] == pytest.approx(2 * found.rates(alone, 0, 0)[1]), "it has no body"


def test_a_randlora_has_a_lora_of_its_size(build):
    point = build(runs="lora-2+randlora-128+lora-8+randlora-26")
    sizes = theory.predict(point).trainable_parameters
    assert sizes.sel(run="randlora-128") == sizes.sel(run="lora-2")
    assert abs(float(sizes.sel(run="randlora-26") / sizes.sel(run="lora-8")) - 1) < 0.002


def test_matrices_are_those_that_some_run_adapts(build):
    assert build(runs="head+lora-4.q+lora-2.vo").matrix_names() == ("5.q", "5.v", "5.o")


def test_compared_ranks_are_the_extreme_ones_above_one_on_all_targets(build):
    small, large = build(runs="lora-64+lora-1+lora-2+lora-4.q+lora-8").compared_ranks()
    assert (small.rank, large.rank) == (2, 64)
    assert build(runs="head+full").compared_ranks() is None


@pytest.mark.parametrize(
    ("runs", "twins", "expected"),
    [
        ("head+lora-1+lora-2+lora-8", "none", ("lora-2", "lora-8")),
        ("head+lora-8", "lora-8", ("lora-8",)),
        ("head+lora-8", "none", ()),
        ("full", "full", ()),
    ],
)
def test_runs_whose_directions_are_compared_have_a_null(build, runs, twins, expected):
    assert build(runs=runs, twins=twins).null_names() == expected


def test_a_point_names_a_file():
    values = {"runs": "head+full+lora-8.qv", "twins": "full"}
    assert parameters.point_name(values) == "runs=head+full+lora-8.qv,twins=full"


def test_more_work_costs_more(build):
    base = build().cost()
    for values in (
        {"steps": 300},
        {"tokens": 64},
        {"tested_texts": 900},
        {"layers": 2},
        {"twins": "full"},
    ):
        assert build(**values).cost().seconds > base.seconds
    assert build(tuning_seeds=3).cost().seconds == base.seconds
    assert build(tuning_seeds=3).cost().once_seconds > base.once_seconds
