"""Damaged and hostile input: no traceback, one line, nothing written elsewhere, little memory."""

import json
import random
import tracemalloc

import numpy as np
import pytest
import saved
from safetensors.numpy import save_file

from rankscope.errors import Foreseen
from rankscope.probe import adapter, base, measure, probing, ranking

MUTATIONS = 500
MEMORY = 64 * 2**20
MODULES = ("layer.0.q", "layer.1.q")
WITHOUT = measure.Settings(intruders=2, ranks=(1, 2), directions=2)
VALUES = (
    *(None, True, -1, 0, 2**63, 1e308, float("nan"), float("inf"), "", "x" * 2000, [], {}),
    *([1], {"q": 1}, {"(": 1}, {"q": "a"}, "../../etc/passwd", [[[[]]]], "\x00", "F64", [0, 0]),
)


def write(folder):
    """Write an adapter and a base in two files with an index."""
    generator = np.random.default_rng(0)
    (folder / "model").mkdir(parents=True)
    factors, weights = {}, {}
    for module in MODULES:
        factors[f"{module}.lora_A.weight"] = generator.standard_normal((2, 6), dtype=np.float32)
        factors[f"{module}.lora_B.weight"] = generator.standard_normal((8, 2), dtype=np.float32)
        weights[f"{module}.weight"] = generator.standard_normal((8, 6), dtype=np.float32)
    config = {"lora_alpha": 4, "r": 2, "alpha_pattern": {"0.q": 3}, "use_rslora": False}
    config |= {"fan_in_fan_out": False, "base_model_name_or_path": "model"}
    saved.adapter(folder / "adapter", factors, **config)
    weight_map = {}
    for place, (name, values) in enumerate(weights.items()):
        weight_map[name] = f"model-{place}.safetensors"
        save_file({name: values}, folder / "model" / weight_map[name])
    index = {"metadata": {}, "weight_map": weight_map}
    (folder / "model" / "model.safetensors.index.json").write_text(json.dumps(index))
    (folder / "model" / "config.json").write_text('{"model_type": "", "tie_word_embeddings": true}')


def change_bytes(file, chance):
    content = bytearray(file.read_bytes())
    for _ in range(chance.choice((1, 1, 4, 32))):
        content[chance.randrange(len(content))] = chance.randrange(256)
    file.write_bytes(content)


def cut(file, chance):
    content = file.read_bytes()
    file.write_bytes(content[: chance.randrange(len(content))])


def grow(file, chance):
    file.write_bytes(file.read_bytes() + chance.randbytes(chance.randrange(1, 64)))


def header_length(file, chance):
    length = chance.choice((0, 1, 7, 2**31, 2**63, 2**64 - 1, chance.randrange(4000)))
    file.write_bytes(length.to_bytes(8, "little") + file.read_bytes()[8:])


def change_value(values, chance):
    """Replace, rename or remove something at a random depth."""
    if isinstance(values, dict) and values:
        key = chance.choice(list(values))
        deeper = isinstance(values[key], dict | list) and values[key] and chance.random() < 0.7
        if deeper:
            change_value(values[key], chance)
        elif chance.random() < 0.2:
            values[chance.choice(("", "../x", "lm_head.weight", "a.weight"))] = values.pop(key)
        elif chance.random() < 0.2:
            del values[key]
        else:
            values[key] = chance.choice(VALUES)
    elif isinstance(values, list) and values:
        values[chance.randrange(len(values))] = chance.choice(VALUES)


def change_json(file, chance):
    if file.suffix == ".json":
        values = json.loads(file.read_text())
        change_value(values, chance)
        file.write_text(json.dumps(values))
        return
    content = file.read_bytes()
    length = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + length])
    change_value(header, chance)
    text = json.dumps(header).encode()
    file.write_bytes(len(text).to_bytes(8, "little") + text + content[8 + length :])


def poison(file, chance):
    """Overwrite numbers with nan, inf or the largest there are."""
    content = bytearray(file.read_bytes())
    value = np.float32(chance.choice((np.nan, np.inf, -np.inf, 3e38, 1e-45)))
    place = len(content) - 4 * chance.randrange(1, 12)
    content[place : place + 4] = value.tobytes()
    file.write_bytes(content)


def deep(file, chance):
    text = b"[" * 100_000
    if file.suffix == ".json":
        file.write_bytes(text)
    else:
        file.write_bytes(len(text).to_bytes(8, "little") + text)


WAYS = (change_bytes, cut, grow, header_length, change_json, change_json, change_json, poison, deep)


def tree(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("part", range(5))
def test_no_mutation_ends_in_a_traceback_or_writes_anything_or_takes_memory(tmp_path, part):
    lines, size = [], MUTATIONS // 5
    for number in range(part * size, (part + 1) * size):
        chance = random.Random(number)
        folder = tmp_path / str(number)
        write(folder)
        files = sorted(path for path in folder.rglob("*") if path.is_file())
        file = chance.choice(files)
        way = chance.choice(WAYS)
        way(file, chance)
        before = tree(folder)
        tracemalloc.start()
        try:
            source = adapter.read(folder / "adapter")
            found = probing.probe(source, base.BaseModel(folder / "model"), settings=WITHOUT)
            ranking.recommend(source, 0.9)
            assert np.isfinite(found.update_norm).all()
        except Foreseen as error:
            lines.append(str(error))
        except Exception as error:
            raise AssertionError(f"mutation {number}, {way.__name__} of {file.name}") from error
        finally:
            peak = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
        assert peak < MEMORY, (number, way.__name__, file.name)
        assert tree(folder) == before
    assert all("\n" not in line and len(line) < 1000 for line in lines)
    assert len(lines) > size / 4, "the mutations are hard enough"
