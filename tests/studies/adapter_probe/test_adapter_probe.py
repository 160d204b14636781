"""A folder of saved adapters as a study, from points to verdicts and figures."""

import json

import numpy as np
import pytest
import xarray as xr
from safetensors.numpy import save_file

from rankscope import datasets
from rankscope.evidence import verdicts
from rankscope.jobs import collect as stacking, streams
from rankscope.planning import parameters, code as sources
from rankscope.studies.adapter_probe import claims, figures, simulation, theory
from rankscope.studies.adapter_probe.parameters import Parameters

MODULES = [f"layer.{place}.query" for place in range(5)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A model and two adapters: one along the base's own directions, one random."""
    root = tmp_path_factory.mktemp("adapters")
    generator = np.random.default_rng(0)
    base = {name: generator.standard_normal((24, 24)) for name in MODULES}
    (root / "model").mkdir()
    weights = {f"{name}.weight": weight.astype(np.float32) for name, weight in base.items()}
    save_file(weights, root / "model" / "model.safetensors")
    for adapter in ("aligned", "random"):
        tensors = {}
        for name, weight in base.items():
            left, values, right = np.linalg.svd(weight)
            if adapter == "random":
                left, right = generator.standard_normal((2, 24, 24))
            for suffix, factor in (("B", left[:, :4] * values[:4]), ("A", right[:4])):
                key = f"base_model.model.{name}.lora_{suffix}.weight"
                tensors[key] = np.ascontiguousarray(factor, dtype=np.float32)
        (root / adapter).mkdir()
        config = {"peft_type": "LORA", "lora_alpha": 4, "r": 4}
        (root / adapter / "adapter_config.json").write_text(json.dumps(config))
        save_file(tensors, root / adapter / "adapter_model.safetensors")
    return root


def point(folder, adapter, **values):
    built = Parameters(folder=str(folder), adapter=adapter, base=str(folder / "model"), **values)
    built.check()
    return built


def draws(parameters_, first, last):
    return streams.streams(1, "adapter_probe", parameters_, first, last)


@pytest.fixture(scope="module")
def data(folder, tmp_path_factory):
    target = tmp_path_factory.mktemp("stacked")
    parts = {"simulated": [], "predicted": []}
    names = ["aligned", "random"]
    for name in names:
        one = point(folder, name)
        made = {
            "simulated": simulation.simulate(one, draws(one, 0, 3)),
            "predicted": theory.predict(one),
        }
        for kind, dataset in made.items():
            parts[kind].append(target / f"{kind}-{name}.nc")
            labelled = datasets.with_parameters(dataset, parameters.as_dict(one))
            datasets.write(labelled, parts[kind][-1])
    for kind, files in parts.items():
        stacking.stack(files, names, target / f"{kind}.nc")
    return [datasets.read(target / f"{kind}.nc") for kind in parts]


def test_controls_are_the_same_however_they_are_batched(folder):
    one = point(folder, "random", other="aligned")
    whole = simulation.simulate(one, draws(one, 0, 3))
    parts = [simulation.simulate(one, draws(one, a, b)) for a, b in ((0, 1), (1, 3))]
    xr.testing.assert_identical(datasets.join(parts), whole)
    assert whole.sizes["replicate"] == 3
    assert "phi" in whole


def test_no_variable_takes_a_parameters_name(folder):
    one = point(folder, "random", other="aligned")
    found = simulation.simulate(one, draws(one, 0, 1))
    assert not set(found.variables) & set(parameters.as_dict(one))


def test_an_aligned_adapter_is_told_from_a_random_one(data):
    claim = claims.CLAIMS[0]
    table = verdicts.judge(claim, claim.evidence(*data), 0.95).set_index("point")
    assert table.verdict["aligned"] == "supported"
    assert table.verdict["random"] != "supported"


def test_random_alignment_is_the_chi_law(folder):
    predicted = theory.predict(point(folder, "random"))
    sample = np.linalg.norm(np.random.default_rng(3).standard_normal((20000, 16)), axis=1) / 4
    mean, deviation = (
        float(predicted[n].sel(probed_rank=4)) for n in ("alignment", "alignment_sd")
    )
    assert abs(sample.mean() - mean) < 4 * deviation / np.sqrt(20000)
    assert sample.std() == pytest.approx(deviation, rel=0.05)


def test_every_claim_and_figure_works(data):
    for claim in claims.CLAIMS:
        verdicts.judge(claim, claim.evidence(*data), 0.95)
    for name in sources.public_functions(figures.__name__):
        assert getattr(figures, name)(*data, None).axes


def test_a_missing_adapter_or_base_is_refused(folder):
    with pytest.raises(ValueError, match=r"holds no adapter_config\.json"):
        point(folder, "nowhere")
    with pytest.raises(ValueError, match="base must be a folder"):
        Parameters(folder=str(folder), adapter="random", base="/nowhere").check()
    with pytest.raises(ValueError, match="intruders must be at least 1"):
        point(folder, "random", intruders=0)


def test_a_damaged_adapter_is_one_line(folder, tmp_path):
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "adapter_config.json").write_text('{"peft_type": "IA3"}')
    one = Parameters(folder=str(tmp_path), adapter="broken", base=str(folder / "model"))
    with pytest.raises(ValueError, match="IA3 is not supported"):
        simulation.simulate(one, draws(one, 0, 1))
