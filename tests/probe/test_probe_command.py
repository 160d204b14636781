"""The command on small adapters written as PEFT writes them: output and every refusal."""

import json

import numpy as np
import pytest
import saved
from safetensors.numpy import save_file

from rankscope import datasets
from rankscope.probe import ProbeError, adapter, base, probing, tensors
from rankscope.running import command_line

MODULES = ("encoder.layer.2.query", "encoder.layer.10.query", "encoder.layer.10.up")
SHAPES = {"query": (12, 12), "up": (20, 12)}


def shape_of(module):
    return SHAPES[module.split(".")[-1]]


@pytest.fixture
def model(tmp_path):
    folder = tmp_path / "model"
    folder.mkdir()
    generator = np.random.default_rng(0)
    save_file(
        {f"{m}.weight": generator.standard_normal(shape_of(m)).astype(np.float32) for m in MODULES},
        folder / "model.safetensors",
    )
    return folder


def lora_weights(seed=1, rank=3):
    generator = np.random.default_rng(seed)
    weights = {}
    for module in MODULES:
        out, inner = shape_of(module)
        for name, shape in (("lora_A", (rank, inner)), ("lora_B", (out, rank))):
            values = generator.standard_normal(shape).astype(np.float32)
            weights[f"{module}.{name}.weight"] = values
    return weights


WITHOUT = probing.measure.Settings(intruders=0)
LORA = {"lora_alpha": 6, "r": 3}


@pytest.fixture
def lora(tmp_path):
    return saved.adapter(tmp_path / "lora", lora_weights(), **LORA)


def refusal(capsys, *arguments):
    status = command_line.main(["probe", *map(str, arguments)])
    error = capsys.readouterr().err
    lines = [line for line in error.splitlines() if "error" in line]
    assert status == 2
    assert len(lines) == 1, error
    assert "Traceback" not in error
    return lines[0]


def test_the_command_writes_the_dataset_the_table_and_the_figures(tmp_path, model, lora, capsys):
    other = saved.adapter(tmp_path / "other", lora_weights(2), **LORA)
    out = tmp_path / "out" / "probe.nc"
    assert (
        command_line.main(["probe", str(lora), str(other), "--base", str(model), "--out", str(out)])
        == 0
    )
    printed = capsys.readouterr()
    assert "alignment" in printed.out
    assert "phi(1,1)" in printed.out
    assert "3/3" in printed.err
    found = datasets.read(out)
    assert list(found.matrix.values) == list(MODULES), "layers are in order of their numbers"
    assert found.phi.shape == (3, 2, 8, 8)
    names = {"spectrum", "ranks", "relative_norm", "amplification", "similarity", "intruders"}
    for name in names:
        for kind in ("png", "pdf"):
            assert (out.parent / f"probe-{name}.{kind}").stat().st_size > 1000


def test_three_adapters_are_compared_in_a_table_a_figure_and_the_page(tmp_path, lora, capsys):
    others = [
        saved.adapter(tmp_path / name, lora_weights(seed), **LORA)
        for seed, name in ((2, "one"), (3, "two"))
    ]
    out = tmp_path / "out" / "probe.nc"
    assert command_line.main(["probe", *map(str, (lora, *others, "--out", out))]) == 0
    assert datasets.read(out).similarity.shape == (3, 2, 3, 3)
    assert "similarity of leading input directions" in capsys.readouterr().out
    page = out.with_suffix(".html").read_text()
    assert 'alt="adapters"' in page
    assert "src=" in page
    assert 'src="http' not in page
    assert "$" not in page.split("<h2>Every matrix")[0]


def test_the_same_probe_gives_the_same_bytes(tmp_path, model, lora):
    files = [tmp_path / f"{name}.nc" for name in "ab"]
    for file in files:
        seeds = np.random.SeedSequence(3).spawn(2)
        found = probing.probe(adapter.read(lora), base.BaseModel(model), seeds=seeds)
        assert found.sizes["control"] == 2
        datasets.write(found, file)
    assert files[0].read_bytes() == files[1].read_bytes()


def test_without_intruders_the_rest_is_the_same(model, lora):
    opened = adapter.read(lora), base.BaseModel(model)
    full = probing.probe(*opened)
    short = probing.probe(*opened, settings=probing.measure.Settings(intruders=0))
    assert "intruders" not in short
    np.testing.assert_array_equal(full.singular_value, short.singular_value)


def test_variables_carry_a_name_and_units(model, lora):
    found = probing.probe(adapter.read(lora), base.BaseModel(model), adapter.read(lora))
    for name, values in found.variables.items():
        assert values.attrs["long_name"], name
        assert values.attrs["units"], name


def test_patterns_of_alpha_and_the_stored_rank_give_each_matrix_its_scaling(tmp_path):
    config = LORA | {"alpha_pattern": {"query": 12, "layer.10.up": 9}, "use_rslora": True}
    found = adapter.read(saved.adapter(tmp_path / "a", lora_weights(), **config))
    scalings = [found.factors(m, shape_of(m))[2] for m in MODULES]
    np.testing.assert_allclose(scalings, np.array([12, 12, 9]) / np.sqrt(3))


def test_a_transposed_base_is_read_as_out_by_in(tmp_path, lora):
    weight = np.arange(6.0, dtype=np.float32).reshape(2, 3)
    save_file({"h.0.weight": weight}, tmp_path / "model.safetensors")
    np.testing.assert_array_equal(base.BaseModel(tmp_path).find("h.0", 3, 2).dense(), weight.T)


def test_base_names_may_have_other_leading_parts(tmp_path):
    save_file({"bert.layer.0.q.weight": np.ones((2, 2))}, tmp_path / "model.safetensors")
    assert base.BaseModel(tmp_path).find("layer.0.q", 2, 2).shape == (2, 2)
    assert base.BaseModel(tmp_path).find("model.bert.layer.0.q", 2, 2).shape == (2, 2)


def test_a_model_in_several_files_is_read_through_its_index(tmp_path, model, lora):
    single = tensors.in_folder(model, "model")
    parts = tmp_path / "parts"
    parts.mkdir()
    weight_map = {}
    for place, name in enumerate(single.names()):
        file = f"model-{place}.safetensors"
        save_file({name: single.read(name).astype(np.float32)}, parts / file)
        weight_map[name] = file
    (parts / "model.safetensors.index.json").write_text(json.dumps({"weight_map": weight_map}))
    one, other = (probing.probe(adapter.read(lora), base.BaseModel(f)) for f in (model, parts))
    assert one.equals(other)


def test_bfloat16_is_the_upper_half_of_float32(tmp_path):
    values = np.array([[1.0, -2.5], [0.15625, 3e8]], dtype=np.float32)
    stored = (values.view(np.uint32) >> 16).astype(np.uint16).tobytes()
    entry = {"dtype": "BF16", "shape": [2, 2], "data_offsets": [0, 8]}
    header = json.dumps({"w.weight": entry}).encode()
    (tmp_path / "model.safetensors").write_bytes(
        len(header).to_bytes(8, "little") + header + stored
    )
    read = tensors.in_folder(tmp_path, "model").read("w.weight")
    np.testing.assert_allclose(read, values, rtol=2**-7)
    assert read[0, 1] == -2.5


def test_a_truncated_adapter_is_refused(model, lora, tmp_path, capsys):
    file = lora / "adapter_model.safetensors"
    file.write_bytes(file.read_bytes()[:-20])
    line = refusal(capsys, lora, "--base", model, "--out", tmp_path / "o.nc")
    assert "adapter_model.safetensors is damaged" in line
    assert not (tmp_path / "o.nc").exists()


def test_garbage_and_an_empty_file_are_refused(model, lora, tmp_path, capsys):
    for content in (b"", b"garbage", b"\xff" * 4000):
        (lora / "adapter_model.safetensors").write_bytes(content)
        line = refusal(capsys, lora, "--base", model, "--out", tmp_path / "o.nc")
        assert "is damaged" in line


def test_damaged_json_is_refused(model, lora, tmp_path, capsys):
    (lora / "adapter_config.json").write_text("{")
    line = refusal(capsys, lora, "--base", model, "--out", tmp_path / "o.nc")
    assert "adapter_config.json is damaged: not JSON" in line


def test_pickled_weights_are_refused_with_the_reason(model, lora, tmp_path, capsys):
    (lora / "adapter_model.safetensors").rename(lora / "adapter_model.bin")
    line = refusal(capsys, lora, "--base", model, "--out", tmp_path / "o.nc")
    assert "can run any code" in line
    (model / "model.safetensors").rename(model / "pytorch_model.bin")
    with pytest.raises(ProbeError, match=r"pytorch_model\.bin"):
        base.BaseModel(model)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"peft_type": "IA3"}, "adapter type IA3 is not supported"),
        ({"use_bdlora": True}, "use_bdlora is set"),
        ({"alpha_pattern": ["query"]}, "is no mapping from patterns to numbers"),
        ({"alpha_pattern": {"query": "much"}}, "gives no number for 'query'"),
        ({"alpha_pattern": {"(": 2}}, "has no pattern in '('"),
        ({"alpha_pattern": {"(a+)+": 2}}, "too complex"),
        ({"lora_alpha": float("nan")}, "gives no number for lora_alpha"),
        ({"peft_type": "RANDLORA", "randlora_alpha": 2, "r": 0}, "a rank r of 0"),
        ({"init_lora_weights": "pissa_niter_4"}, "changes the base weights"),
        ({"lora_alpha": None}, "gives no number for lora_alpha"),
    ],
)
def test_an_unsupported_config_is_refused(model, tmp_path, capsys, change, message):
    folder = saved.adapter(tmp_path / "a", lora_weights(), **LORA | change)
    assert message in refusal(capsys, folder, "--base", model, "--out", tmp_path / "o.nc")


def unprobed(folder, model):
    found = probing.probe(adapter.read(folder), base.BaseModel(model), settings=WITHOUT)
    return list(found.matrix.values), dict(
        zip(found.unprobed.values, found.unprobed_why.values, strict=True)
    )


def test_a_missing_base_tensor_is_named_and_the_rest_is_probed(model, tmp_path):
    weights = lora_weights()
    extra = {k.replace("layer.2", "layer.3"): v for k, v in weights.items() if "layer.2" in k}
    matrices, why = unprobed(saved.adapter(tmp_path / "a", weights | extra, **LORA), model)
    assert matrices == list(MODULES)
    assert "holds no encoder.layer.3.query.weight" in why["encoder.layer.3.query"]


def test_a_missing_half_of_a_pair_is_named_and_the_rest_is_probed(model, tmp_path):
    weights = lora_weights()
    del weights[f"{MODULES[0]}.lora_B.weight"]
    matrices, why = unprobed(saved.adapter(tmp_path / "a", weights, **LORA), model)
    assert matrices == list(MODULES[1:])
    assert list(why.values()) == [f"the file holds no lora_B.weight of {MODULES[0]}"]


def test_a_shape_that_does_not_fit_the_base_is_named_and_the_rest_is_probed(model, tmp_path):
    weights = lora_weights()
    weights[f"{MODULES[2]}.lora_B.weight"] = np.ones((7, 3), dtype=np.float32)
    matrices, why = unprobed(saved.adapter(tmp_path / "a", weights, **LORA), model)
    assert matrices == list(MODULES[:2])
    assert "updates a matrix of 7 x 12, but the base weight is 20 x 12" in why[MODULES[2]]


def test_values_that_are_not_finite_are_named_and_the_rest_is_probed(model, tmp_path):
    weights = lora_weights()
    weights[f"{MODULES[0]}.lora_B.weight"][0, 0] = np.nan
    matrices, why = unprobed(saved.adapter(tmp_path / "a", weights, **LORA), model)
    assert matrices == list(MODULES[1:])
    assert "not finite" in why[MODULES[0]]


def test_an_adapter_of_which_nothing_can_be_probed_is_refused(lora, tmp_path, capsys):
    wrong = tmp_path / "wrong"
    wrong.mkdir()
    weights = {f"{m}.weight": np.ones((5, 6), dtype=np.float32) for m in MODULES}
    save_file(weights, wrong / "model.safetensors")
    line = refusal(capsys, lora, "--base", wrong, "--out", tmp_path / "o.nc")
    assert "nothing can be probed" in line
    assert "but the base weight is 5 x 6" in line


def test_quantised_base_weights_are_refused(tmp_path):
    save_file({"q.weight": np.ones((2, 2), dtype=np.int8)}, tmp_path / "model.safetensors")
    with pytest.raises(ProbeError, match="stored as I8"):
        base.BaseModel(tmp_path).find("q", 2, 2).dense()


def test_bases_that_were_not_saved_are_refused_with_the_way_out(model, tmp_path, capsys):
    weights = {}
    for module in MODULES:
        out, _ = shape_of(module)
        weights[f"{module}.vera_lambda_b"] = np.ones(out, dtype=np.float32)
        weights[f"{module}.vera_lambda_d"] = np.ones(4, dtype=np.float32)
    folder = saved.adapter(tmp_path / "a", weights, peft_type="VERA", r=4)
    line = refusal(capsys, folder, "--base", model, "--out", tmp_path / "o.nc")
    assert "save_projection=True" in line


def test_missing_folders_and_a_wrong_output_are_refused(model, lora, tmp_path, capsys):
    nowhere = tmp_path / "nowhere"
    assert "is no folder" in refusal(capsys, nowhere, "--base", model, "--out", tmp_path / "o.nc")
    assert "is no folder" in refusal(capsys, lora, "--base", nowhere, "--out", tmp_path / "o.nc")
    assert "ends in .nc" in refusal(capsys, lora, "--base", model, "--out", tmp_path / "o.txt")
    blocked = lora / "adapter_config.json" / "o.nc"
    assert "cannot write" in refusal(capsys, lora, "--base", model, "--out", blocked)
    assert "holds no model.safetensors" in refusal(
        capsys, lora, "--base", lora, "--out", tmp_path / "o.nc"
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--intruders", "many"), "must be a whole number, 0 or more, got many"),
        (("--controls", "0"), "must be a whole number, 1 or more, got 0"),
        (("--seed", "1.5"), "must be a whole number, 0 or more, got 1.5"),
    ],
)
def test_a_number_that_breaks_its_rule_is_refused_in_plain_words(capsys, arguments, message):
    with pytest.raises(SystemExit):
        command_line.main(["probe", "a", "--out", "o.nc", *arguments])
    assert message in capsys.readouterr().err


@pytest.mark.parametrize("name", ["cuda", "nonsense"])
def test_a_device_that_is_absent_is_refused(model, lora, tmp_path, capsys, name):
    torch = pytest.importorskip("torch")
    if name == "cuda" and torch.cuda.is_available():
        pytest.skip("it is there")
    out = tmp_path / "o.nc"
    line = refusal(capsys, lora, "--base", model, "--out", out, "--device", name)
    assert f"device {name}: " in line


def test_adapters_of_different_matrices_cannot_be_compared(model, lora, tmp_path, capsys):
    weights = {k.replace("encoder", "decoder"): v for k, v in lora_weights().items()}
    other = saved.adapter(tmp_path / "other", weights, **LORA)
    line = refusal(capsys, lora, other, "--base", model, "--out", tmp_path / "o.nc")
    assert "adapt no matrix in common" in line


def test_the_command_lists_what_is_not_probed_and_why(tmp_path, model, capsys):
    extra = {"classifier.bias": np.ones(2, dtype=np.float32)}
    folder = saved.adapter(tmp_path / "a", lora_weights() | extra, **LORA)
    arguments = [str(folder), "--base", str(model), "--out", str(tmp_path / "o.nc")]
    assert command_line.main(["probe", *arguments]) == 0
    assert f"not probed: {saved.PREFIX}classifier.bias: a bias, a vector" in capsys.readouterr().out
    assert datasets.read(tmp_path / "o.nc").attrs["skipped"] == 1


def test_an_untrained_adapter_is_probed_and_drawn(tmp_path, model):
    weights = {k: v * ("lora_B" not in k) for k, v in lora_weights().items()}
    folder = saved.adapter(tmp_path / "a", weights, **LORA)
    arguments = [str(folder), "--base", str(model), "--out", str(tmp_path / "o.nc")]
    assert command_line.main(["probe", *arguments]) == 0
    assert (datasets.read(tmp_path / "o.nc").numerical_rank == 0).all()


def test_a_base_of_zeros_has_no_alignment(tmp_path, lora):
    weights = {f"{m}.weight": np.zeros(shape_of(m), dtype=np.float32) for m in MODULES}
    save_file(weights, tmp_path / "zeros.safetensors")
    found = probing.probe(adapter.read(lora), base.BaseModel(tmp_path / "zeros.safetensors"))
    assert found.alignment.isnull().all()
    assert "intruders" not in found
