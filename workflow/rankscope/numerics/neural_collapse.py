"""Neural collapse of the last hidden layer: NC1 to NC4 as numbers that go to zero.

Source of the four phenomena: Papyan, Han and Donoho, arXiv 2008.08186 (abstract).
"""

import numpy as np

FLOOR = 1e-10
"""Relative eigenvalue below which a direction holds no class means."""


def class_means(features: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return the mean features of each class, shape ``(classes, units)``."""
    member = (labels[:, None] == np.unique(labels)).astype(float)
    return (member / member.sum(axis=0)).T @ features


def within_over_between(features: np.ndarray, labels: np.ndarray) -> float:
    """NC1: ``tr(S_W S_B^+) / k``, variability within classes in units of that between them.

    Args:
        features: shape ``(images, units)``.
        labels: 0 to k - 1, shape ``(images,)``; classes are equally large.
    """
    means = class_means(features, labels)
    between = means - means.mean(axis=0)
    _, values, directions = np.linalg.svd(between, full_matrices=False)
    kept = values**2 > FLOOR * values[0] ** 2
    along = (features - means[labels]) @ directions[kept].T
    return float(((along**2).mean(axis=0) / values[kept] ** 2).sum())


def spread_of_lengths(means: np.ndarray) -> float:
    """NC2: standard deviation over mean of the lengths of the centred class means."""
    lengths = np.linalg.norm(means - means.mean(axis=0), axis=1)
    return float(lengths.std() / lengths.mean())


def distance_from_simplex(means: np.ndarray) -> float:
    """NC2: mean of ``|cos + 1/(k-1)|`` over pairs of centred class means."""
    centred = means - means.mean(axis=0)
    unit = centred / np.linalg.norm(centred, axis=1, keepdims=True)
    cosine = (unit @ unit.T)[np.triu_indices(len(means), 1)]
    return float(np.abs(cosine + 1 / (len(means) - 1)).mean())


def distance_from_duality(means: np.ndarray, readout: np.ndarray) -> float:
    """NC3: 1 minus the cosine between readout and class means, both centred over classes."""
    first, second = means - means.mean(axis=0), readout - readout.mean(axis=0)
    return float(1 - (first * second).sum() / (np.linalg.norm(first) * np.linalg.norm(second)))


def disagreement(features: np.ndarray, means: np.ndarray, logits: np.ndarray) -> float:
    """NC4: share of images whose class is not that of the nearest class mean."""
    distance = (means**2).sum(axis=1) - 2 * features @ means.T
    return float((distance.argmin(axis=1) != logits.argmax(axis=1)).mean())
