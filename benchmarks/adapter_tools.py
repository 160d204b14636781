"""What several tools say of the same adapters, in what time and memory.

The tools are ``rankscope``, ``gradience audit``, weightwatcher with ``peft=True``, and PEFT's
``reduce_intruder_dimension`` and ``convert_to_lora``; those that are not installed are left
out. Each runs in a process of its own with one thread: CPU seconds and peak memory are of the
whole process, its imports and the loading of the base model among them. What a tool says is
cut down to its means over the adapter's matrices.

    python benchmarks/adapter_tools.py BASE ADAPTER [ADAPTER ...]

With ``--wide`` a random BERT 1,024 wide, of one layer, and an adapter of rank 8 are written in
BASE first.
"""

import argparse
import importlib
import importlib.util
import os
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path

for library in ("OMP", "OPENBLAS", "MKL"):
    os.environ[f"{library}_NUM_THREADS"] = "1"
os.environ |= {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1"}


def main() -> None:
    """Print a row per tool and adapter."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("base")
    parser.add_argument("adapters", nargs="*")
    parser.add_argument("--tool", choices=TOOLS, help=argparse.SUPPRESS)
    parser.add_argument("--wide", action="store_true", help="a random model instead")
    options = parser.parse_args()
    if options.tool:
        warnings.simplefilter("ignore")
        print("says:", TOOLS[options.tool][1](options.base, *options.adapters))
        return
    if options.wide:
        from probe import save

        save(options.base, 1024, 1, 8)
        options.base, options.adapters = f"{options.base}/model", [f"{options.base}/adapter"]
    print("| adapter | tool | says | CPU s | peak MB |\n|---|---|---|---|---|")
    for adapter in options.adapters:
        for tool, (package, _) in TOOLS.items():
            if importlib.util.find_spec(package):
                print(f"| {Path(adapter).name} | {tool} | {row(tool, options.base, adapter)}")


def row(tool, base, adapter):
    """Run a tool; return what it says, its CPU seconds and its peak memory."""
    command = [sys.executable, __file__, base, adapter, "--tool", tool]
    with tempfile.TemporaryFile("w+") as output, tempfile.TemporaryFile("w+") as errors:
        process = subprocess.Popen(command, stdout=output, stderr=errors)
        _, status, used = os.wait4(process.pid, 0)
        for file in (output, errors):
            file.seek(0)
        lines = [line[6:].strip() for line in output if line.startswith("says: ")]
        says = lines[-1] if lines and not status else f"fails: {errors.read().splitlines()[-1:]}"
    return f"{says} | {used.ru_utime + used.ru_stime:.1f} | {used.ru_maxrss / 1024:.0f} |"


def with_pages(base, adapter):
    """Run the command ``rankscope probe``: netCDF, JSON, figures and page."""
    from rankscope.running import command_line

    with tempfile.TemporaryDirectory() as folder:
        out = f"{folder}/probe.nc"
        command_line.main(["probe", adapter, "--base", base, "--out", out])
        return f"{len(list(Path(folder).iterdir()))} files"


def rankscope_function(base, adapter):
    """Call ``rankscope.probe``."""
    import rankscope

    found = rankscope.probe(adapter, base)
    known = found.alignment.notnull().any("matrix")
    last = found.sel(probed_rank=known).isel(probed_rank=-1)
    return (
        f"effective rank {float(found.effective_rank.mean()):.2f}, stable rank "
        f"{float(found.stable_rank.mean()):.2f}; alignment {float(last.alignment.mean()):.2f}, "
        f"{int((last.alignment > last.alignment_chance_upper).sum())} of "
        f"{found.sizes['matrix']} above chance; {int(found.intruders.sum())} intruders, "
        f"control {float(found.intruders_control.mean('control').sum()):.1f}"
    )


def gradience(base, adapter):
    """Run ``gradience audit``."""
    command = ["-m", "gradience.cli", "audit", "--peft-dir", adapter, "--base-model", base]
    output = subprocess.run([sys.executable, *command], capture_output=True, text=True).stdout
    wanted = ("Stable rank (mean)", "Effective rank (mean)", "Suggested rank (median)", "UDR")
    lines = [" ".join(line.split()) for line in output.splitlines()]
    return "; ".join(line for line in lines if line.startswith(wanted)) or "nothing"


def peft_model(base, adapter):
    """Load the base model and the adapter."""
    import peft
    import torch
    import transformers

    torch.set_num_threads(1)
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    return peft.PeftModel.from_pretrained(transformers.AutoModel.from_pretrained(base), adapter)


def weightwatcher(base, adapter):
    """Analyse with ``peft=True``."""
    # what is compared with is no requirement of this software
    ww = importlib.import_module("weightwatcher")
    found = ww.WeightWatcher(model=peft_model(base, adapter)).analyze(peft=True, plot=False)
    warned = found.warning[found.warning.astype(bool)].value_counts().to_dict()
    return (
        f"stable rank {found.stable_rank.mean():.2f}; alpha {found.alpha.mean():.2f}; largest "
        f"singular value {found.sv_max.mean():.3f}, without scaling; warnings {warned}"
    )


def peft_intruders(base, adapter):
    """Reduce intruders."""
    from peft.tuners.lora.intruders import reduce_intruder_dimension

    lines = []
    reduce_intruder_dimension(peft_model(base, adapter), logging_sink=lines.append)
    return f"{sum(int(line.split()[-1]) for line in lines if 'Intruders:' in line)} intruders"


def peft_conversion(base, adapter):
    """Convert to the ranks that hold 90 %."""
    from peft import convert_to_lora

    _, weights = convert_to_lora(peft_model(base, adapter), 0.9)
    ranks = [len(values) for name, values in weights.items() if "lora_A" in name]
    return f"ranks {min(ranks)} to {max(ranks)} for 0.9"


TOOLS = {
    "rankscope.probe()": ("rankscope", rankscope_function),
    "rankscope probe": ("rankscope", with_pages),
    "gradience audit": ("gradience", gradience),
    "weightwatcher, peft=True": ("weightwatcher", weightwatcher),
    "PEFT reduce_intruder_dimension": ("peft", peft_intruders),
    "PEFT convert_to_lora": ("peft", peft_conversion),
}

if __name__ == "__main__":
    main()
