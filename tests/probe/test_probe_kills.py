"""SIGKILL in the middle of a probe: what was done is kept, and the bytes are the same."""

import subprocess
import sys
import time

import numpy as np
import psutil
import pytest
import saved

from rankscope.probe import measure
from rankscope.running import command_line

pytestmark = pytest.mark.faults

WIDTH, LAYERS = 256, 8
COMMAND = [sys.executable, "-c", "from rankscope.running.command_line import main; main()"]


@pytest.fixture(scope="module")
def inputs(tmp_path_factory):
    """An adapter and its base, whose matrices take some time each."""
    folder = tmp_path_factory.mktemp("inputs")
    generator = np.random.default_rng(0)
    factors, weights = {}, {}
    for layer in range(LAYERS):
        module = f"layer.{layer}.q"
        size = (WIDTH, WIDTH) if layer % 2 else (WIDTH, 2 * WIDTH)
        weights[f"{module}.weight"] = generator.standard_normal(size, dtype=np.float32)
        for name, shape in (("A", (4, size[1])), ("B", (size[0], 4))):
            values = generator.standard_normal(shape, dtype=np.float32)
            factors[f"{module}.lora_{name}.weight"] = values
    weights.pop("layer.5.q.weight")  # one that cannot be probed
    saved.weights(folder / "model.safetensors", weights)
    saved.adapter(folder / "adapter", factors, lora_alpha=4, r=4)
    return folder


def arguments(inputs, out, *more):
    base = inputs / "model.safetensors"
    return ["probe", *map(str, (inputs / "adapter", "--base", base, "--out", out, *more))]


@pytest.fixture(scope="module")
def undisturbed(inputs):
    out = inputs / "undisturbed" / "probe.nc"
    assert command_line.main(arguments(inputs, out)) == 0
    return written(out)


def written(out):
    return {file.name: file.read_bytes() for file in out.parent.iterdir()}


def parts(out):
    return list(out.with_name("probe.parts").glob("*.npz"))


def start(inputs, out, *more, until):
    """Start the command; return it when so many matrices are done."""
    process = subprocess.Popen(
        [*COMMAND, *arguments(inputs, out, *more)], stderr=subprocess.PIPE, text=True
    )
    while len(parts(out)) < until:
        assert process.poll() is None, process.stderr.read()
        time.sleep(0.002)
    return process


@pytest.mark.parametrize(("until", "more"), [(1, ()), (5, ()), (2, ("--processes", "2"))])
def test_a_killed_probe_goes_on_and_ends_in_the_same_bytes(
    inputs, undisturbed, tmp_path, monkeypatch, until, more
):
    out = tmp_path / "out" / "probe.nc"
    process = start(inputs, out, *more, until=until)
    started = psutil.Process(process.pid).children()
    process.kill()
    process.wait()
    assert not psutil.wait_procs(started, timeout=30)[1], "a process outlives the probe"
    done = len(parts(out))
    assert until <= done < LAYERS
    measured = []
    update = measure.update
    monkeypatch.setattr(measure, "update", lambda *one: measured.append(1) or update(*one))
    assert command_line.main(arguments(inputs, out)) == 0
    assert len(measured) <= LAYERS - done, "what was done is not done again"
    assert written(out) == undisturbed


def test_a_killed_process_of_several_ends_in_one_line_and_what_is_done_is_kept(
    inputs, undisturbed, tmp_path
):
    out = tmp_path / "out" / "probe.nc"
    process = start(inputs, out, "--processes", "2", until=1)
    started = psutil.Process(process.pid).children()
    next(one for one in started if "spawn_main" in " ".join(one.cmdline())).kill()
    error = process.communicate()[1]
    assert "Traceback" not in error
    assert "one of the 2 processes was killed" in error
    assert parts(out)
    assert command_line.main(arguments(inputs, out, "--processes", "2")) == 0
    assert written(out) == undisturbed
