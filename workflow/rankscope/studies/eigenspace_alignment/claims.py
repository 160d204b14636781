"""The claims of the study: what is said, where it is from, and how it is tested."""

from rankscope.studies.eigenspace_alignment import claims_mixture as mixture
from rankscope.studies.eigenspace_alignment import claims_theorems as theorems
from rankscope.studies.eigenspace_alignment import claims_xor as xor
from rankscope.evidence.verdicts import Claim

_DERIVED = {"source": "derived here", "basis": "derived here"}
_LONG = "orthonormal means, lambda of 100 or more, t of 4 / beta or more"


def _theorem(number: str) -> dict[str, str]:
    return {
        "source": f"arXiv 2310.03010, theorem {number}",
        "basis": "recalled, not quoted",
    }


CLAIMS = (
    Claim(
        name="C1: effective dynamics",
        statement="The overlaps of SGD stay within 4 c / sqrt(d) of the solution of the ODEs "
        "at all measured times.",
        scope="mixture, plain SGD, c of 1 or more: the spread of the start does not fall with c",
        estimate="largest |M - M_ode| over classes and times, in units of c / sqrt(d)",
        figure="dynamics",
        evidence=mixture.dynamics,
        **_DERIVED,
    ),
    Claim(
        name="C1: fluctuations of order d^(-1/2)",
        statement="The standard deviation of the overlaps over networks, times sqrt(d), does "
        "not depend on d, to 15 percent.",
        scope="points that differ in d alone and train several networks per replicate",
        estimate="std(M) sqrt(d) over its value at the largest d",
        figure="dynamics",
        evidence=mixture.spread,
        **_DERIVED,
    ),
    Claim(
        name="C2: corrector",
        statement="The squared length of x^a outside the means follows the ODE with the "
        "corrector c / lambda, to 5 percent.",
        scope="d of 200 or more, points that train several networks per replicate",
        estimate="squared length outside the means over that of the ODE",
        null="the ODE without the corrector",
        figure="corrector",
        evidence=mixture.corrector,
        **_DERIVED,
    ),
    Claim(
        name="C3: predicted alignment",
        statement="rho(x^a, E_k) at the end of training is that of the effective spectrum, "
        "within 0.02, for the Hessian and for G.",
        scope="mixture, lambda of 30 or more",
        estimate="measured minus predicted alignment",
        figure="alignment",
        evidence=mixture.predicted_alignment,
        source="derived here from arXiv 2502.15655, theorems 1.10 and 1.11",
        basis="derived here",
    ),
    Claim(
        name="C3: alignment grows with lambda",
        statement="rho(x^a, E_k) does not fall as lambda grows.",
        scope="mixture points that differ in lambda alone",
        estimate="smallest gain from one lambda to the next",
        figure="error_law",
        evidence=mixture.monotone_alignment,
        **_DERIVED,
    ),
    Claim(
        name="C4: error of order 1 / lambda",
        statement="1 - rho(x^a, E_k) falls as lambda^(-1), exponent within 0.1.",
        scope="points that differ in lambda alone, lambda of 100 or more, t of 4 / beta or more",
        estimate="slope of log(1 - rho) against log(lambda)",
        null="the exponent -1/2",
        figure="error_law",
        evidence=mixture.error_slope,
        **_DERIVED,
    ),
    Claim(
        name="C4: constant of the error law",
        statement="1 - rho(x^a, E_k) is (1/lambda) [k / (2 phi) + c Q / (4 beta |x|^2)] plus "
        "the transient, to 15 percent.",
        scope=_LONG,
        estimate="1 - rho over the law",
        figure="error_law",
        evidence=mixture.error_constant,
        **_DERIVED,
    ),
    Claim(
        name="C5: burn-in",
        statement="The squared length of x^a outside E_k decays as exp(-2 beta t), rate to 10 "
        "percent: the ridge sets the burn-in, not the dimension.",
        scope="mixture, lambda of 1000 or more, times from 0.25 / beta to 1.5 / beta; outside "
        "the span of the means where no matrices are measured",
        estimate="decay rate over 2 beta",
        figure="collapse",
        evidence=mixture.burn_in,
        **_DERIVED,
    ),
    Claim(
        name="C5: collapse across dimensions",
        statement="In training time, alignment curves of different dimensions agree within "
        "0.02 after 1 / (2 beta).",
        scope="mixture points that differ in d alone, lambda of 1000 or more",
        estimate="largest gap to the curve of the largest d",
        figure="collapse",
        evidence=mixture.collapse,
        **_DERIVED,
    ),
    Claim(
        name="C6: leading eigenvector",
        statement="rho(x^a, E_1) = sqrt((k - 1) / k), within 0.01.",
        scope="orthonormal means, lambda of 300 or more, t of 4 / beta or more",
        estimate="rho(x^a, E_1) minus its limit",
        null="1 minus the limit: alignment with E_1 alone",
        figure="alignment",
        evidence=mixture.first_eigenvector,
        **_DERIVED,
    ),
    Claim(
        name="C7: outlier and mini-bulk",
        statement="The top eigenvalue of a class block and its k - 1 companions are those of "
        "the fixed point without noise, to 5 percent.",
        scope="orthonormal means, lambda of 300 or more, t of 4 / beta or more",
        estimate="mean eigenvalue over its limit",
        figure="eigenvalues",
        evidence=mixture.levels,
        **_DERIVED,
    ),
    Claim(
        name="C8: thresholds at the start",
        statement="At x = 0 the k outliers of a Hessian block appear together at lambda = k / "
        "sqrt(phi), those of a G block at one threshold for its own class and a higher one "
        "for the others.",
        scope="x = 0, lambda away from the thresholds by a factor of 1.9 or more",
        estimate="number of outliers minus the number expected",
        figure="outliers_against_snr",
        evidence=mixture.start_thresholds,
        **_DERIVED,
    ),
    Claim(
        name="C9: number of outliers",
        statement="After the start, the number of outliers of a block is the number of "
        "eigenvalues of F at the edge that exceed the edge.",
        scope="mixture; both counted above the edge times 1 + 3 d^(-2/3)",
        estimate="mean absolute difference of the counts",
        figure="outliers_against_snr",
        evidence=mixture.outlier_counts,
        source="derived here from arXiv 2502.15655, theorems 1.10 and 1.11",
        basis="derived here",
    ),
    Claim(
        name="C10: rank is the number of cells",
        statement="The last-layer Hessian has one outlier per cell with a neuron that is alive, "
        "in at least 98 percent of networks.",
        scope="XOR, Gaussian start, lambda of 30 or more, t of 3 / beta or more, 100 networks "
        "or more",
        estimate="share of networks",
        figure="occupied_cells",
        evidence=xor.rank_is_groups,
        **_DERIVED,
    ),
    Claim(
        name="C11: occupancy law",
        statement="The number of last-layer outliers follows the occupancy law of K neurons in "
        "four cells (chi-square test at the 1 percent level).",
        scope="XOR, Gaussian start, lambda of 30 or more, beta of 0.05 or less, t of 3 / beta "
        "or more",
        estimate="p-value",
        figure="occupied_cells",
        evidence=xor.occupancy,
        source="derived here; for K = 4, P(4) = 3/32 is that of BGJ, section 5",
        basis="derived here",
    ),
    Claim(
        name="C12: last-layer outliers",
        statement="Last-layer outliers are beta (1 - 4 beta) C for H and 4 beta^2 C for G, mean "
        "to 10 percent.",
        scope="XOR with ReLU, lambda of 100 or more, t of 3 / beta or more, networks with one "
        "outlier per cell",
        estimate="mean outlier over its limit",
        figure="last_layer",
        evidence=xor.last_levels,
        **_DERIVED,
    ),
    Claim(
        name="C13: regularised G",
        statement="With the ridge in the gradients, v lies in the kernel of the last-layer G at "
        "the optimal classifier (rho(v, E_3) below 0.03), and not where three cells are "
        "occupied.",
        scope="XOR with ReLU, planted start, lambda of 100 or more, t of 4 / beta or more",
        estimate="rho(v, E_3) of the regularised G",
        figure="last_layer",
        evidence=xor.regularised_kernel,
        **_DERIVED,
    ),
    Claim(
        name="C14: error law of the first layer",
        statement="1 - rho(W_i, E_2) = (2 / phi + 2 beta c) / lambda plus the transient, to 15 "
        "percent plus lambda^(-1/2).",
        scope="XOR with ReLU, planted optimal classifier, lambda of 30 or more, t of 4 / beta "
        "or more, neurons that are alive",
        estimate="1 - rho over the law",
        figure="error_law",
        evidence=xor.first_layer_law,
        **_DERIVED,
    ),
    Claim(
        name="C15: outliers emerge",
        statement="The last layer starts with one outlier, of the positive mean of ReLU, and "
        "ends with one per occupied cell.",
        scope="XOR, Gaussian start, 20 neurons or more, lambda of 30 or more",
        estimate="number of outliers at the start, and minus the number of cells at the end",
        figure="emergence",
        evidence=xor.emergence,
        **_DERIVED,
    ),
    Claim(
        name="C15: second layer first",
        statement="The second layer reaches alignment 0.9 before the first.",
        scope="XOR, Gaussian start, 20 neurons or more, lambda of 30 or more; median over "
        "living neurons",
        estimate="log ratio of the times, first over second layer",
        figure="emergence",
        evidence=xor.layer_order,
        **_DERIVED,
    ),
    Claim(
        name="C15: dead neurons stay misaligned",
        statement="Neurons that die stay less aligned than living ones, by 0.1 or more.",
        scope="XOR, Gaussian start, lambda of 30 or more, t of 3 / beta or more, networks with "
        "dead neurons",
        estimate="mean alignment of living minus dead neurons",
        null="no difference",
        figure="emergence",
        evidence=xor.dead_neurons,
        **_DERIVED,
    ),
    Claim(
        name="C16: full matrices",
        statement="The full Hessian has k (k - 1) outliers and the full G has k.",
        scope="orthonormal means, lambda of 100 or more",
        estimate="number of outliers minus the number expected",
        figure="full_spectra",
        evidence=mixture.full_counts,
        **_DERIVED,
    ),
    Claim(
        name="C17: training samples align more",
        statement="rho(x^a, E_k) is not smaller with matrices from training samples than with "
        "matrices from test samples.",
        scope="mixture points with both",
        estimate="alignment with training minus with test matrices",
        null="no difference",
        figure="training_samples",
        evidence=xor.training_gain,
        **_DERIVED,
    ),
    Claim(
        name="C17: difference of order 1 / phi",
        statement="The difference between training and test alignment falls as 1 / phi or "
        "faster, exponent below -0.75.",
        scope="mixture points that differ in phi alone",
        estimate="slope of the log difference against log(phi)",
        null="0: no dependence on phi",
        figure="training_samples",
        evidence=xor.training_slope,
        **_DERIVED,
    ),
    Claim(
        name="C18: dominant and bulk descent",
        statement="Here, unlike in deep networks (arXiv 2405.16002), descent in the dominant "
        "space alone trains and descent in the bulk alone does not, to 10 percent of the "
        "gain of SGD.",
        scope="mixture, lambda of 30 or more",
        estimate="dominant: loss left; bulk: loss gained; over the gain of SGD",
        figure="projected_descent",
        evidence=xor.projected_descent,
        **_DERIVED,
    ),
    Claim(
        name="C19: kink of ReLU",
        statement="Across a neuron's kink the population risk curves more than the "
        "almost-everywhere Hessian, by 2 beta sqrt(lambda / (2 pi)) to 10 percent; with "
        "softplus there is no difference.",
        scope="XOR, planted optimal classifier, lambda of 10 or more, neurons that are alive",
        estimate="difference over the kink term of ReLU",
        null="0 for ReLU, 1 for softplus",
        figure="kink",
        evidence=xor.kink,
        **_DERIVED,
    ),
    Claim(
        name="D1: cross terms",
        statement="At fixed phi, |A - P A P| / |A| falls as lambda^(-1/2), exponent within 0.1: "
        "cross terms between means and noise are of order (phi lambda)^(-1/2).",
        scope="points that differ in lambda alone, lambda of 100 or more, t of 4 / beta or more",
        estimate="slope of log(|A - P A P| / |A|) against log(lambda)",
        null="the exponent -1",
        figure="error_law",
        evidence=mixture.cross_term,
        **_DERIVED,
    ),
    Claim(
        name="T3.1: weights in leading eigenspaces",
        statement="1 - rho(x^a, E_k) is at most 0.02 + k / lambda for the Hessian and G.",
        scope="mixture, lambda of 100 or more, after the transient; constants fixed here",
        estimate="1 - rho of the worst class",
        figure="error_law",
        evidence=theorems.weights_in_eigenspaces,
        **_theorem("3.1"),
    ),
    Claim(
        name="T3.2: weights in the span of the means",
        statement="1 - rho(x^a, Span(mu)) is at most 0.02 + k / lambda.",
        scope="mixture, lambda of 100 or more, after the transient; constants fixed here",
        estimate="1 - rho of the worst class",
        figure="collapse",
        evidence=theorems.weights_in_means,
        **_theorem("3.2"),
    ),
    Claim(
        name="T3.2: matrices in the span of the means",
        statement="|A - P A P| / |A| is at most 0.02 + k / lambda for the Hessian and G.",
        scope="mixture, lambda of 100 or more, after the transient; constants fixed here, "
        "phi as in the grid",
        estimate="relative norm of the worst class",
        figure="error_law",
        evidence=theorems.matrices_in_means,
        **_theorem("3.2"),
    ),
    Claim(
        name="T3.3: outlier, mini-bulk, bulk",
        statement="One eigenvalue is separated from k - 1 others and these from the bulk, by "
        "factors of 1.2 or more.",
        scope="orthonormal means, lambda of 100 or more, after the transient",
        estimate="the smaller of the two ratios",
        figure="eigenvalues",
        evidence=theorems.three_levels,
        **_theorem("3.3"),
    ),
    Claim(
        name="T3.3: alignment with the first is below one",
        statement="rho(x^a, E_1) stays below 1, by 0.02 or more.",
        scope="orthonormal means, lambda of 100 or more, after the transient",
        estimate="rho(x^a, E_1)",
        figure="alignment",
        evidence=theorems.not_first_alone,
        **_theorem("3.3"),
    ),
    Claim(
        name="T4.1: first layer in leading eigenspaces",
        statement="1 - rho(W_i, E_2) is at most 0.02 + 2 / sqrt(lambda), living neurons.",
        scope="XOR, lambda of 100 or more, after the transient; constants fixed here",
        estimate="mean 1 - rho",
        figure="emergence",
        evidence=theorems.first_layer_in_eigenspaces,
        **_theorem("4.1"),
    ),
    Claim(
        name="T4.1: second layer in leading eigenspaces",
        statement="1 - rho(v, E_4) is at most 0.02 + 2 / sqrt(lambda), whatever classifier is "
        "reached.",
        scope="XOR, more than four neurons, lambda of 100 or more, after the transient; "
        "constants fixed here",
        estimate="mean 1 - rho",
        figure="emergence",
        evidence=theorems.second_layer_in_eigenspaces,
        **_theorem("4.1"),
    ),
    Claim(
        name="T4.2: first layer in the span of the centres",
        statement="1 - rho(W_i, span(mu, nu)) and |A - P A P| / |A| are at most 0.02 + 2 / "
        "sqrt(lambda), living neurons.",
        scope="XOR, lambda of 100 or more, after the transient; constants fixed here",
        estimate="mean error",
        figure="emergence",
        evidence=theorems.first_layer_in_centres,
        **_theorem("4.2"),
    ),
    Claim(
        name="T4.2: second layer in the span of hidden centres",
        statement="1 - rho(v, span of g(W theta)) is at most 0.02 + 2 / sqrt(lambda).",
        scope="XOR, more than four neurons, lambda of 100 or more, after the transient; "
        "constants fixed here",
        estimate="mean 1 - rho",
        figure="emergence",
        evidence=theorems.second_layer_in_hidden,
        **_theorem("4.2"),
    ),
)
