import numpy as np
import pytest

from rankscope.numerics import adapters, low_rank

torch = pytest.importorskip("torch")
peft = pytest.importorskip("peft")

SHAPES = {"wide": (10, 14), "tall": (14, 10), "square": (12, 12)}
FLOAT32 = 2e-6


def model_with(config):
    torch.manual_seed(3)
    layers = torch.nn.ModuleDict(
        {name: torch.nn.Linear(columns, rows) for name, (rows, columns) in SHAPES.items()}
    )
    model = peft.get_peft_model(layers, config)
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.requires_grad:
                parameter.copy_(torch.randn(parameter.shape))
    return model.base_model.model


def array(tensor):
    return tensor.detach().numpy().astype(float)


def relative_error(ours, theirs):
    return np.linalg.norm(ours - theirs) / np.linalg.norm(theirs)


@pytest.fixture(scope="module", params=[False, True], ids=["alpha over r", "alpha over sqrt r"])
def lora(request):
    config = peft.LoraConfig(
        r=4, lora_alpha=10, use_rslora=request.param, target_modules=list(SHAPES)
    )
    return model_with(config), request.param


@pytest.fixture(scope="module")
def vera():
    return model_with(peft.VeraConfig(r=6, target_modules=list(SHAPES)))


@pytest.fixture(scope="module", params=["dense", "sparse", "very sparse"])
def randlora(request):
    config = peft.RandLoraConfig(
        r=4,
        randlora_alpha=80,
        sparse=request.param == "sparse",
        very_sparse=request.param == "very sparse",
        target_modules=list(SHAPES),
    )
    return model_with(config)


@pytest.mark.parametrize("name", SHAPES)
def test_lora_scaling_and_delta_weight_agree(lora, name):
    model, stabilised = lora
    layer = model[name]
    scaling = adapters.lora_scaling(10, 4, rank_stabilised=stabilised)
    assert layer.scaling["default"] == pytest.approx(scaling, rel=1e-15)
    left, right = array(layer.lora_B["default"].weight), array(layer.lora_A["default"].weight)
    theirs = array(layer.get_delta_weight("default"))
    assert relative_error(scaling * left @ right, theirs) < FLOAT32
    values = low_rank.singular_values(left, right, scaling)
    np.testing.assert_allclose(
        values, np.linalg.svd(theirs, compute_uv=False)[:4], rtol=10 * FLOAT32
    )


@pytest.mark.parametrize("name", SHAPES)
def test_vera_delta_weight_agrees(vera, name):
    layer = vera[name]
    left, right = adapters.vera_factors(
        array(layer.vera_A["default"])[:, : SHAPES[name][1]],
        array(layer.vera_B["default"]),
        array(layer.vera_lambda_d["default"]),
        array(layer.vera_lambda_b["default"]),
    )
    assert relative_error(left @ right, array(layer.get_delta_weight("default"))) < FLOAT32


@pytest.mark.parametrize("name", SHAPES)
def test_randlora_scaling_and_delta_weight_agree(randlora, name):
    layer = randlora[name]
    assert layer.scaling["default"] == 20.0
    left, right = adapters.randlora_factors_from_peft(
        array(layer.randlora_A["default"]),
        array(layer.randlora_B["default"]),
        array(layer.randlora_lambda["default"]),
        array(layer.randlora_gamma["default"]),
        SHAPES[name],
    )
    theirs = array(layer.get_delta_weight("default"))
    assert relative_error(20.0 * left @ right, theirs) < FLOAT32


@pytest.mark.parametrize("name", SHAPES)
def test_the_papers_formula_on_stored_tensors_is_not_what_peft_applies(randlora, name):
    layer = randlora[name]
    smaller, larger = min(SHAPES[name]), max(SHAPES[name])
    count = adapters.randlora_number_of_bases(smaller, larger, 4)
    left, right = adapters.randlora_factors(
        array(layer.randlora_B["default"])[:larger, :count].transpose(1, 0, 2),
        array(layer.randlora_lambda["default"]).T,
        array(layer.randlora_A["default"])[:, 0, :smaller],
        array(layer.randlora_gamma["default"]),
    )
    theirs = array(layer.get_delta_weight("default"))
    theirs = theirs if SHAPES[name][1] == smaller else theirs.T
    assert relative_error(20.0 * left @ right, theirs) > 0.3
