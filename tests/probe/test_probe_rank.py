"""Ranks that keep a share of an update, and the adapters that are written with them."""

import json

import numpy as np
import pytest
import saved
from safetensors.numpy import save_file

from rankscope.numerics import low_rank
from rankscope.probe import ProbeError, adapter, base, probing, ranking, writing
from rankscope.running import command_line

LORA = {"lora_alpha": 16, "r": 8, "use_rslora": True}
SIZES = {"layer.1.q": (20, 12), "layer.1.up": (30, 12), "q": (14, 12)}


def orthonormal(generator, rows, columns):
    return np.linalg.qr(generator.standard_normal((rows, columns)))[0]


@pytest.fixture
def source(tmp_path):
    """Updates with singular values 2^-k, a convolution, an embedding and a whole weight."""
    generator = np.random.default_rng(0)
    weights = {}
    for name, (out, inner) in SIZES.items():
        weights[f"{name}.lora_B.weight"] = orthonormal(generator, out, 8)
        values = 0.5 ** np.arange(8.0)[:, None]
        weights[f"{name}.lora_A.weight"] = values * orthonormal(generator, inner, 8).T
    weights["conv.lora_A.weight"] = generator.standard_normal((4, 3, 3, 3))
    weights["conv.lora_B.weight"] = generator.standard_normal((6, 4, 1, 1))
    weights["embed.lora_embedding_A"] = generator.standard_normal((4, 11))
    weights["embed.lora_embedding_B"] = generator.standard_normal((6, 4))
    weights["score.weight"] = generator.standard_normal((3, 5))
    return adapter.read(saved.adapter(tmp_path / "source", weights, **LORA))


def delta(source, module):
    size = source._size(module)
    left, right, scaling = source.factors(module, size)
    return scaling * left @ right


@pytest.mark.parametrize(("share", "rank"), [(0.7, 1), (0.76, 2), (0.95, 3), (1.0, 8)])
def test_the_smallest_rank_that_holds_the_share_is_recommended(source, share, rank):
    assert ranking.recommend(source, share).ranks["q"] == rank


def test_a_compressed_adapter_is_the_truncated_one(source, tmp_path):
    ranks = {"layer.1.q": 2, "layer.1.up": 3, "q": 1, "conv": 2, "embed": 3}
    writing.compress(source, ranks, tmp_path / "small")
    small = adapter.read(tmp_path / "small")
    for module, rank in ranks.items():
        left, values, right = np.linalg.svd(delta(source, module), full_matrices=False)
        expected = (left[:, :rank] * values[:rank]) @ right[:rank]
        error = np.linalg.norm(delta(small, module) - expected)
        assert error < 1e-6 * np.linalg.norm(expected), module
    kept = [one._stored.read(f"{saved.PREFIX}score.weight") for one in (source, small)]
    np.testing.assert_array_equal(*kept)
    assert small.config["rank_pattern"][r"layer\.1\.q"] == 2


def write_plain(folder, updates):
    """Write an adapter of these updates, pairs of factors, with scaling 1."""
    tensors = {
        f"{name}.lora_{which}.weight": values
        for name, (left, right) in updates.items()
        for which, values in (("B", left), ("A", right))
    }
    return adapter.read(saved.adapter(folder, tensors, lora_alpha=4, r=4))


def noise(generator, names):
    return {
        n: (generator.standard_normal((20, 4)), generator.standard_normal((4, 12))) for n in names
    }


def test_the_directions_that_exceed_every_null_are_recommended_and_others_excluded(
    tmp_path, capsys
):
    generator = np.random.default_rng(3)
    names = ("layer.0.q", "layer.1.q", "q")
    nulls = [write_plain(tmp_path / f"null-{k}", noise(generator, names[:2])) for k in range(2)]
    task = noise(generator, names)
    strong = np.diag([90.0, 40.0, 0.1, 0.1])
    task["layer.0.q"] = orthonormal(generator, 20, 4), strong @ orthonormal(generator, 12, 4).T
    task["layer.1.q"] = tuple(one * 0.1 for one in task["layer.1.q"])
    source = write_plain(tmp_path / "task", task)
    found = ranking.recommend(source, 0.95, nulls)
    assert found.ranks == {"layer.0.q": 2}
    assert found.excluded == ["layer.1.q"]
    assert "has no update of it" in found.refused["q"]
    assert found.config()["exclude_modules"] == r"layer\.1\.q"
    arguments = [str(source.folder), "--null", *(str(one.folder) for one in nulls)]
    assert command_line.main(["recommend", *arguments]) == 0
    printed = capsys.readouterr()
    assert json.loads(printed.out)["r"] == 2
    assert "nothing exceeds chance: layer.1.q" in printed.err


def test_an_adapter_of_the_null_keeps_something_as_often_as_is_said(tmp_path):
    generator = np.random.default_rng(4)
    names = [f"layer.{k}.q" for k in range(300)]
    task, *nulls = (write_plain(tmp_path / str(k), noise(generator, names)) for k in range(5))
    kept = len(ranking.recommend(task, 0.95, nulls).ranks) / len(names)
    assert abs(kept - 1 / 5) < 4 * np.sqrt(1 / 5 * 4 / 5 / len(names))


@pytest.mark.model
def test_peft_takes_the_recommended_ranks_and_leaves_the_excluded_modules_out():
    torch, peft = pytest.importorskip("torch"), pytest.importorskip("peft")
    model = torch.nn.ModuleDict({"q": torch.nn.Linear(12, 20)})
    model["layer"] = torch.nn.ModuleDict(
        {name: torch.nn.Linear(12, 20) for name in ("q", "k", "v")}
    )
    found = ranking.Recommendation({"q": 2, "layer.k": 3}, {}, {}, {}, ["layer.q", "layer.v"])
    config = peft.LoraConfig(target_modules=["q", "k", "v"], **found.config())
    adapted = peft.get_peft_model(model, config).base_model.model
    ranks = {n: m.r["default"] for n, m in adapted.named_modules() if hasattr(m, "lora_A") and m.r}
    assert ranks == {"q": 2, "layer.k": 3}


def test_a_pattern_that_ends_a_longer_name_does_not_change_its_rank():
    config = ranking.config({"q": 1, "layer.q": 3, "up": 3})
    assert list(config["rank_pattern"].items()) == [(r"layer\.q", 3), ("q", 1)]


def test_what_is_there_already_is_not_overwritten(source):
    with pytest.raises(ProbeError, match="is there already"):
        writing.compress(source, {"q": 1}, source.folder)


def test_the_commands_recommend_and_compress(source, tmp_path, capsys):
    assert command_line.main(["recommend", str(source.folder), "--share", "0.9"]) == 0
    printed = capsys.readouterr()
    assert json.loads(printed.out)["rank_pattern"]
    assert "left as it is: score" in printed.err
    out = tmp_path / "small"
    compress = ["compress", str(source.folder), "--out", str(out)]
    assert command_line.main([*compress, "--rank", "1"]) == 0
    assert adapter.read(out).config["r"] == 1
    assert command_line.main(compress) == 2


def test_mitigation_removes_the_intruder_and_the_control_has_its_norm(tmp_path):
    generator = np.random.default_rng(1)
    weight = generator.standard_normal((40, 40)) / np.sqrt(40)
    update = low_rank.LowRankSvd(
        orthonormal(generator, 40, 2), np.array([20.0, 0.1]), orthonormal(generator, 40, 2)
    )
    write_plain(tmp_path / "a", {"q": (update.left * update.singular_values, update.right.T)})
    save_file({"q.weight": weight}, tmp_path / "model.safetensors")
    model = base.BaseModel(tmp_path / "model.safetensors")
    before = probing.probe(adapter.read(tmp_path / "a"), model)
    arguments = ["--mitigate", "0", "--base", str(tmp_path / "model.safetensors")]
    out = tmp_path / "b"
    assert command_line.main(["compress", str(tmp_path / "a"), *arguments, "--out", str(out)]) == 0
    after, control = (
        probing.probe(adapter.read(tmp_path / name), model) for name in ("b", "b-control")
    )
    assert int(before.intruders[0]) == 1
    assert int(after.intruders[0]) == 0
    assert float(control.update_norm[0]) == pytest.approx(float(after.update_norm[0]), rel=1e-5)


@pytest.mark.model
def test_peft_loads_a_compressed_adapter_and_applies_the_truncation(tmp_path):
    torch, peft = pytest.importorskip("torch"), pytest.importorskip("peft")

    class Model(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.embed = torch.nn.Embedding(11, 6)
            self.conv = torch.nn.Conv2d(3, 6, 3)
            self.q, self.layer = torch.nn.Linear(12, 14), torch.nn.ModuleDict()
            self.layer["q"] = torch.nn.Linear(12, 20)

    torch.manual_seed(0)
    names = ["embed", "conv", "q", "layer.q"]
    model = peft.get_peft_model(Model(), peft.LoraConfig(r=6, target_modules=names))
    for name, values in model.named_parameters():
        if "lora" in name:
            torch.nn.init.normal_(values)
    model.save_pretrained(tmp_path / "a")
    source = adapter.read(tmp_path / "a")
    writing.compress(source, {"embed": 2, "conv": 3, "q": 4, "layer.q": 2}, tmp_path / "small")
    loaded = peft.PeftModel.from_pretrained(Model(), str(tmp_path / "small"))
    small = adapter.read(tmp_path / "small")
    for name, module in loaded.base_model.model.named_modules():
        if hasattr(module, "get_delta_weight"):
            applied = module.get_delta_weight("default").detach().numpy()
            expected = delta(small, name)
            applied = applied.reshape(expected.shape)
            assert np.linalg.norm(applied - expected) < 1e-6 * np.linalg.norm(expected), name
