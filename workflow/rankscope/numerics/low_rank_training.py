"""Train LoRA factors towards a known low-rank teacher without forming a ``D x d`` matrix.

The model's output differs from the teacher's by ``x (s B A - P V^T)^T`` with ``P = U S``.
All sums over the ``D`` outputs and ``d`` inputs factor through the adapter's rank ``r`` and
the teacher's rank ``k``, so a step on ``b`` inputs costs ``O((b + r + k)(r + k)(D + d))``
where a step through the full weight costs ``O(b D d)``. Leading axes are independent runs.
"""

import dataclasses

import numpy as np


@dataclasses.dataclass
class Factors:
    """The trained factors; ``lora_B`` has shape ``(..., D, r)`` and ``lora_A`` ``(..., r, d)``."""

    lora_B: np.ndarray  # noqa: N815
    lora_A: np.ndarray  # noqa: N815


@dataclasses.dataclass(frozen=True)
class Teacher:
    """The update ``outputs @ inputs^T`` to be learned.

    Attributes:
        outputs: ``U S``, shape ``(..., D, k)``.
        inputs: ``V``, shape ``(..., d, k)``.
    """

    outputs: np.ndarray
    inputs: np.ndarray


def gradients(factors: Factors, teacher: Teacher, x: np.ndarray, scaling: float) -> Factors:
    """Return the gradient of ``|x (scaling B A - P V^T)^T|_F^2 / (2 b)`` in ``B`` and ``A``.

    Args:
        factors: where it is taken.
        teacher: the update to be learned.
        x: inputs as rows, shape ``(..., b, d)``.
        scaling: LoRA's scaling.
    """
    batch = x.shape[-2]
    hidden = x @ _t(factors.lora_A)
    target = x @ teacher.inputs
    weight = scaling / batch
    inner = scaling * (_t(factors.lora_B) @ factors.lora_B)
    cross = _t(factors.lora_B) @ teacher.outputs
    gradient_b = factors.lora_B @ (scaling * (_t(hidden) @ hidden))
    gradient_b -= teacher.outputs @ (_t(target) @ hidden)
    backward = hidden @ inner - target @ _t(cross)
    return Factors(weight * gradient_b, weight * (_t(backward) @ x))


def gradients_from_outputs(
    factors: Factors, x: np.ndarray, y: np.ndarray, scaling: float
) -> Factors:
    """Return the gradient of ``|scaling x A^T B^T - y|_F^2 / (2 b)`` in ``B`` and ``A``.

    This is for targets that no low-rank teacher gives, such as noisy ones; the base
    weight's output is subtracted from ``y`` once, before training.

    Args:
        factors: where it is taken.
        x: inputs as rows, shape ``(..., b, d)``.
        y: what the update shall add to the outputs, shape ``(..., b, D)``.
        scaling: LoRA's scaling.
    """
    hidden = x @ _t(factors.lora_A)
    residual = scaling * (hidden @ _t(factors.lora_B)) - y
    weight = scaling / x.shape[-2]
    return Factors(weight * (_t(residual) @ hidden), weight * (_t(residual @ factors.lora_B) @ x))


def expected_gradients(factors: Factors, teacher: Teacher, scaling: float) -> Factors:
    """Return `gradients` for whitened inputs in expectation: of ``|s B A - P V^T|_F^2 / 2``."""
    inner = scaling * (factors.lora_A @ _t(factors.lora_A))
    gradient_b = factors.lora_B @ inner - teacher.outputs @ _t(factors.lora_A @ teacher.inputs)
    outer = scaling * (_t(factors.lora_B) @ factors.lora_B)
    gradient_a = outer @ factors.lora_A - _t(factors.lora_B) @ teacher.outputs @ _t(teacher.inputs)
    return Factors(scaling * gradient_b, scaling * gradient_a)


def squared_error(
    factors: Factors, teacher: Teacher, scaling: float, input_scale: np.ndarray | float = 1.0
) -> np.ndarray:
    """Return ``|(scaling B A - P V^T) diag(input_scale)|_F^2``, shape ``(...)``.

    Args:
        factors: the adapter.
        teacher: the update to be learned.
        scaling: LoRA's scaling.
        input_scale: standard deviations of the inputs, shape ``(d,)``.
    """
    right = scaling * factors.lora_A * input_scale
    true = _t(teacher.inputs) * input_scale
    own = (_t(factors.lora_B) @ factors.lora_B) * (right @ _t(right))
    cross = (_t(factors.lora_B) @ teacher.outputs) * (right @ _t(true))
    rest = (_t(teacher.outputs) @ teacher.outputs) * (true @ _t(true))
    return _total(own) - 2 * _total(cross) + _total(rest)


def _total(matrix: np.ndarray) -> np.ndarray:
    """Sum each matrix of a stack in an order that does not depend on the stack."""
    return matrix.sum(axis=-1).sum(axis=-1)


def _t(matrix: np.ndarray) -> np.ndarray:
    return np.swapaxes(matrix, -1, -2)


class Sgd:
    """Plain stochastic gradient descent."""

    def update(
        self, factors: Factors, gradient: Factors, learning_rate: np.ndarray | float
    ) -> None:
        """Change ``factors`` in place; ``learning_rate`` broadcasts against them."""
        factors.lora_B -= learning_rate * gradient.lora_B
        factors.lora_A -= learning_rate * gradient.lora_A


class Adam:
    """Adam with its usual constants (Kingma and Ba, arXiv 1412.6980)."""

    FIRST, SECOND, EPSILON = 0.9, 0.999, 1e-8

    def __init__(self) -> None:
        self.steps = 0
        self.moments: dict[str, tuple[np.ndarray, np.ndarray]] = {}

    def update(
        self, factors: Factors, gradient: Factors, learning_rate: np.ndarray | float
    ) -> None:
        """Change ``factors`` in place; ``learning_rate`` broadcasts against them."""
        self.steps += 1
        for name in ("lora_B", "lora_A"):
            slope, value = getattr(gradient, name), getattr(factors, name)
            mean, square = self.moments.get(name, (np.zeros_like(slope), np.zeros_like(slope)))
            mean = self.FIRST * mean + (1 - self.FIRST) * slope
            square = self.SECOND * square + (1 - self.SECOND) * slope**2
            self.moments[name] = mean, square
            root = np.sqrt(square / (1 - self.SECOND**self.steps)) + self.EPSILON
            value -= learning_rate * (mean / (1 - self.FIRST**self.steps)) / root


OPTIMISERS: dict[str, type[Sgd] | type[Adam]] = {"sgd": Sgd, "adam": Adam}


def cosine_schedule(step: int, steps: int) -> float:
    """Return the share of the learning rate at ``step`` of ``steps``: from 1 to 0."""
    return 0.5 * (1 + np.cos(np.pi * step / steps))


def initial_factors(generator: np.random.Generator, rows: int, columns: int, rank: int) -> Factors:
    """Draw ``A`` with variance ``1 / columns`` per entry and set ``B`` to zero.

    Rows of ``A`` are drawn in turn, so that with equal streams an adapter of smaller rank
    starts from the first rows of one of larger rank.
    """
    lora_a = generator.standard_normal((rank, columns)) / np.sqrt(columns)
    return Factors(np.zeros((rows, rank)), lora_a)
