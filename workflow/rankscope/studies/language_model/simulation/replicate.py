"""A replicate: all runs of a point, trained from shared seeds, and what is measured on them."""

import dataclasses
import functools
from collections.abc import Collection, Sequence

import numpy as np
import torch
import xarray as xr

from rankscope.datasets import variable
from rankscope.errors import InputError, ParameterError
from rankscope.studies.language_model import corpora
from rankscope.studies.language_model.corpora import Corpus
from rankscope.studies.language_model.parameters import Parameters, Run
from rankscope.studies.language_model.simulation import measures, model, training, tuning
from rankscope.studies.language_model.simulation.measures import Group
from rankscope.studies.language_model.simulation.training import Data, Setting
from rankscope.studies.language_model.simulation.tuning import Place, Search


def simulate(parameters: Parameters, streams: Sequence[np.random.SeedSequence]) -> xr.Dataset:
    """Train and measure every run once per stream; see the package's ``simulate``.

    Raises:
        ParameterError: if there is no such device.
    """
    require_device(parameters)
    torch.set_num_threads(parameters.threads)
    data = prepare(parameters)
    found = tuned(parameters)
    rows = [_replicate(parameters, data, found, stream) for stream in streams]
    joined = xr.concat(
        rows, "replicate", data_vars="all", coords="minimal", combine_attrs="override"
    )
    labels = data.texts.labels[data.test].cpu().numpy()
    majority = np.bincount(labels).max() / len(labels)
    share = variable((), majority, "share of the largest class in the test texts")
    sizes = rows[0].trainable_parameters
    return joined.assign(searched(parameters, found)).assign(
        majority=share, trainable_parameters=sizes
    )


def require_device(parameters: Parameters) -> None:
    """Raise ``ParameterError`` if torch does not find the device."""
    if parameters.device == "cuda" and not torch.cuda.is_available():
        raise ParameterError("device must be one that torch finds here, got 'cuda'")


@functools.lru_cache(maxsize=1)
def prepare(parameters: Parameters) -> Data:
    """Read the texts, divide them, and run the frozen layers over them, once a process."""
    corpus = corpora.load(parameters.task)
    chosen = chosen_texts(parameters, corpus)
    places = np.arange(len(chosen))
    pool = parameters.training_pool
    return Data(
        texts=model.encode(parameters, [corpus.texts[t] for t in chosen], corpus.labels[chosen]),
        pool=places[:pool],
        validation=places[pool : pool + parameters.validation_texts],
        test=places[pool + parameters.validation_texts :],
        classes=len(corpus.classes),
        network=model.network(parameters),
    )


def chosen_texts(parameters: Parameters, corpus: Corpus) -> np.ndarray:
    """Return the texts that are used: the training pool, then validation, then test.

    Raises:
        InputError: if there are fewer than are asked for.
    """
    generator = np.random.default_rng(np.random.SeedSequence([parameters.data_seed, 0]))
    order = generator.permutation(len(corpus.texts))
    if corpus.test.any():  # the publisher's split
        rest, test = order[~corpus.test[order]], order[corpus.test[order]]
    else:
        test, rest = order[: parameters.tested_texts], order[parameters.tested_texts :]
    wanted = parameters.training_pool + parameters.validation_texts
    if len(test) < parameters.tested_texts or len(rest) < wanted:
        raise InputError(
            f"{parameters.task} has {len(rest)} texts for training and validation and "
            f"{len(test)} for testing; {wanted} and {parameters.tested_texts} are asked for"
        )
    return np.concatenate([rest[:wanted], test[: parameters.tested_texts]])


@functools.lru_cache(maxsize=1)
def tuned(parameters: Parameters) -> dict[str, Search]:
    """Search for the learning rates of a point, once a process."""
    return tuning.tune(parameters, prepare(parameters))


def used(parameters: Parameters, run: Run, place: Place) -> tuple[float, float]:
    """Return the rates of body and head that a run is trained with for a place of its search."""
    body, head = place
    return parameters.rates(run, body + parameters.rate_shift, head)


def _replicate(
    parameters: Parameters,
    data: Data,
    found: dict[str, Search],
    stream: np.random.SeedSequence,
) -> xr.Dataset:
    """Train and measure one replicate; all its runs share head, training texts and order.

    It chooses its rates itself, by tuning seeds that it draws from those of the search, so that
    the spread of replicates holds the choice too.
    """
    runs = parameters.run_list()
    words = [int(word) for word in stream.generate_state(7 + 2 * len(runs))]
    head, order, twin_head, twin_order, measure_seed, choice_seed, *adapters, shuffle_seed = words
    seeds = tuning.redrawn(np.random.default_rng(choice_seed), parameters.tuning_seeds)
    places = [found[run.name].best(seeds) for run in runs]
    rates = [used(parameters, run, place) for run, place in zip(runs, places, strict=True)]

    shuffle = np.random.default_rng(shuffle_seed)

    def trained(names: Collection[str], head: int, order: int, own: Sequence[int]) -> Group:
        """Train runs, and those whose directions are compared on shuffled labels too."""
        steps = training.batches(order, data, parameters)
        settings = [
            Setting(run, *chosen, head, seed)
            for run, chosen, seed in zip(runs, rates, own, strict=True)
            if run.name in names
        ]
        nulls = [
            dataclasses.replace(one, labels=training.shuffled(steps, data, shuffle))
            for one in settings
            if one.run.name in parameters.null_names()
        ]
        every = training.train([*settings, *nulls], steps, data, parameters)
        return Group(every[: len(settings)], every[len(settings) :])

    # An adapter's start is its own, so that what two runs share is the data and the head.
    main = trained([run.name for run in runs], head, order, adapters[: len(runs)])
    twins = trained(parameters.twin_names(), twin_head, twin_order, adapters[len(runs) :])
    generator = np.random.default_rng(measure_seed)
    trials = [
        list(found[run.name].tried).index(place) + 1
        for run, place in zip(runs, places, strict=True)
    ]
    bodies, heads = np.array(rates).T
    return measures.measure_all(parameters, data, main, twins, generator).assign(
        chosen=variable("run", trials, "trial whose rates were chosen"),
        rate=variable("run", bodies, "learning rate, that of the chosen trial unless shifted"),
        head_rate=variable("run", heads, "learning rate of the head"),
    )


def searched(parameters: Parameters, found: dict[str, Search]) -> dict[str, xr.Variable]:
    """Return what was tried in the search for rates, in the order of the runs."""
    runs = parameters.run_list()
    most = max(len(one.tried) for one in found.values())
    tried = np.full((len(runs), most, 4), np.nan)
    for row, run in enumerate(runs):
        for place, measured in found[run.name].tried.items():
            column = list(found[run.name].tried).index(place)
            tried[row, column] = *parameters.rates(run, *place), *measured.mean(axis=0)
    inside = np.array([found[run.name].inside for run in runs], dtype=np.int8)
    both = ("run", "trial")
    return {
        "tried_rate": variable(both, tried[..., 0], "learning rate tried"),
        "tried_head_rate": variable(both, tried[..., 1], "learning rate of the head tried"),
        "tried_loss": variable(both, tried[..., 2], "loss, validation texts", "nat"),
        "tried_accuracy": variable(both, tried[..., 3], "accuracy, validation texts"),
        "trial": variable("trial", np.arange(1, most + 1), "rates tried, in order"),
        "rate_inside": variable("run", inside, "1 if all neighbours of the best rates are worse"),
    }
