import numpy as np
import pytest

from rankscope.numerics import adapters, bilinear_fit, random_bases


@pytest.fixture
def generator():
    return np.random.default_rng(9)


def metric(generator, size):
    root = generator.normal(size=(size, size))
    return root @ root.T / size


def families(generator, rows=7, columns=6, rank=2, count=3):
    normal = generator.normal
    return {
        "RandLoRA": bilinear_fit.RandLora(
            normal(size=(count, rows, rank)),
            normal(size=(rank, columns)),
            normal(size=(count, rank)),
        ),
        "RandLoRA-a": bilinear_fit.RandLoraA(
            normal(size=(count, rows, rank)),
            normal(size=(count, rank, columns)),
            normal(size=(count, rank)),
        ),
        "VeRA": bilinear_fit.Vera(
            normal(size=(rows, 5)), normal(size=(5, columns)), normal(size=5)
        ),
        "NoLA": bilinear_fit.Nola(
            normal(size=(4, rows, rank)), normal(size=(4, rank, columns)), normal(size=4)
        ),
    }


NAMES = ["RandLoRA", "RandLoRA-a", "VeRA", "NoLA"]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("weighed", [False, True])
def test_a_sweep_never_raises_the_error(generator, name, weighed):
    goal = bilinear_fit.Goal(
        generator.normal(size=(7, 6)), metric(generator, 6) if weighed else None
    )
    fit = bilinear_fit.fit(families(generator)[name], goal, sweeps=15, tolerance=0.0)
    assert (np.diff(fit.errors) < 1e-10).all()
    assert fit.error == pytest.approx(goal.relative_error(fit.update), rel=1e-12)


def test_a_fit_ends_after_its_sweeps_or_when_a_sweep_changes_less_than_the_tolerance(generator):
    goal = bilinear_fit.Goal(generator.normal(size=(7, 6)))
    cut = bilinear_fit.fit(families(generator)["RandLoRA"], goal, sweeps=3, tolerance=0.0)
    assert (len(cut.errors), cut.converged) == (3, False)
    ended = bilinear_fit.fit(families(generator)["RandLoRA"], goal, sweeps=900, tolerance=1e-4)
    assert ended.converged
    assert ended.errors[-2] - ended.errors[-1] < 1e-4 <= ended.errors[-3] - ended.errors[-2]


@pytest.mark.parametrize("name", NAMES)
def test_the_metric_of_the_identity_is_weight_space(generator, name):
    target = generator.normal(size=(7, 6))
    plain, weighed = (families(np.random.default_rng(1))[name] for _ in range(2))
    one = bilinear_fit.fit(plain, bilinear_fit.Goal(target), sweeps=3, tolerance=0.0)
    other = bilinear_fit.fit(weighed, bilinear_fit.Goal(target, np.eye(6)), sweeps=3, tolerance=0.0)
    np.testing.assert_allclose(one.update, other.update, atol=1e-6)


@pytest.mark.parametrize("weighed", [False, True])
def test_columns_are_solved_as_by_dense_least_squares(generator, weighed):
    terms, target = generator.normal(size=(2, 7, 4)), generator.normal(size=(7, 4))
    goal = bilinear_fit.Goal(target, metric(generator, 4) if weighed else None)
    root = np.linalg.cholesky(goal.metric) if weighed else np.eye(4)
    design = [
        (terms[j, :, [c]].T @ np.eye(4)[[c]] @ root).ravel() for j in range(2) for c in range(4)
    ]
    expected = np.linalg.lstsq(np.array(design).T, (target @ root).ravel(), rcond=None)[0]
    np.testing.assert_allclose(bilinear_fit.solve_columns(terms, goal).ravel(), expected, atol=1e-8)


def test_at_its_optimum_the_squared_norm_is_one_minus_the_error(generator):
    goal = bilinear_fit.Goal(generator.normal(size=(7, 6)), metric(generator, 6))
    fit = bilinear_fit.fit(families(generator)["RandLoRA"], goal, sweeps=20, tolerance=1e-6)
    assert goal.square(fit.update) / goal.square(goal.target) == pytest.approx(
        1 - fit.error, abs=1e-8
    )


def test_a_target_of_the_family_is_found(generator):
    family = families(generator)["RandLoRA"]
    left, right = adapters.randlora_factors(
        family.left_bases, family.lambdas, family.right_base, generator.normal(size=(3, 6))
    )
    fit = bilinear_fit.fit(family, bilinear_fit.Goal(left @ right), sweeps=5, tolerance=0.0)
    assert fit.error < 1e-12


def test_the_best_low_rank_error_is_met_by_the_truncated_decomposition(generator):
    goal = bilinear_fit.Goal(generator.normal(size=(7, 6)), metric(generator, 6))
    root = np.linalg.cholesky(goal.metric)
    left, values, right = np.linalg.svd(goal.target @ root, full_matrices=False)
    update = (left[:, :2] * values[:2]) @ right[:2] @ np.linalg.inv(root)
    errors = bilinear_fit.best_low_rank_errors(goal)
    assert errors[2] == pytest.approx(goal.relative_error(update), rel=1e-10)
    assert errors[0] == 1
    assert errors[-1] < 1e-12
    assert bilinear_fit.interpolate_rank(errors, 1.5) == pytest.approx(errors[1:3].mean())


def test_free_entries_are_solved_as_by_dense_least_squares(generator):
    goal = bilinear_fit.Goal(generator.normal(size=(3, 4)), metric(generator, 4))
    mask = generator.random((3, 4)) < 0.5
    root = np.linalg.cholesky(goal.metric)
    update = bilinear_fit.fit_entries(goal, mask)
    assert not update[~mask].any()
    gradient = goal.weigh(update - goal.target)
    np.testing.assert_allclose(gradient[mask], 0, atol=1e-8)
    assert np.linalg.norm((update - goal.target) @ root) < np.linalg.norm(goal.target @ root)


@pytest.mark.parametrize("kind", random_bases.DISTRIBUTIONS)
def test_bases_have_mean_zero_and_variance_one(generator, kind):
    draw = random_bases.draw(generator, (400, 400), kind, sparsity=0.66)
    assert abs(draw.mean()) < 4 / 400
    assert draw.var() == pytest.approx(1, abs=0.03)
    if kind == "ternary":
        assert (draw == 0).mean() == pytest.approx(0.66, abs=0.01)


def test_an_unknown_distribution_is_refused(generator):
    with pytest.raises(ValueError, match="cauchy"):
        random_bases.draw(generator, (2, 2), "cauchy")
