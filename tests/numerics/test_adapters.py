import numpy as np
import pytest

from rankscope.numerics import adapters


@pytest.fixture
def generator():
    return np.random.default_rng(11)


def equation_four(bases, lambdas, base, gammas):
    total = 0
    for matrix, left, right in zip(bases, lambdas, gammas, strict=True):
        total = total + matrix @ np.diag(left) @ base @ np.diag(right)
    return total


def draw(generator, count=3, rows=9, columns=6, rank=2):
    return (
        generator.normal(size=(count, rows, rank)),
        generator.normal(size=(count, rank)),
        generator.normal(size=(rank, columns)),
        generator.normal(size=(count, columns)),
    )


def test_scaling_is_alpha_over_rank_or_over_its_root():
    assert adapters.lora_scaling(16, 4) == 4.0
    assert adapters.lora_scaling(16, 4, rank_stabilised=True) == 8.0


def test_vera_scales_the_rows_of_its_factors(generator):
    base_b, base_a = generator.normal(size=(8, 4)), generator.normal(size=(4, 5))
    lambda_d, lambda_b = generator.normal(size=4), generator.normal(size=7)
    expected = np.diag(lambda_b) @ base_b[:7] @ np.diag(lambda_d) @ base_a
    left, right = adapters.vera_factors(base_a, base_b, lambda_d, lambda_b)
    np.testing.assert_allclose(left @ right, expected, atol=1e-14)


def test_randlora_is_equation_four(generator):
    parts = draw(generator)
    left, right = adapters.randlora_factors(*parts)
    np.testing.assert_allclose(left @ right, equation_four(*parts), atol=1e-13)


def test_a_stack_of_randlora_updates_is_each_update(generator):
    first, second = draw(generator), draw(generator)
    left, right = adapters.randlora_factors(
        *(np.stack(pair) for pair in zip(first, second, strict=True))
    )
    for index, parts in enumerate((first, second)):
        np.testing.assert_allclose(left[index] @ right[index], equation_four(*parts), atol=1e-13)


def test_enough_bases_are_taken_for_full_rank():
    assert adapters.randlora_number_of_bases(768, 3072, 32) == 24
    assert adapters.randlora_number_of_bases(100, 100, 48) == 3


def peft_forward(stored_a, stored_b, stored_lambda, stored_gamma, shape):
    """Transcribe PEFT's flattening: B over (j, k), Lambda A Gamma over (k, j)."""
    smaller, larger = min(shape), max(shape)
    count = stored_lambda.shape[1]
    flat_b = stored_b[:larger, :count].reshape(larger, -1)
    product = stored_lambda[:, :, None] * stored_a[:, :, :smaller] * stored_gamma[None]
    update = flat_b @ product.reshape(-1, smaller)
    return update if shape[1] == smaller else update.T


@pytest.mark.parametrize("shape", [(9, 6), (6, 9), (7, 7), (5, 11)])
def test_randlora_from_storage_is_what_peft_applies(generator, shape):
    rank, count = 2, adapters.randlora_number_of_bases(*shape, 2)
    stored = (
        generator.normal(size=(rank, 1, 12)),
        generator.normal(size=(12, 6, rank)),
        generator.normal(size=(rank, count)),
        generator.normal(size=(count, min(shape))),
    )
    left, right = adapters.randlora_factors_from_peft(*stored, shape)
    assert (left @ right).shape == shape
    np.testing.assert_allclose(left @ right, peft_forward(*stored, shape), atol=1e-13)


def test_taking_the_stored_bases_as_those_of_equation_four_is_wrong(generator):
    rank, count, shape = 4, 3, (12, 12)
    stored_b = generator.normal(size=(12, count, rank))
    stored = (
        generator.normal(size=(rank, 1, 12)),
        stored_b,
        generator.normal(size=(rank, count)),
        generator.normal(size=(count, 12)),
    )
    naive = equation_four(stored_b.transpose(1, 0, 2), stored[2].T, stored[0][:, 0], stored[3])
    applied = peft_forward(*stored, shape)
    assert np.linalg.norm(naive - applied) > 0.5 * np.linalg.norm(applied)
