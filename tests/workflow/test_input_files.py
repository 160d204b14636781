"""A file that a point reads is an input: another content reruns the point, another time nothing."""

import os
import re
import subprocess
import sys

import numpy as np
import pytest
import saved
import trials

WIDTH = 16


def run(folder, *arguments):
    """Run Snakemake on what a study has judged; return which rules had something to do."""
    command = [
        sys.executable, "-m", "snakemake", *arguments,
        "--workflow-profile", "profiles/default", "--configfile", "config.yaml",
    ]  # fmt: skip
    answer = subprocess.run(
        command, cwd=folder, env=trials.environment(folder), capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    text = answer.stdout + answer.stderr
    assert answer.returncode == 0, text
    return set(re.findall(r"^(simulated|predicted|collect|verify)\w* +\d+$", text, re.MULTILINE))


def adapter(folder, seed):
    generator = np.random.default_rng(seed)
    tensors = {
        f"layer.query.lora_{side}.weight": generator.standard_normal(shape)
        for side, shape in (("A", (2, WIDTH)), ("B", (WIDTH, 2)))
    }
    saved.adapter(folder, tensors, lora_alpha=2, r=2)


def project(tmp_path, study, section):
    tree = trials.sources(tmp_path / "tree")
    config = {"seed": 1, "confidence": 0.95, "studies": {study: {"replicates": 2, **section}}}
    return trials.project(tmp_path / "run", tree, config)


def check(folder, study, file, change):
    """Hold the two rules against one file of a study."""
    targets = [f"results/{study}/verdicts.csv"]
    run(folder, *targets)
    assert run(folder, *targets, "--dry-run") == set()
    os.utime(file)
    assert run(folder, *targets, "--dry-run") == set()
    change()
    assert {"simulated", "collect", "verify"} <= run(folder, *targets, "--dry-run")
    before = (folder / targets[0]).read_bytes()
    run(folder, *targets)
    assert (folder / targets[0]).read_bytes() != before
    assert run(folder, *targets, "--dry-run") == set()


@pytest.mark.workflow
def test_another_adapter_in_the_same_folder_is_probed_again(tmp_path):
    adapters = tmp_path / "adapters"
    adapter(adapters / "tuned", seed=1)
    weight = np.random.default_rng(0).standard_normal((WIDTH, WIDTH))
    saved.weights(adapters / "model" / "model.safetensors", {"layer.query.weight": weight})
    section = {
        "fixed": {"folder": str(adapters), "base": str(adapters / "model")},
        "grid": {"adapter": ["tuned"]},
    }
    folder = project(tmp_path, "adapter_probe", section)
    check(
        folder,
        "adapter_probe",
        adapters / "tuned" / "adapter_model.safetensors",
        lambda: adapter(adapters / "tuned", seed=2),
    )


@pytest.mark.model
def test_other_texts_in_the_same_file_are_trained_on_again(tmp_path, presets):
    texts = tmp_path / "texts.csv"

    def write(seed):
        words = np.array(["red", "green", "blue", "cold", "warm", "dry"])
        generator = np.random.default_rng(seed)
        rows = [
            f"{' '.join(generator.choice(words[3 * label :][:3], 5))} {i},{label}"
            for i in range(160)
            for label in (0, 1)
        ]
        texts.write_text("\n".join(["text,label", *rows]) + "\n")

    write(1)
    shipped = presets["test"]["studies"]["language_model"]
    section = {
        "fixed": {**shipped["fixed"], "task": str(texts)},
        "grid": {a: v[:1] for a, v in shipped["grid"][0].items() if a != "task"},
    }
    folder = project(tmp_path, "language_model", section)
    check(folder, "language_model", texts, lambda: write(2))
