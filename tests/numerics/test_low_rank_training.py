import numpy as np
import pytest

from rankscope.numerics import low_rank_training as training


@pytest.fixture
def generator():
    return np.random.default_rng(3)


def problem(generator, rows=7, columns=5, rank=2, teacher_rank=3):
    factors = training.Factors(
        generator.normal(size=(rows, rank)), generator.normal(size=(rank, columns))
    )
    teacher = training.Teacher(
        generator.normal(size=(rows, teacher_rank)), generator.normal(size=(columns, teacher_rank))
    )
    return factors, teacher


def loss(factors, teacher, x, scaling):
    gap = scaling * factors.lora_B @ factors.lora_A - teacher.outputs @ teacher.inputs.T
    return np.sum((x @ gap.T) ** 2) / (2 * len(x))


def numerical_gradient(factors, teacher, x, scaling, name, step=1e-6):
    value = getattr(factors, name)
    slope = np.empty_like(value)
    for index in np.ndindex(value.shape):
        ends = []
        for sign in (1, -1):
            moved = training.Factors(factors.lora_B.copy(), factors.lora_A.copy())
            getattr(moved, name)[index] += sign * step
            ends.append(loss(moved, teacher, x, scaling))
        slope[index] = (ends[0] - ends[1]) / (2 * step)
    return slope


@pytest.mark.parametrize("name", ["lora_B", "lora_A"])
def test_the_gradient_is_the_derivative_of_the_loss(generator, name):
    factors, teacher = problem(generator)
    x = generator.normal(size=(11, 5))
    ours = getattr(training.gradients(factors, teacher, x, 0.7), name)
    np.testing.assert_allclose(
        ours, numerical_gradient(factors, teacher, x, 0.7, name), rtol=1e-6, atol=1e-7
    )


def test_known_teacher_and_given_outputs_have_the_same_gradient(generator):
    factors, teacher = problem(generator)
    x = generator.normal(size=(11, 5))
    y = x @ teacher.inputs @ teacher.outputs.T
    one = training.gradients(factors, teacher, x, 0.7)
    other = training.gradients_from_outputs(factors, x, y, 0.7)
    np.testing.assert_allclose(one.lora_B, other.lora_B, atol=1e-12)
    np.testing.assert_allclose(one.lora_A, other.lora_A, atol=1e-12)


def test_the_expected_gradient_is_that_of_whitened_inputs(generator):
    factors, teacher = problem(generator)
    x = np.sqrt(5) * np.eye(5)
    one = training.gradients(factors, teacher, x, 0.7)
    other = training.expected_gradients(factors, teacher, 0.7)
    np.testing.assert_allclose(one.lora_B, other.lora_B, atol=1e-12)
    np.testing.assert_allclose(one.lora_A, other.lora_A, atol=1e-12)


def test_the_error_is_that_of_the_dense_update(generator):
    factors, teacher = problem(generator)
    scale = generator.random(5)
    gap = 0.7 * factors.lora_B @ factors.lora_A - teacher.outputs @ teacher.inputs.T
    expected = np.sum((gap * scale) ** 2)
    assert training.squared_error(factors, teacher, 0.7, scale) == pytest.approx(
        expected, rel=1e-12
    )


def test_a_stack_of_runs_is_bitwise_each_run(generator):
    runs = [problem(generator) for _ in range(3)]
    stacked = (
        training.Factors(
            *(np.stack([getattr(f, n) for f, _ in runs]) for n in ("lora_B", "lora_A"))
        ),
        training.Teacher(
            *(np.stack([getattr(t, n) for _, t in runs]) for n in ("outputs", "inputs"))
        ),
    )
    x = generator.normal(size=(3, 11, 5))
    together = training.gradients(*stacked, x, 0.7)
    for index, (factors, teacher) in enumerate(runs):
        alone = training.gradients(factors, teacher, x[index], 0.7)
        np.testing.assert_array_equal(together.lora_B[index], alone.lora_B)
        np.testing.assert_array_equal(together.lora_A[index], alone.lora_A)


def test_adam_is_that_of_torch(generator):
    torch = pytest.importorskip("torch")
    factors, teacher = problem(generator)
    theirs = [torch.tensor(a.copy(), requires_grad=True) for a in (factors.lora_B, factors.lora_A)]
    optimiser = torch.optim.Adam(theirs, lr=0.01)
    ours = training.Adam()
    for _ in range(20):
        x = generator.normal(size=(11, 5))
        ours.update(factors, training.gradients(factors, teacher, x, 0.7), 0.01)
        gap = 0.7 * theirs[0] @ theirs[1] - torch.tensor(teacher.outputs @ teacher.inputs.T)
        optimiser.zero_grad()
        (torch.sum((torch.tensor(x) @ gap.T) ** 2) / 22).backward()
        optimiser.step()
    np.testing.assert_allclose(factors.lora_B, theirs[0].detach().numpy(), atol=1e-10)
    np.testing.assert_allclose(factors.lora_A, theirs[1].detach().numpy(), atol=1e-10)


def test_a_smaller_adapter_starts_from_the_first_rows_of_a_larger_one():
    small, large = (
        training.initial_factors(np.random.default_rng(1), 6, 5, rank) for rank in (2, 4)
    )
    np.testing.assert_array_equal(small.lora_A, large.lora_A[:2])
    assert not large.lora_B.any()
