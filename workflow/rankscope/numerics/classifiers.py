"""The two classifiers: multinomial logistic regression and a two-layer binary network.

Both see an input ``y`` only through pre-activations ``h = W y``; the gradient in ``W`` of
one sample is ``slopes(h) y^T``. Functions take stacks of networks along leading axes. The
ridge term is left to the optimiser: derivatives here are those of the unregularised loss.
"""

import dataclasses

import numpy as np
from scipy import special

from rankscope.numerics.activations import Activation


@dataclasses.dataclass(frozen=True)
class Multinomial:
    """``L = -h_y + log sum_c exp(h_c)``, one row of ``W`` per class, no second layer."""

    labels: np.ndarray

    def probabilities(self, hidden: np.ndarray) -> np.ndarray:
        """Return softmax probabilities, shape ``(..., k)``."""
        weights = np.exp(hidden - hidden.max(axis=-1, keepdims=True))
        return weights / weights.sum(axis=-1, keepdims=True)

    def slopes(
        self, hidden: np.ndarray, components: np.ndarray, second: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return ``u = p - onehot`` ``(..., k)`` and an unchanging zero for the second layer."""
        return self._residual(hidden, components), np.zeros(second.shape)

    def loss(self, hidden: np.ndarray, components: np.ndarray, _second: np.ndarray) -> np.ndarray:
        """Return the loss of each sample; it has no second layer."""
        truth = np.take_along_axis(hidden, self.labels[components][..., None], axis=-1)[..., 0]
        return special.logsumexp(hidden, axis=-1) - truth

    def correct(
        self, hidden: np.ndarray, components: np.ndarray, _second: np.ndarray
    ) -> np.ndarray:
        """Return whether each sample is classified correctly."""
        return hidden.argmax(axis=-1) == self.labels[components]

    def block_weights(
        self, hidden: np.ndarray, components: np.ndarray, _second: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return the weights of the class blocks of the Hessian and of G.

        ``H_aa = E[p_a (1 - p_a) y y^T]`` and ``G_aa = E[(p_a - onehot_a)^2 y y^T]``.

        Args:
            hidden: shape ``(M, k)``.
            components: shape ``(M,)``.
            _second: not used.

        Returns:
            Two arrays of shape ``(M, k)``.
        """
        p = self.probabilities(hidden)
        return p * (1 - p), self._residual(hidden, components) ** 2

    def _residual(self, hidden: np.ndarray, components: np.ndarray) -> np.ndarray:
        truth = self.labels[components][..., None] == np.arange(hidden.shape[-1])
        return self.probabilities(hidden) - truth


@dataclasses.dataclass(frozen=True)
class TwoLayer:
    """``f = v . g(W y)`` and ``L = log(1 + e^f) - t f`` with the class ``t`` in {0, 1}."""

    labels: np.ndarray
    activation: Activation

    def output(self, hidden: np.ndarray, second: np.ndarray) -> np.ndarray:
        """Return ``f``, shape ``(...)``, from ``hidden (..., K)`` and ``second (..., K)``."""
        return (self.activation.value(hidden) * second).sum(axis=-1)

    def slopes(
        self, hidden: np.ndarray, components: np.ndarray, second: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return the derivatives in ``h`` and in ``v``, each ``(..., K)``."""
        active = self.activation.value(hidden)
        u = special.expit((active * second).sum(axis=-1)) - self.labels[components]
        return u[..., None] * second * self.activation.slope(hidden), u[..., None] * active

    def loss(self, hidden: np.ndarray, components: np.ndarray, second: np.ndarray) -> np.ndarray:
        """Return the loss of each sample."""
        output = self.output(hidden, second)
        return np.logaddexp(0.0, output) - self.labels[components] * output

    def correct(self, hidden: np.ndarray, components: np.ndarray, second: np.ndarray) -> np.ndarray:
        """Return whether each sample is classified correctly."""
        return (self.output(hidden, second) > 0) == (self.labels[components] == 1)

    def block_weights(
        self, hidden: np.ndarray, components: np.ndarray, second: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return the weights of the first-layer blocks of the Hessian and of G.

        ``H_ii = E[(v_i^2 s (1 - s) g'(h_i)^2 + v_i (s - t) g''(h_i)) y y^T]`` with
        ``s = sigmoid(f)``, and ``G_ii = E[v_i^2 (s - t)^2 g'(h_i)^2 y y^T]``. For ReLU the
        second derivative is that of almost every point, ``g'' = 0``: the Hessian of the
        *population* risk has a further term, see `curvature_across`.

        Args:
            hidden: shape ``(M, K)``.
            components: shape ``(M,)``.
            second: shape ``(K,)``.

        Returns:
            Two arrays of shape ``(M, K)``.
        """
        s = special.expit(self.output(hidden, second))[:, None]
        u = s - self.labels[components][:, None]
        slope = second * self.activation.slope(hidden)
        bend = second * u * self.activation.curvature(hidden)
        return s * (1 - s) * slope**2 + bend, (u * slope) ** 2

    def last_layer(
        self, hidden: np.ndarray, components: np.ndarray, second: np.ndarray, ridge: float
    ) -> np.ndarray:
        """Return the ``K x K`` blocks of the second layer: Hessian, G, and regularised G.

        ``H_vv = E[s (1 - s) g g^T]``, ``G_vv = E[(s - t)^2 g g^T]``, and the last from the
        per-sample gradients *with* the ridge term, ``(s - t) g + ridge v``.

        Returns:
            Shape ``(3, K, K)``.
        """
        active = self.activation.value(hidden)
        s = special.expit((active * second).sum(axis=-1))
        gradient = (s - self.labels[components])[:, None] * active
        with_ridge = gradient + ridge * second
        factors = np.sqrt(s * (1 - s))[:, None] * active, gradient, with_ridge
        return np.stack([factor.T @ factor for factor in factors]) / len(hidden)

    def curvature_across(
        self,
        inputs: np.ndarray,
        components: np.ndarray,
        first: np.ndarray,
        second: np.ndarray,
        direction: np.ndarray,
        width: float,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return the second derivative of the mean loss in each ``W_i`` along a direction.

        Two ways: the central difference, over ``+-width``, of the mean gradient, which
        converges to the curvature of the population risk; and the mean of the
        almost-everywhere second derivative, which misses the kink of ReLU.

        Args:
            inputs: shape ``(M, n)``.
            components: shape ``(M,)``.
            first: shape ``(K, n)``.
            second: shape ``(K,)``.
            direction: of each neuron, shape ``(K, n)``.
            width: half width of the difference.

        Returns:
            The finite differences and the almost-everywhere values, without the ridge.
        """
        hidden = inputs @ first.T
        output, truth = self.output(hidden, second), self.labels[components]
        weights = self.block_weights(hidden, components, second)[0]
        difference, almost_everywhere = np.empty(len(second)), np.empty(len(second))
        for index, v in enumerate(second):
            along = inputs @ direction[index]
            others = output - v * self.activation.value(hidden[:, index])
            gradient = []
            for sign in (1, -1):
                moved = hidden[:, index] + sign * width * along
                u = special.expit(others + v * self.activation.value(moved)) - truth
                gradient.append(v * np.mean(u * self.activation.slope(moved) * along))
            difference[index] = (gradient[0] - gradient[1]) / (2 * width)
            almost_everywhere[index] = np.mean(weights[:, index] * along**2)
        return difference, almost_everywhere
