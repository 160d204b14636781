"""Whatever its bounds let through runs, on a model and texts so small that it takes no time."""

import string

import numpy as np
import pytest

pytestmark = [pytest.mark.model, pytest.mark.slow]
torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")
pytest.importorskip("peft")
pytest.importorskip("hypothesis")

from hypothesis import given, settings  # noqa: E402
from hypothesis import strategies as some  # noqa: E402

from rankscope.errors import Foreseen, InputError, ParameterError  # noqa: E402
from rankscope.evidence import claims as evidence  # noqa: E402
from rankscope.evidence import results  # noqa: E402
from rankscope.planning import parameters  # noqa: E402
from rankscope.studies.language_model import claims, simulation, tables, theory  # noqa: E402
from rankscope.studies.language_model.parameters import Parameters  # noqa: E402


@pytest.fixture(scope="module")
def local(tmp_path_factory):
    """A folder with an untrained model of BERT's kind, and a CSV file of letters."""
    folder = tmp_path_factory.mktemp("tiny")
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *string.ascii_lowercase]
    (folder / "vocab.txt").write_text("\n".join(words))
    transformers.BertTokenizerFast(vocab=str(folder / "vocab.txt")).save_pretrained(folder)
    config = transformers.BertConfig(
        vocab_size=len(words), hidden_size=16, num_hidden_layers=2, num_attention_heads=2,
        intermediate_size=24, max_position_embeddings=16,
    )  # fmt: skip
    torch.manual_seed(0)
    transformers.BertModel(config).save_pretrained(folder)
    generator = np.random.default_rng(0)
    texts = [
        f"{' '.join(generator.choice(list(string.ascii_lowercase), 1 + n % 20))},{'ab'[n % 2]}"
        for n in range(80)
    ]
    (folder / "texts.csv").write_text("\n".join(["text,label", *texts]))
    return folder


NAMES = ("head", "full", "lora-1", "lora-4", "lora-16", "rslora-2", "relora-2", "randlora-6")
NAMES += ("vera-40",)
RUN = some.builds(
    lambda name, targets: name + targets,
    some.sampled_from(NAMES),
    some.sampled_from(("", "", ".q", ".ud", ".qkvo")),
)
WITHIN = some.fixed_dictionaries(
    {
        "runs": some.lists(RUN, min_size=1, max_size=4, unique=True).map("+".join),
        "targets": some.sampled_from(("k", "qv", "vd", "qkvoud")),
        "layers": some.integers(1, 2),
        "steps": some.integers(2, 3),
        "batch_size": some.integers(1, 9),
        "tokens": some.integers(3, 16),
        "training_pool": some.integers(20, 30),
        "training_texts": some.integers(1, 20),
        "validation_texts": some.integers(5, 10),
        "tested_texts": some.integers(2, 20),
        "tuning_seeds": some.integers(1, 2),
        "tuning_moves": some.integers(0, 1),
        "rate_factor": some.sampled_from((1.0001, 3.0, 100.0)),
        "rate_shift": some.sampled_from((-1, 0, 1)),
        "lora_alpha": some.sampled_from((1e-300, 8.0, 1e6)),
        "relora_cycles": some.integers(1, 2),
        "data_seed": some.sampled_from((0, 1, 2**63)),
    }
)
ODD = some.sampled_from(
    (
        {},
        {},
        {},
        {"runs": "head+full+lora-4+lora-16+randlora-6", "twins": "full+lora-16", "targets": "qd"},
        {"runs": "lora-17"},
        {"runs": "lora-4.vq"},
        {"twins": "lora-3"},
        {"tested_texts": 70},
        {"tokens": 17},
        {"layers": 3},
        {"runs": "full.qv", "targets": "qv"},
        {"rate_factor": 1e300},
    )
)


@given(values=WITHIN, odd=ODD)
@settings(deadline=None, max_examples=25, derandomize=True)
def test_a_setting_is_refused_in_one_line_or_runs(local, values, odd):
    fixed = {"task": str(local / "texts.csv"), "model": str(local)}
    streams = [np.random.SeedSequence(5, spawn_key=(index,)) for index in range(2)]
    refused = ""
    try:
        point = parameters.build(Parameters, fixed | values | odd, "here")
        measured = simulation.simulate(point, streams)
    except Foreseen as error:
        refused = str(error)
    if refused:
        assert odd
        assert "\n" not in refused
        return
    assert measured.sizes["replicate"] == 2
    of = results.of({"p": (parameters.as_dict(point), measured, theory.predict(point))})
    for claim in evidence.of(claims):
        assert all(sample.estimate.replicates == 2 for sample in claim.samples(of))
    assert len(tables.accuracies(of)) == len(point.run_list())
    assert len(tables.updates(of)) == sum(run.method != "head" for run in point.run_list())


ALL = {
    "runs": "head+full+lora-1+lora-4+lora-16+rslora-2+relora-2+randlora-6+vera-40+lora-2.ud",
    "twins": "full+lora-16",
    "targets": "qkvoud",
    "layers": 2,
    "training_pool": 30,
    "training_texts": 30,
    "validation_texts": 10,
    "tested_texts": 10,
}


@pytest.fixture
def tiny(build, local):
    def make(**values):
        fixed = {"task": str(local / "texts.csv"), "model": str(local)}
        return build(**(fixed | ALL | values))

    return make


def test_all_methods_on_all_matrices_are_measured_and_sized_as_predicted(tiny):
    point = tiny()
    measured = simulation.simulate(point, [np.random.SeedSequence(5)])
    predicted = theory.predict(point)
    assert (measured.trainable_parameters == predicted.trainable_parameters).all()
    excess = measured.numerical_rank - predicted.rank_bound
    assert float(excess.max()) <= 0
    expected = {"phi", "cka_full", "intruders_full_norm", "intruders_equal_loss"}
    assert expected <= set(measured)


def test_what_a_point_has_no_runs_for_is_left_out(tiny):
    measured = simulation.simulate(tiny(runs="lora-4", twins="none"), [np.random.SeedSequence(5)])
    assert list(measured.pair.values) == ["random"]
    left_out = {"cka", "cka_full", "intruders_full_norm", "intruders_equal_loss"}
    assert not left_out & set(measured)
    assert np.isnan(measured.equal_loss_scale).all()


def test_the_rate_that_is_used_may_be_off_the_best_one(tiny):
    rates = {
        shift: simulation.simulate(
            tiny(runs="head+lora-4", twins="none", rate_shift=shift), [np.random.SeedSequence(5)]
        )
        for shift in (0, 1)
    }
    for name in ("rate", "head_rate"):
        factor = (rates[1][name] / rates[0][name]).values
        np.testing.assert_allclose(factor, [[1.0, 3.0 if name == "rate" else 1.0]])


def test_a_replicate_chooses_its_rates_however_many_there_are(tiny):
    # rates so close that chance decides
    point = tiny(runs="lora-4+full", twins="none", tuning_seeds=4, rate_factor=1.0001)
    streams = [np.random.SeedSequence(5, spawn_key=(index,)) for index in range(6)]
    whole = simulation.simulate(point, streams)
    for part in (streams[:2], streams[2:3]):
        first = streams.index(part[0])
        some_of_them = whole.isel(replicate=slice(first, first + len(part)))
        for name in ("rate", "head_rate", "chosen", "training_loss"):
            found = simulation.simulate(point, part)[name]
            np.testing.assert_array_equal(found.values, some_of_them[name].values)
    chosen = whole.tried_rate.isel(trial=whole.chosen - 1).transpose("replicate", "run")
    np.testing.assert_array_equal(chosen, whole.rate)
    assert len(np.unique(whole.chosen)) > 1, "not all replicates choose alike"


def test_a_device_that_is_not_there_is_one_line(tiny):
    if torch.cuda.is_available():
        pytest.skip("it is there")
    with pytest.raises(ParameterError, match="device must be one that torch finds here"):
        simulation.simulate(tiny(device="cuda"), [np.random.SeedSequence(5)])


@pytest.mark.parametrize("damage", ["weights", "kind", "none"])
def test_a_model_that_cannot_be_used_is_one_line(tiny, local, tmp_path, damage):
    for file in local.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    if damage == "weights":
        (tmp_path / "model.safetensors").write_bytes(b"no weights")
    elif damage == "none":
        (tmp_path / "model.safetensors").unlink()
    else:
        text = (tmp_path / "config.json").read_text()
        (tmp_path / "config.json").write_text(text.replace('"bert"', '"no-such-kind"'))
    with pytest.raises(InputError, match="is not a model of BERT's kind"):
        simulation.simulate(tiny(model=str(tmp_path)), [np.random.SeedSequence(5)])


def test_a_package_that_is_missing_says_how_to_install_it(tiny, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"pip install 'rankscope\[language\]'"):
        simulation.simulate(tiny(), [np.random.SeedSequence(5)])
