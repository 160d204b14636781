"""The configurations that ship can be run: what every point is made of, at one replicate."""

import pytest

from rankscope.jobs import predict, simulate
from rankscope.planning import configuration, limits, parameters, study

PRESETS = ("default", "cluster", "decisive")
"""That of the tests is held to more by tests/test_contract.py."""
SECONDS, DEAR_SECONDS = 0.3, 4.0
"""No point is run here whose estimate for one replicate is more: of the first kind those that have
a value, or a pair of values, that no cheaper one has; of the second one of each question."""
OTHERS = {"language_model", "rank_budget"}
"""Studies whose cheapest point takes minutes, with tests of their own."""


def question(point) -> frozenset:
    """What a point is but for its sizes: its values that are words."""
    values = parameters.as_dict(point.parameters).items()
    return frozenset(pair for pair in values if isinstance(pair[1], str | bool))


def traits(point) -> set:
    """Each value of a point, and each pair of them of which one is a word."""
    values = parameters.as_dict(point.parameters).items()
    words = question(point)
    return set(values) | {(word, value) for word in words for value in values}


def sample(points, before=()) -> list:
    """Choose points, the cheapest first, that have all questions and, if cheap, all traits.

    Those of the points ``before``, which are chosen already, are not asked for again.
    """
    seen = {trait for point in before for trait in traits(point)}
    asked = {question(point) for point in before}
    chosen = []
    for point in sorted(points, key=lambda one: one.parameters.cost().seconds):
        seconds = point.parameters.cost().seconds
        new = not traits(point) <= seen if seconds <= SECONDS else question(point) not in asked
        if seconds <= DEAR_SECONDS and new:
            seen |= traits(point)
            asked.add(question(point))
            chosen.append(point)
    return chosen


def samples(presets, last) -> dict:
    """Return what is run of each study of a preset, beside what is run of those before it."""
    before: dict = {}
    for name in PRESETS[: PRESETS.index(last) + 1]:
        studies = configuration.check(presets[name], name).studies.values()
        chosen = {one.name: sample(one.points, before.get(one.name, ())) for one in studies}
        for study_, points in chosen.items():
            before.setdefault(study_, []).extend(points)
    return {name: (points, before[name]) for name, points in chosen.items() if name not in OTHERS}


@pytest.mark.parametrize("name", PRESETS)
def test_every_point_of_a_preset_can_be_planned_and_within_bounds(presets, name):
    config = configuration.check(presets[name], name)
    for one in config.studies.values():
        for point in one.points:
            assert point.parameters.cost().memory_mb < 16_000, point
            days = point.seconds("simulated", one.replicates) / 86_400
            assert days < limits.DAYS, point


@pytest.mark.slow
@pytest.mark.parametrize("name", PRESETS)
def test_every_question_of_a_preset_can_be_simulated_and_predicted(presets, name, tmp_path):
    config = configuration.check(presets[name], name)
    for study_, (chosen, run) in samples(presets, name).items():
        simulation, theory = study.part(study_, "simulation"), study.part(study_, "theory")
        asked = {question(point) for point in run}
        assert asked >= {question(point) for point in config.studies[study_].points}
        for point in chosen:
            measured = simulate.replicates(
                simulation, study_, point.parameters, config.seed, 0, 1, tmp_path / point.name
            )
            assert measured.sizes["replicate"] == 1, point.name
            assert len(predict.prediction(theory, point.parameters).data_vars), point.name
