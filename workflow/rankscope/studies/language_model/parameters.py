"""Parameters of the language-model study, and the names of its runs."""

import dataclasses
import json
import re
from pathlib import Path

from rankscope.planning.parameters import Cost

TASKS = ("tweets", "newsgroups", "r8", "r52", "bbc", "csv")
TARGETS = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "o": "attention.output.dense",
    "u": "intermediate.dense",
    "d": "output.dense",
}
RANKED = ("lora", "rslora", "randlora", "vera")
METHODS = ("head", "full", *RANKED)

# The middle of each method's sweep of learning rates. They were found by trial on the
# validation texts of one corpus, so the sweep reaches well to both sides of them.
MIDDLE_RATE = {
    "head": 2e-2,
    "full": 1.2e-3,
    "lora": 5e-3,
    "rslora": 2e-3,
    "randlora": 3e-3,
    "vera": 5e-2,
}

_RUN = re.compile(r"(head|full|(?:lora|rslora|randlora|vera)-(\d+))(?:\.([qkvoud]+))?")

# Floating-point operations a second of one core in the matrix products of a short batch.
OPERATIONS = 7e10

# The packaged model, so that planning needs neither the package nor its files.
_PACKAGED = {"hidden_size": 384, "intermediate_size": 1536, "num_hidden_layers": 6}


@dataclasses.dataclass(frozen=True)
class Run:
    """What is trained: a method, its rank, and the matrices it adapts.

    Attributes:
        name: as written, for example ``lora-8.qv``.
        method: one of ``METHODS``.
        rank: the rank of the method; 0 for ``head`` and ``full``.
        targets: letters of ``TARGETS``.
    """

    name: str
    method: str
    rank: int
    targets: str

    @classmethod
    def parse(cls, name: str, targets: str) -> "Run":
        """Read a run's name; ``targets`` hold where it names none.

        Raises:
            ValueError: if it is no run.
        """
        match = _RUN.fullmatch(name)
        if match is None or match[2] == "0":
            raise ValueError(
                f"runs must be head, full, or lora-, rslora-, randlora-, vera- and a rank, "
                f"optionally with .targets, got {name!r}"
            )
        method = match[1].split("-")[0]
        return cls(name, method, int(match[2] or 0), match[3] or targets)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Parameters:
    """One comparison of fine-tuning methods on one task.

    All runs of a point share, replicate by replicate, the initial head, the order of the
    training data and the test texts: their differences are paired.

    Attributes:
        task: a corpus, or ``csv`` for the file named in ``corpus_file``.
        runs: the runs, joined with ``+``: ``head``, ``full``, ``lora-8``, ``rslora-8``,
            ``randlora-32``, ``vera-256``, each optionally with its own targets (``lora-4.qv``).
        twins: which runs are trained a second time from another seed in every replicate
            (another head, order and adapter), joined with ``+``, or ``none``.
        targets: matrices that a run adapts if it names none: q, k, v, o (attention),
            u, d (up and down projection of the feed-forward block).
        layers: number of topmost layers that are adapted; the others are frozen.
        steps: optimiser steps.
        batch_size: texts per step.
        tokens: texts are cut to this length.
        training_texts: size of the training set.
        validation_texts: texts on which learning rates are chosen and analyses are made.
        test_pool: texts kept for testing.
        test_texts: texts of the pool that a replicate draws and tests on, once per run.
        learning_rates: number of learning rates tried, the same for every method.
        rate_factor: ratio of neighbouring learning rates.
        head_rate: learning rate of the classifier on top (swept in ``head`` only).
        lora_alpha: LoRA's alpha, the same at every rank.
        evaluations: evaluations on the validation texts along a run.
        probe_texts: validation texts for truncation, representations and the loss plane.
        plane_points: points per side of the loss plane, 5, 9, 13 and so on, so that the three
            models lie on points; 0 leaves it out.
        checkpoint_steps: steps between checkpoints of a run; 0 for none before its end.
        data_seed: seed of the division into sets and of the sweep of learning rates.
        threads: torch threads.
        device: ``cpu`` or ``cuda``.
        model: folder of a local Hugging Face model of BERT's kind; empty for the packaged one.
        corpus_file: a CSV file with columns ``text`` and ``label``, for the task ``csv``.
    """

    task: str
    runs: str
    twins: str = "none"
    targets: str = "qkvo"
    layers: int = 1
    steps: int = 100
    batch_size: int = 16
    tokens: int = 32
    training_texts: int = 1600
    validation_texts: int = 400
    test_pool: int = 1600
    test_texts: int = 400
    learning_rates: int = 3
    rate_factor: float = 3.0
    head_rate: float = 3e-3
    lora_alpha: float = 8.0
    evaluations: int = 2
    probe_texts: int = 100
    plane_points: int = 5
    checkpoint_steps: int = 0
    data_seed: int = 1
    threads: int = 1
    device: str = "cpu"
    model: str = ""
    corpus_file: str = ""

    def check(self) -> None:
        """Raise ``ValueError`` if a value is out of its range."""
        if self.task not in TASKS:
            raise ValueError(f"task must be one of {', '.join(TASKS)}, got {self.task!r}")
        if (self.task == "csv") != bool(self.corpus_file):
            raise ValueError(
                f"corpus_file goes with the task 'csv', got {self.corpus_file!r} for {self.task!r}"
            )
        self._check_files()
        self._check_runs()
        positive = ("layers", "steps", "batch_size", "training_texts", "test_texts")
        for name in (*positive, "learning_rates", "evaluations", "probe_texts", "threads"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, got {getattr(self, name)}")
        for name in ("rate_factor", "head_rate", "lora_alpha"):
            if getattr(self, name) <= 0:
                raise ValueError(f"{name} must be positive, got {getattr(self, name)}")
        for name in ("checkpoint_steps", "data_seed"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name} must not be negative, got {getattr(self, name)}")
        for part, whole in (
            ("test_texts", "test_pool"),
            ("probe_texts", "validation_texts"),
            ("evaluations", "steps"),
        ):
            if getattr(self, part) > getattr(self, whole):
                raise ValueError(f"{part} must be at most {whole}, got {getattr(self, part)}")
        if self.tokens < 3:
            raise ValueError(f"tokens must be at least 3, got {self.tokens}")
        if (self.plane_points and self.plane_points % 4 != 1) or self.plane_points == 1:
            raise ValueError(f"plane_points must be 0, 5, 9, 13, ..., got {self.plane_points}")
        if self.device not in ("cpu", "cuda"):
            raise ValueError(f"device must be cpu or cuda, got {self.device!r}")

    def _check_files(self) -> None:
        if self.model and not (Path(self.model) / "config.json").is_file():
            raise ValueError(f"model must be a folder with a config.json, got {self.model!r}")
        if self.corpus_file and not Path(self.corpus_file).is_file():
            raise ValueError(f"corpus_file must be a file, got {self.corpus_file!r}")
        if self.layers > self.architecture()["num_hidden_layers"]:
            raise ValueError(
                f"layers must be at most {self.architecture()['num_hidden_layers']}, "
                f"got {self.layers}"
            )

    def _check_runs(self) -> None:
        if not self.targets or set(self.targets) - set(TARGETS):
            raise ValueError(f"targets must be letters of {''.join(TARGETS)}, got {self.targets!r}")
        names = [run.name for run in self.run_list()]
        if len(set(names)) < len(names):
            raise ValueError(f"runs must differ, got {self.runs!r}")
        width = self.architecture()["hidden_size"]
        for run in self.run_list():
            if run.method in ("lora", "rslora", "randlora") and run.rank > width:
                raise ValueError(f"the rank of {run.name!r} must be at most {width}")
        for name in self.twin_names():
            if name not in names:
                raise ValueError(f"twins must be among the runs, got {name!r}")

    def run_list(self) -> tuple[Run, ...]:
        """Return the runs in the order in which they are written."""
        return tuple(Run.parse(name, self.targets) for name in self.runs.split("+"))

    def matrix_names(self) -> tuple[str, ...]:
        """Return the names of all matrices that a run adapts, such as ``5.q``."""
        used = set("".join(run.targets for run in self.run_list() if run.method != "head"))
        depth = self.architecture()["num_hidden_layers"]
        return tuple(
            f"{layer}.{letter}"
            for layer in range(depth - self.layers, depth)
            for letter in TARGETS
            if letter in used
        )

    def compared_ranks(self) -> tuple[Run, Run] | None:
        """Return the LoRA runs of smallest and largest rank above 1 on the point's targets.

        These are compared as LoRA's figures 3 and 4 compare ranks 8 and 64.
        """
        found = sorted(
            (
                r
                for r in self.run_list()
                if r.method == "lora" and r.rank > 1 and r.name.count(".") == 0
            ),
            key=lambda run: run.rank,
        )
        return (found[0], found[-1]) if found else None

    def twin_names(self) -> tuple[str, ...]:
        """Return the names of the runs that have a twin."""
        return () if self.twins == "none" else tuple(self.twins.split("+"))

    def architecture(self) -> dict[str, int]:
        """Return ``hidden_size``, ``intermediate_size`` and ``num_hidden_layers``."""
        if not self.model:
            return _PACKAGED
        config = json.loads((Path(self.model) / "config.json").read_text(encoding="utf-8"))
        if absent := [name for name in _PACKAGED if name not in config]:
            raise ValueError(f"model {self.model!r} is not of BERT's kind: no {absent[0]}")
        return {name: int(config[name]) for name in _PACKAGED}

    def shape(self, target: str) -> tuple[int, int]:
        """Return ``(out, in)`` of the matrix of a target letter."""
        hidden, inner = (self.architecture()[n] for n in ("hidden_size", "intermediate_size"))
        return {"u": (inner, hidden), "d": (hidden, inner)}.get(target, (hidden, hidden))

    def rates(self, method: str) -> tuple[float, ...]:
        """Return the learning rates that a method is tried with, ascending."""
        middle = (self.learning_rates - 1) / 2
        return tuple(
            float(f"{MIDDLE_RATE[method] * self.rate_factor ** (place - middle):.3g}")
            for place in range(self.learning_rates)
        )

    def cost(self) -> Cost:
        """Return CPU seconds of a replicate and memory.

        The frozen layers and the sweep are made once a point; a fifth of them is counted for
        each replicate. Counted in floating-point operations at a measured rate.
        """
        shape = self.architecture()
        hidden, depth = shape["hidden_size"], shape["num_hidden_layers"]
        layer = hidden * (4 * hidden + 2 * shape["intermediate_size"])
        text = 2 * self.tokens * layer / OPERATIONS  # forward through one layer
        step = 0.01 + 3 * self.batch_size * self.layers * text
        slow = sum(run.method in ("randlora", "vera") for run in self.run_list())
        runs, twins = len(self.run_list()), len(self.twin_names())
        validation = self.validation_texts * self.layers * text
        train = (runs + twins + 0.6 * slow) * (self.steps * step + self.evaluations * validation)
        analyses = runs * 6 + (self.plane_points**2 + 15 if self.plane_points else 0)
        test = (runs * self.test_texts + analyses * self.probe_texts) * self.layers * text
        spectra = runs * len(self.matrix_names()) * 0.25 * (hidden / 384) ** 3
        sweep = self.learning_rates * (runs + 0.6 * slow) * (self.steps * step + validation)
        texts = self.training_texts + self.validation_texts + self.test_pool
        prefix = texts * (depth - self.layers) * text
        kept = texts * self.tokens * hidden * 2 + 4 * depth * layer * 2
        return Cost(
            seconds=train + test + spectra + (sweep + prefix) / 5,
            memory_mb=700 + 2 * kept / 1e6,
            prediction_seconds=0.5,
        )
