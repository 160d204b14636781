"""Each form of update against the dense one: convolutions, embeddings, whole weights, GPT-2's."""

import json

import numpy as np
import pytest
import saved

import rankscope
from rankscope.probe import ProbeError, adapter, base, measure, probing, tensors

PREFIX = "base_model.model."
WITHOUT = measure.Settings(intruders=0, ranks=(1, 2))
LORA = {"lora_alpha": 4, "r": 2}


@pytest.fixture
def generator():
    return np.random.default_rng(7)


def write(folder, weights, config=None):
    saved.weights(folder / "model.safetensors", weights)
    if config is not None:
        (folder / "config.json").write_text(json.dumps(config))
    return folder


def write_adapter(folder, weights, **config):
    return adapter.read(saved.adapter(folder, weights, **LORA | config))


def pair(generator, module, out, inner, rank=2):
    return {
        f"{module}.lora_A.weight": generator.standard_normal((rank, inner)),
        f"{module}.lora_B.weight": generator.standard_normal((out, rank)),
    }


def row(found, module):
    return found.sel(matrix=module)


def test_a_convolution_is_its_flattened_matrix(tmp_path, generator):
    a, b = generator.standard_normal((2, 3, 3, 3)), generator.standard_normal((5, 2, 1, 1))
    weights = {"conv.lora_A.weight": a, "conv.lora_B.weight": b}
    kernel = generator.standard_normal((5, 3, 3, 3))
    model = base.BaseModel(write(tmp_path / "model", {"conv.weight": kernel}))
    found = row(probing.probe(write_adapter(tmp_path / "a", weights), model), "conv")
    delta = 2 * np.einsum("or,rikl->oikl", b[:, :, 0, 0], a).reshape(5, -1)
    expected = np.linalg.svd(delta, compute_uv=False)
    np.testing.assert_allclose(found.singular_value[:2], expected[:2], rtol=1e-5)
    assert (int(found.rows), int(found.columns)) == (5, 27)
    assert str(found.form.values) == "convolution, flattened"


def test_a_grouped_convolution_is_named_and_not_probed(tmp_path, generator):
    a, b = generator.standard_normal((2, 3, 3, 3)), generator.standard_normal((4, 1, 1, 1))
    grouped = {"conv.lora_A.weight": a, "conv.lora_B.weight": b}
    opened = write_adapter(tmp_path / "a", grouped | pair(generator, "q", 4, 6))
    assert opened.modules == ("q",)
    assert all("do not fit each other" in why for _, why in opened.unprobed)


def test_factors_of_several_experts_are_named_and_not_taken_for_one_matrix(tmp_path, generator):
    weights = {}
    for module in ("0.mlp.experts", "0.mlp.experts.base_layer", "0.mlp.gate"):
        weights |= pair(generator, module, 4, 6)
    names = ["mlp.experts.gate_up_proj", "mlp.experts.down_proj", "mlp.gate.weight"]
    opened = write_adapter(tmp_path / "a", weights, target_parameters=names)
    assert opened.modules == ("0.mlp.gate",)
    assert sum("several experts" in why for _, why in opened.unprobed) == 4


def test_an_embedding_is_updated_by_the_transposed_product(tmp_path, generator):
    a, b = generator.standard_normal((2, 11)), generator.standard_normal((6, 2))
    opened = write_adapter(
        tmp_path / "a", {"embed.lora_embedding_A": a, "embed.lora_embedding_B": b}
    )
    left, right, scaling = opened.factors("embed", (11, 6))
    np.testing.assert_allclose(scaling * left @ right, 2 * (b @ a).T, rtol=1e-5)
    model = base.BaseModel(
        write(tmp_path / "model", {"embed.weight": generator.standard_normal((11, 6))})
    )
    assert str(row(probing.probe(opened, model), "embed").form.values) == "embedding"


def test_a_weight_that_was_saved_whole_is_its_difference_from_the_base(tmp_path, generator):
    own, tuned = generator.standard_normal((2, 3, 8))
    model = base.BaseModel(write(tmp_path / "model", {"score.weight": own}))
    opened = write_adapter(tmp_path / "a", {"score.weight": tuned, "head.weight": own})
    found = probing.probe(opened, model)
    expected = np.linalg.svd(tuned - own, compute_uv=False)
    np.testing.assert_allclose(row(found, "score").singular_value, expected, rtol=1e-5)
    assert "holds no head.weight" in str(found.unprobed_why.values[0])


def test_the_direction_part_of_dora_is_probed_and_its_magnitudes_are_named(tmp_path, generator):
    weights = pair(generator, "q", 4, 6) | {"q.lora_magnitude_vector": np.ones(4)}
    opened = write_adapter(tmp_path / "a", weights, use_dora=True)
    assert opened.kind == "DoRA"
    assert opened.forms["q"] == "direction part of DoRA"
    assert "magnitudes" in dict(opened.unprobed)[f"{PREFIX}q.lora_magnitude_vector"]


@pytest.mark.parametrize("config", [{"model_type": "gpt2"}, None])
@pytest.mark.parametrize("flag", [True, False])
def test_how_a_square_weight_is_stored_is_decided_for_each_module(
    tmp_path, generator, flag, config
):
    weights = {
        "h.0.attn.c_attn.weight": generator.standard_normal((6, 18)),
        "h.0.attn.c_proj.weight": generator.standard_normal((6, 6)),
        "lm_head.weight": generator.standard_normal((6, 6)),
    }
    model = base.BaseModel(write(tmp_path / "model", weights, config))
    sizes = (("h.0.attn.c_attn", 18), ("h.0.attn.c_proj", 6), ("lm_head", 6))
    factors = {}
    for module, out in sizes:
        factors |= pair(generator, module, out, 6)
    opened = write_adapter(tmp_path / "a", factors, fan_in_fan_out=flag)
    turned = {m: opened.weight(m, model).transposed for m, _ in sizes}
    assert turned == {"h.0.attn.c_attn": True, "h.0.attn.c_proj": True, "lm_head": False}
    found = row(probing.probe(opened, model, settings=WITHOUT), "h.0.attn.c_proj")
    left, right, scaling = opened.factors("h.0.attn.c_proj", (6, 6))
    u, _, vt = np.linalg.svd(scaling * left @ right)
    captured = abs(u[:, 0] @ weights["h.0.attn.c_proj.weight"].T @ vt[0])
    null = np.linalg.norm(weights["h.0.attn.c_proj.weight"]) / 6
    assert float(found.alignment[0]) == pytest.approx(captured / null, rel=1e-5)


def test_a_head_tied_to_the_embedding_is_found_and_said(tmp_path, generator):
    weights = {"model.embed_tokens.weight": generator.standard_normal((11, 6))}
    model = base.BaseModel(write(tmp_path / "model", weights))
    found = probing.probe(write_adapter(tmp_path / "a", pair(generator, "lm_head", 11, 6)), model)
    assert str(found.assumed.values[0]) == "tied to model.embed_tokens.weight"
    untied = write(tmp_path / "untied", weights, {"tie_word_embeddings": False})
    with pytest.raises(ProbeError, match=r"holds no lm_head\.weight"):
        probing.probe(adapter.read(tmp_path / "a"), base.BaseModel(untied))


def test_modules_of_a_vision_language_model_are_found_by_their_names_on_disk(tmp_path, generator):
    disk = {
        f"{name}.layers.0.self_attn.q_proj.weight": generator.standard_normal((4, 6))
        for name in ("language_model.model", "vision_tower.encoder")
    }
    model = base.BaseModel(write(tmp_path / "model", disk))
    factors = {}
    for name in ("model.language_model", "model.vision_tower.encoder"):
        factors |= pair(generator, f"{name}.layers.0.self_attn.q_proj", 4, 6)
    found = probing.probe(write_adapter(tmp_path / "a", factors), model)
    assert found.sizes["matrix"] == 2
    assert "renamed from language_model.model" in str(found.assumed.values[0])


def test_without_a_base_spectra_and_similarity_remain(tmp_path, generator):
    one = write_adapter(tmp_path / "a", pair(generator, "q", 9, 6))
    other = write_adapter(tmp_path / "b", pair(generator, "q", 9, 6))
    found = probing.probe(one, None, other)
    assert {"singular_value", "effective_rank", "phi"} <= set(found)
    assert not {"alignment", "intruders", "relative_norm"} & set(found)


def test_a_tuned_model_minus_its_base_is_probed_like_an_adapter(tmp_path, generator):
    own, tuned = generator.standard_normal((2, 3, 8))
    norm = {"norm.weight": np.ones(8)}
    model = base.BaseModel(write(tmp_path / "model", {"q.weight": own} | norm))
    source = adapter.read(write(tmp_path / "tuned", {"q.weight": tuned} | norm))
    assert source.kind == "tuned minus base"
    found = probing.probe(source, model)
    expected = np.linalg.svd(tuned - own, compute_uv=False)
    np.testing.assert_allclose(found.singular_value[0], expected, rtol=1e-5)
    assert str(found.unprobed_why.values[0]) == "a vector"
    with pytest.raises(ProbeError, match="only against a --base"):
        probing.probe(source)


def test_intruders_of_a_large_tuned_weight_are_those_of_its_full_decomposition(tmp_path):
    generator = np.random.default_rng(11)
    shape = (1060, measure.GRAM_FROM + 16)
    own = generator.standard_normal(shape, dtype=np.float32) / np.float32(32)
    change = 0.01 * generator.standard_normal(shape, dtype=np.float32) / np.float32(32)
    for size in (5, 3):
        left, right = (generator.standard_normal(n) / np.sqrt(n) for n in shape)
        change += np.float32(size) * np.outer(left, right).astype(np.float32)
    model = base.BaseModel(write(tmp_path / "model", {"q.weight": own}))
    source = adapter.read(write(tmp_path / "tuned", {"q.weight": own + change}))
    settings = measure.Settings(intruders=4, ranks=(1, 2))
    seeds = np.random.SeedSequence(0).spawn(2)
    found = row(probing.probe(source, model, settings=settings, seeds=seeds), "q")
    base_left, tuned = np.linalg.svd(own)[0], np.linalg.svd(own + change)[0]
    best = abs(base_left.T @ tuned[:, :2]).max(axis=0)
    assert int(found.intruders) >= 2
    np.testing.assert_array_less(found.best_match[:2], best + 1e-4)
    np.testing.assert_array_less(best - 1e-4, found.best_match_bound[:2])
    assert (found.intruders_control >= 2).all()


@pytest.mark.parametrize(
    ("recorded", "says"),
    [
        ("org/model", "has the name that the adapter records"),
        ("org/other", "cannot be verified"),
        (None, "records no base"),
    ],
)
def test_another_base_than_the_recorded_one_is_noticed(tmp_path, generator, recorded, says):
    weights = {"q.weight": generator.standard_normal((9, 6))}
    model = base.BaseModel(write(tmp_path / "model", weights))
    config = {"base_model_name_or_path": recorded} if recorded else {}
    opened = write_adapter(tmp_path / "a", pair(generator, "q", 9, 6), **config)
    assert says in probing.probe(opened, model).attrs["base_check"]


@pytest.mark.parametrize(
    "weight_map",
    [
        {"q.weight": "../model/model.safetensors"},
        {"q.weight": "/etc/passwd"},
        {"q.weight": 3},
        ["q.weight"],
        {},
    ],
)
def test_an_index_that_names_no_file_beside_it_is_refused(tmp_path, generator, weight_map):
    write(tmp_path / "model", {"q.weight": generator.standard_normal((9, 6))})
    (tmp_path / "parts").mkdir()
    index = tmp_path / "parts" / "model.safetensors.index.json"
    index.write_text(json.dumps({"weight_map": weight_map}))
    with pytest.raises(ProbeError, match="is damaged"):
        base.BaseModel(tmp_path / "parts")


@pytest.mark.parametrize(
    "entry",
    [
        {"dtype": "F32", "shape": [2, 2], "data_offsets": [0, 8]},
        {"dtype": "F32", "shape": [-2, -2], "data_offsets": [0, 16]},
        {"dtype": "F32", "shape": [2, 2], "data_offsets": [8, 24]},
        {"dtype": "F32", "shape": "22", "data_offsets": [0, 16]},
        {"dtype": 4, "shape": [2, 2], "data_offsets": [0, 16]},
        {"dtype": "F32", "shape": [True, 4], "data_offsets": [0, 16]},
        [],
    ],
)
def test_an_entry_that_does_not_fit_the_file_is_refused(tmp_path, entry):
    header = json.dumps({"w": entry}).encode()
    file = tmp_path / "model.safetensors"
    file.write_bytes(len(header).to_bytes(8, "little") + header + bytes(16))
    with pytest.raises(ProbeError, match="is damaged"):
        tensors.in_folder(tmp_path, "model")


@pytest.mark.parametrize("length", [2**63, 10**9, 17])
def test_an_absurd_header_size_is_refused_before_it_is_read(tmp_path, length):
    file = tmp_path / "model.safetensors"
    file.write_bytes(length.to_bytes(8, "little") + bytes(16))
    with pytest.raises(ProbeError, match="is damaged: a header of"):
        tensors.in_folder(tmp_path, "model")


def test_the_function_of_the_package_works_more_than_once(tmp_path, generator):
    write_adapter(tmp_path / "a", pair(generator, "q", 9, 6))
    first, second = (rankscope.probe(tmp_path / "a") for _ in range(2))
    assert first.identical(second)
