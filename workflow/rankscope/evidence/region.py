"""Accepted regions: what a claim says its number must be, in numbers and in words."""

import dataclasses
import math


@dataclasses.dataclass(frozen=True)
class Region:
    """An interval, the words that a sentence uses for it, and why it is this one.

    Attributes:
        lower: lower bound; may be ``-inf``.
        upper: upper bound; may be ``inf``.
        words: as a sentence says it, such as ``"at most 0.02"``.
        why: the reason, fixed before the data.
    """

    lower: float
    upper: float
    words: str
    why: str = ""

    @property
    def width(self) -> float:
        """The tolerance: half the width, or the distance of the only bound from 0 (or 1)."""
        if math.isfinite(self.lower) and math.isfinite(self.upper):
            return (self.upper - self.lower) / 2
        bound = self.lower if math.isfinite(self.lower) else self.upper
        return abs(bound) or 1.0


def within(tolerance: float, of: float = 0.0, *, why: str = "") -> Region:
    """Accept values that differ from ``of`` by at most ``tolerance``."""
    words = f"within {tolerance:g} of {of:g}" if of else f"within {tolerance:g}"
    return Region(of - tolerance, of + tolerance, words, why)


def percent(share: float, *, why: str = "") -> Region:
    """Accept ratios that differ from 1 by at most ``share`` per cent."""
    return Region(1 - share / 100, 1 + share / 100, f"to {share:g} percent", why)


def factor(largest: float, *, why: str = "") -> Region:
    """Accept ratios between ``1 / largest`` and ``largest``."""
    return Region(1 / largest, largest, f"within a factor {largest:.3g}", why)


def at_most(bound: float, *, why: str = "") -> Region:
    """Accept values up to ``bound``."""
    return Region(-math.inf, bound, f"at most {bound:g}", why)


def at_least(bound: float, *, why: str = "") -> Region:
    """Accept values from ``bound`` on."""
    return Region(bound, math.inf, f"at least {bound:g}", why)


def between(lower: float, upper: float, *, why: str = "") -> Region:
    """Accept values between two bounds."""
    return Region(lower, upper, f"between {lower:g} and {upper:g}", why)


def varies(words: str, *, why: str = "") -> Region:
    """Accept what each sample says: a region that differs between points, given in words."""
    return Region(math.nan, math.nan, words, why)
