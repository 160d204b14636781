"""Time and memory of probing a saved adapter, against the dense route.

The dense route is what one writes first: load the base model with transformers and the
adapter with PEFT, take each ``get_delta_weight``, and decompose it in full. Both give the
spectrum, the ranks and the amplification factor of every matrix (no intruders: they need the
base weight's decomposition in either way). Each way and size runs in a process of its own,
with one thread; memory is the peak of that process, which includes its libraries. The last
column is the largest difference of a singular value from the dense one, relative to the
matrix's largest.

Run with the language requirements installed:

    python benchmarks/probe.py [--large]

With ``--matrix OUT IN`` one bfloat16 base weight of this shape is generated, 64 directions of
falling size in noise, and probed with an update of rank 16, with and without its intruders.
``--stream LAYERS`` does this for all linear layers of a model of 70B's shapes, a file per layer,
and says what 80 layers would take; ``--noise`` leaves the 64 directions out, the worst that a
base can be for the search of its leading directions. Both need numpy alone.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

for library in ("OMP", "OPENBLAS", "MKL"):
    os.environ[f"{library}_NUM_THREADS"] = "1"
os.environ |= {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1"}

SIZES = {
    "MiniLM's (384, 6 layers)": (384, 6, 8),
    "BERT-large's width (1024, 3 layers)": (1024, 3, 8),
}
LARGE = {"2048, 2 layers": (2048, 2, 16)}
LAYER = {
    "q_proj": (8192, 8192),
    "k_proj": (1024, 8192),
    "v_proj": (1024, 8192),
    "o_proj": (8192, 8192),
    "gate_proj": (28672, 8192),
    "up_proj": (28672, 8192),
    "down_proj": (8192, 28672),
}
"""``(out, in)`` of the linear layers of one of the 80 layers of a model of 70B parameters."""
ALL = ["query", "key", "value", "attention.output.dense", "intermediate.dense", "output.dense"]


def main() -> None:
    """Print one line per size and way."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--large", action="store_true", help="add a larger model")
    parser.add_argument("--way", nargs=2, help=argparse.SUPPRESS)
    parser.add_argument("--matrix", nargs=2, type=int, metavar=("OUT", "IN"))
    parser.add_argument("--stream", type=int, metavar="LAYERS")
    parser.add_argument("--noise", action="store_true", help="a base without leading directions")
    options = parser.parse_args()
    directions = 0 if options.noise else 64
    if options.matrix:
        one_matrix(*options.matrix, directions)
        return
    if options.stream:
        stream(options.stream, directions)
        return
    if options.way:
        print(json.dumps(measure(*options.way)))
        return
    print(
        f"{'model':36} {'way':8} {'import s':>9} {'work s':>8} {'MB':>7} {'ratio':>7} {'error':>9}"
    )
    for name, shape in (SIZES | (LARGE if options.large else {})).items():
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run(
                [sys.executable, "-c", f"import probe; probe.save({folder!r}, *{shape})"],
                cwd=Path(__file__).parent,
                check=True,
            )
            found = {way: run(way, folder) for way in ("dense", "probe")}
            report(name, found)


def one_matrix(rows, columns, directions):
    """Print CPU seconds and peak memory of probing one generated matrix."""
    with tempfile.TemporaryDirectory() as folder:
        generate(Path(folder), [{"q": (rows, columns)}], directions)
        for way in ("size", "size_without"):
            found = run(way, folder)
            print(
                f"{rows} x {columns} {way:12} {found['work']:7.2f} s CPU "
                f"{found['memory']:7.0f} MB, relative residual {found['values'][0]:.1e}"
            )


def stream(layers, directions):
    """Print CPU seconds of each kind of matrix of a 70B model, their sum, and peak memory."""
    with tempfile.TemporaryDirectory() as folder:
        parts = [
            {f"layers.{layer}.{name}": shape for name, shape in LAYER.items()}
            for layer in range(layers)
        ]
        generate(Path(folder), parts, directions)
        found = run("stream", folder)
    residual, taken = found["values"]
    for name, (rows, columns) in LAYER.items():
        seconds = [one for module, one in taken.items() if module.endswith(name)]
        print(f"{name:10} {rows:6} x {columns:5}", *(f"{one:6.2f}" for one in seconds), "s CPU")
    layer = sum(taken.values()) / layers
    print(
        f"{layer:.1f} s CPU a layer, {layer * 80 / 60:.0f} min for 80; {found['memory']:.0f} MB; "
        f"relative residual {residual:.1e}"
    )


def generate(folder, parts, directions):
    """Write base weights in bfloat16, a file for each part, and an adapter of all of them."""
    import numpy as np
    from safetensors.numpy import save_file

    generator = np.random.default_rng(0)
    factors, files = {}, {}
    (folder / "model").mkdir()
    for number, shapes in enumerate(parts):
        header, end = {}, 0
        for name, (rows, columns) in shapes.items():
            place = [end, end := end + 2 * rows * columns]
            header[f"{name}.weight"] = {
                "dtype": "BF16", "shape": [rows, columns], "data_offsets": place
            }  # fmt: skip
            files[f"{name}.weight"] = f"model-{number}.safetensors"
            for factor, shape in (("A", (16, columns)), ("B", (rows, 16))):
                values = generator.standard_normal(shape, dtype=np.float32)
                values /= np.float32(max(shape) ** 0.5)
                factors[f"base_model.model.{name}.lora_{factor}.weight"] = values
        text = json.dumps(header).encode()
        with (folder / "model" / f"model-{number}.safetensors").open("wb") as file:
            file.write(len(text).to_bytes(8, "little") + text)
            for rows, columns in shapes.values():
                write_weight(file, rows, columns, directions, generator)
    index = folder / "model" / "model.safetensors.index.json"
    index.write_text(json.dumps({"weight_map": files}))
    (folder / "adapter").mkdir()
    save_file(factors, folder / "adapter" / "adapter_model.safetensors")
    config = {"peft_type": "LORA", "lora_alpha": 16, "r": 16}
    (folder / "adapter" / "adapter_config.json").write_text(json.dumps(config))


def write_weight(file, rows, columns, directions, generator):
    """Write directions of falling size in noise, some rows at a time."""
    import numpy as np

    left, right = (
        generator.standard_normal((size, directions), dtype=np.float32) / np.float32(size**0.5)
        for size in (rows, columns)
    )
    sizes = np.arange(1, directions + 1, dtype=np.float32) ** -0.6
    left *= np.float32(0.4 * columns**0.5) * sizes
    for first in range(0, rows, 1024):
        part = left[first : first + 1024]
        noise = generator.standard_normal((len(part), columns), dtype=np.float32)
        values = part @ right.T + np.float32(0.02) * noise
        file.write((values.view(np.uint32) >> 16).astype(np.uint16).tobytes())


def run(way, folder):
    """Run one way in a new process; return what it measured."""
    command = [sys.executable, __file__, "--way", way, folder]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return json.loads(output.splitlines()[-1])


def report(name, found):
    """Print the two ways of one size."""
    error = max(
        max(abs(a - b) for a, b in zip(mine, theirs, strict=False)) / theirs[0]
        for mine, theirs in zip(found["probe"]["values"], found["dense"]["values"], strict=True)
    )
    for way, values in found.items():
        ratio = found["dense"]["work"] / values["work"]
        print(
            f"{name:36} {way:8} {values['imports']:9.2f} {values['work']:8.2f} "
            f"{values['memory']:7.0f} {ratio:7.1f} {error if way == 'probe' else 0:9.1e}"
        )


def save(folder, hidden, layers, rank):
    """Save a random BERT of this size and a LoRA adapter of all its linear layers."""
    import peft
    import torch
    import transformers

    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    torch.manual_seed(0)
    config = transformers.BertConfig(
        hidden_size=hidden,
        num_hidden_layers=layers,
        num_attention_heads=hidden // 64,
        intermediate_size=4 * hidden,
        vocab_size=1000,
    )
    model = transformers.BertModel(config)
    model.save_pretrained(f"{folder}/model")
    model = peft.get_peft_model(model, peft.LoraConfig(r=rank, target_modules=ALL))
    for name, weight in model.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(weight, std=0.01)
    model.save_pretrained(f"{folder}/adapter")


def measure(way, folder):
    """Return CPU seconds of imports and work, peak memory, and all singular values."""
    start = time.process_time()
    ways = {
        "probe": prepare_probe,
        "dense": prepare_dense,
        "size": lambda: prepare_size(intruders=10),
        "size_without": lambda: prepare_size(intruders=0),
        "stream": lambda: prepare_size(intruders=10),
    }
    work = ways[way]()
    imported = time.process_time()
    values = work(Path(folder))
    return {
        "imports": imported - start,
        "work": time.process_time() - imported,
        "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "values": values,
    }


def prepare_probe():
    """Import what the probe needs; return the work."""
    from rankscope.probe import adapter, base, measure, probing

    def work(folder):
        found = probing.probe(
            adapter.read(folder / "adapter"),
            base.BaseModel(folder / "model"),
            settings=measure.Settings(intruders=0),
        )
        return [row[row == row].tolist() for row in found.singular_value.values]

    return work


def prepare_size(intruders):
    """Import what the probe needs; return the work: largest residual, CPU seconds of each."""
    import numpy as np

    from rankscope.probe import adapter, base, measure, probing

    def work(folder):
        ticks = []

        def tick(modules):
            for module in modules:
                ticks.append(time.process_time())
                yield module
            ticks.append(time.process_time())

        found = probing.probe(
            adapter.read(folder / "adapter"),
            base.BaseModel(folder / "model"),
            settings=measure.Settings(intruders=intruders),
            seeds=np.random.SeedSequence(0).spawn(4),
            progress=tick,
        )
        residual = float(found.match_residual.max()) if intruders else 0.0
        return residual, dict(zip(found.matrix.values.tolist(), np.diff(ticks), strict=True))

    return work


def prepare_dense():
    """Import what the dense route needs; return the work."""
    import peft
    import torch
    import transformers

    torch.set_num_threads(1)
    transformers.utils.logging.set_verbosity_error()

    def work(folder):
        model = transformers.AutoModel.from_pretrained(str(folder / "model"))
        model = peft.PeftModel.from_pretrained(model, str(folder / "adapter"))
        found = {}
        with torch.inference_mode():
            for name, module in model.named_modules():
                if hasattr(module, "get_delta_weight"):
                    left, values, right = torch.linalg.svd(
                        module.get_delta_weight("default").double(), full_matrices=False
                    )
                    weight = module.base_layer.weight.double()
                    for rank in (1, 2, 4, 8):
                        torch.linalg.norm(left[:, :rank].T @ weight @ right[:rank].T)
                    found[name] = values.tolist()
        order = sorted(
            found, key=lambda n: [(int(p), "") if p.isdigit() else (-1, p) for p in n.split(".")]
        )
        return [found[name] for name in order]

    return work


if __name__ == "__main__":
    main()
