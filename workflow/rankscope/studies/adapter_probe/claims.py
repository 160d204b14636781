"""What saved adapters are tested for."""

from collections.abc import Iterator

from rankscope.evidence.claims import FULL_TEXT, claim
from rankscope.evidence.region import at_least, within
from rankscope.evidence.results import Results
from rankscope.evidence.samples import Sample

MADE_FOR = "the adapters of the configuration; errors are over an adapter's matrices"
ALONE = (
    "what the task adds is not told from what any training does: that needs gradients of "
    "shuffled labels, which a saved adapter does not hold"
)


@claim(
    "Amplification: the update's directions carry base weight",
    "The base weight has more in the update's directions than in random ones: the alignment "
    "minus that of random directions is {accepted}.",
    accepted=at_least(
        0.5,
        why="gradients of random outputs on an encoder's own activations gave up to 0.25",
    ),
    estimate="alignment minus that of random directions, mean over matrices",
    scope=f"{MADE_FOR}; {ALONE}",
    source="Hu et al., arXiv 2106.09685, section 7.3 and table 7",
    basis=FULL_TEXT,
    figure="alignment",
    null="gradients of random outputs on the same activations",
    chance=0.25,
)
def amplifies(results: Results) -> Iterator[Sample]:
    """Compare the alignment at the most probed directions an adapter has with chance."""
    for point in results:
        excess = point.measured.alignment - point.predicted.alignment
        probed = excess.dropna("probed_rank", how="all")
        if probed.size:
            # matrices whose update has fewer directions are not measured there
            yield Sample(point, probed.isel(probed_rank=-1).dropna("matrix"))


@claim(
    "Intruders: those of random directions",
    "The number of an adapter's intruders differs from that of an update of its singular values "
    "in random directions by {accepted}, where the latter has one or more.",
    accepted=within(
        0.5, why="half a direction of ten is the least difference of counts worth a claim"
    ),
    estimate="count minus that of the controls, mean over matrices",
    scope=f"{MADE_FOR}; {ALONE}",
    figure="intruder_counts",
    null="no intruders",
)
def intruders(results: Results) -> Iterator[Sample]:
    """Compare counts of intruders with those of random directions."""
    for point in results:
        control = point.measured.intruder_count_control.mean("replicate")
        # an update too small for intruders in any direction shows nothing
        if control.mean() >= 1:
            step = 1 / point.measured.sizes["replicate"]
            excess = point.measured.intruder_count - control
            yield Sample(point, excess, chance=-float(control.mean()), resolution=step)
