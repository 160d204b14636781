"""The claims of the study: the paper's, those derived beside them, and what is out of reach."""

from rankscope.studies.lora import claims_counts as counts
from rankscope.studies.lora import claims_directions as directions
from rankscope.studies.lora import claims_training as training
from rankscope.studies.lora.claims_unreached import UNREACHED
from rankscope.evidence.verdicts import Claim

_DERIVED = {"source": "derived here", "basis": "derived here"}


def _paper(place: str, basis: str = "full text") -> dict[str, str]:
    return {"source": f"Hu et al., arXiv 2106.09685, {place}", "basis": basis}


OPTIMUM = (
    Claim(
        name="A: training reaches the optimum",
        statement="An adapter trained with SGD or Adam ends within a hundredth of the target's "
        "energy of the best update of its rank, for isotropic and anisotropic inputs.",
        scope="planted updates, fresh minibatches without noise",
        estimate="trained minus least squared output error, per energy of the target",
        figure="optimum",
        evidence=training.reaches_optimum,
        **_DERIVED,
    ),
    Claim(
        name="A: Eckart and Young",
        statement="With isotropic inputs the trained error is the tail of the target's squared "
        "singular values, within 0.01.",
        scope="planted updates, isotropic inputs",
        estimate="trained error minus tail energy",
        figure="optimum",
        evidence=training.known_optimum,
        **_DERIVED,
    ),
    Claim(
        name="A: the optimum weighs the inputs",
        statement="With anisotropic inputs the trained adapter beats the truncated singular value "
        "decomposition of the true update.",
        scope="input decay above 0, rank below the target's",
        estimate="error of the weight-space optimum minus trained error",
        null="0: both optima are the same",
        figure="optimum",
        evidence=training.weighs_inputs,
        **_DERIVED,
    ),
    Claim(
        name="A: truncation",
        statement="Cutting the trained update to its leading directions costs what Eckart and "
        "Young say, within 0.02 at every rank.",
        scope="planted updates, isotropic inputs",
        estimate="largest difference over the kept ranks",
        figure="truncation",
        evidence=training.truncation,
        **_DERIVED,
    ),
    Claim(
        name="B: risk of full least squares",
        statement="Full fine-tuning by least squares has excess risk sigma^2 D d / (n - d - 1), to "
        "5 percent.",
        scope="whitened Gaussian inputs, n above d + 1",
        estimate="measured over predicted risk",
        figure="risk",
        evidence=training.full_risk,
        **_DERIVED,
    ),
    Claim(
        name="B: asymptotic risk of low rank",
        statement="Reduced-rank regression has the risk of spiked random matrices, to 10 percent, "
        "below, at and above the true rank.",
        scope="true rank of at most an eighth of the columns; ranks of 0.5, 1, 2 and 4 times it",
        estimate="measured over predicted risk",
        figure="risk",
        evidence=training.asymptotic_risk,
        **_DERIVED,
    ),
    Claim(
        name="B: simple count up to the true rank",
        statement="Up to the true rank the risk is tail + sigma^2 r (D + d - r) / (n - d - 1), to "
        "10 percent.",
        scope="ranks of 0.5 and 1 times the true one",
        estimate="measured over predicted risk",
        figure="risk",
        evidence=training.simple_risk_below,
        **_DERIVED,
    ),
    Claim(
        name="B: simple count above the true rank",
        statement="Above the true rank the same count holds, to 10 percent.",
        scope="ranks of twice the true one",
        estimate="measured over predicted risk",
        figure="risk",
        evidence=training.simple_risk_above,
        **_DERIVED,
    ),
    Claim(
        name="B: low rank wins if its tail is below the variance saved",
        statement="Comparing tail and saved variance names the better of low-rank and full "
        "regression at nine of ten ranks or more.",
        scope="ranks up to the true one",
        estimate="share of ranks where the sign is right",
        figure="risk",
        evidence=training.who_wins,
        **_DERIVED,
    ),
    Claim(
        name="B: the true rank beats full fine-tuning",
        statement="On finite noisy samples the regression of the true rank has less risk than full "
        "least squares.",
        scope="flat targets of rank below the width",
        estimate="risk at the true rank over full risk",
        null="1: rank saves nothing",
        figure="risk",
        evidence=training.low_rank_saves_variance,
        **_DERIVED,
    ),
)

PROBES = (
    Claim(
        name="C: null of the similarity",
        statement="Random frames have phi(i, j) = max(i, j) / d on average, to 10 percent.",
        scope="uniformly random frames",
        estimate="mean phi over max(i, j) / d",
        figure="nulls",
        evidence=directions.similarity_null,
        **_DERIVED,
    ),
    Claim(
        name="C: spread of the similarity",
        statement="Var |U^T V|^2 = 2 i j (d - i)(d - j) / (d^2 (d - 1)(d + 2)) for random frames, "
        "to 30 percent.",
        scope="ten draws per replicate or more",
        estimate="variance of phi over the formula",
        figure="nulls",
        evidence=directions.similarity_variance,
        **_DERIVED,
    ),
    Claim(
        name="C: null of what is captured",
        statement="Random directions capture |U^T W V|^2 = r^2 |W|^2 / (D d) on average, to 10 "
        "percent.",
        scope="uniformly random frames, rank of 4 or more",
        estimate="captured over r^2 |W|^2 / (D d)",
        figure="nulls",
        evidence=directions.captured_null,
        **_DERIVED,
    ),
    Claim(
        name="C: identity of appendix G",
        statement="With the projection metric d^2 = p - sum sigma^2, phi = 1 - d^2 / p.",
        scope="random frames, p of 2 or more",
        estimate="largest error of the identity",
        figure="nulls",
        evidence=directions.identity,
        **_DERIVED,
    ),
    Claim(
        name="C: identity as printed",
        statement="phi = (1 - d^2) / p.",
        scope="random frames, p of 2 or more",
        estimate="largest error of the identity",
        figure="nulls",
        evidence=directions.printed_identity,
        **_paper("appendix G"),
    ),
    Claim(
        name="D: random column of table 7",
        statement="Random directions capture 0.02 of GPT-3's W_q at r = 4 and 0.33 at r = 64.",
        scope="width 12288, |W_q| = 61.95; accepted: rounding and three spreads of one draw",
        estimate="root mean square of |U^T W V|",
        figure="table_7",
        evidence=directions.table_7_random,
        **_paper("table 7"),
    ),
    Claim(
        name="D: the update correlates with the weight",
        statement="The update's directions capture more of W than random ones.",
        scope="table 7's numbers against random directions at its size",
        estimate="printed |U^T W V| over that of random directions",
        null="1",
        figure="table_7",
        evidence=directions.table_7_alignment,
        **_paper("section 7.3"),
    ),
    Claim(
        name="D: the amplification factor is large",
        statement="The update amplifies its directions by more than an update in random directions "
        "would: its amplification factor is above the null's.",
        scope="table 7's numbers against random directions at its size",
        estimate="printed amplification factor over that of random directions",
        null="1",
        figure="table_7",
        evidence=directions.table_7_amplification,
        **_paper("section 7.3, whose factor of 21.5 is given without a null"),
    ),
    Claim(
        name="D: an unrelated task has alignment one",
        statement="If the task has nothing to do with the base weight, the alignment is 1, to 10 "
        "percent, however large the amplification factor.",
        scope="planted updates independent of the base weight",
        estimate="amplification of random directions over that of the adapter's",
        null="1",
        figure="amplification",
        evidence=directions.unrelated_alignment,
        **_DERIVED,
    ),
    Claim(
        name="D: a related task has alignment above one",
        statement="If the task lies in singular directions of the base weight, leading or "
        "trailing, the alignment is above 1.1.",
        scope="planted updates in the base weight's own directions, smaller rank",
        estimate="amplification of random directions over that of the adapter's",
        null="1",
        figure="amplification",
        evidence=directions.related_alignment,
        **_DERIVED,
    ),
    Claim(
        name="D: amplification falls with the rank by chance",
        statement="For an unrelated task the amplification factor falls as 1 / r, within a factor "
        "2: factors at different ranks cannot be compared.",
        scope="planted updates independent of the base weight",
        estimate="ratio of amplification factors over the ratio of ranks",
        null="1",
        figure="amplification",
        evidence=directions.factor_falls_with_rank,
        **_DERIVED,
    ),
    Claim(
        name="E: the first direction is shared",
        statement="Adapters of a small and a large rank share their first direction: phi(1, 1) is "
        "above 0.5.",
        scope="planted updates in place of the paper's tasks, shared seed; flat (decay 0) and "
        "decaying spectra",
        estimate="phi(1, 1)",
        null="1 / d",
        figure="similarity",
        evidence=directions.first_direction_shared,
        **_paper("section 7.2, figure 3"),
    ),
    Claim(
        name="E: two seeds share more than chance",
        statement="All directions of two seeds overlap by more than three spreads above random "
        "ones.",
        scope="planted updates, larger rank, one training set",
        estimate="phi(r, r) minus its null",
        null="0",
        figure="similarity",
        evidence=directions.seeds_share_more_than_chance,
        **_paper("section 7.2, figure 4"),
    ),
    Claim(
        name="E: a shared seed raises the similarity",
        statement="Adapters of two ranks are more similar with one seed than with two.",
        scope="planted updates; the paper does not say whether its seeds were shared",
        estimate="phi(r, r) of the smaller rank, one seed minus two",
        null="0: the seed does not matter",
        figure="similarity",
        evidence=directions.seed_matters,
        **_DERIVED,
    ),
)

SCALING = (
    Claim(
        name="F: exponents of the first step",
        statement="The first step covers r^-1 (SGD, alpha / r), r^0 (SGD, alpha / sqrt r; Adam, "
        "alpha / r) or r^1/2 (Adam, alpha / sqrt r) of the target, exponents within 0.1.",
        scope="groups of points that differ in rank alone",
        estimate="fitted minus predicted exponent",
        figure="scaling",
        evidence=training.first_step_exponent,
        **_DERIVED,
    ),
    Claim(
        name="F: size of the first step",
        statement="The first step covers its closed-form share of the target, to 20 percent.",
        scope="flat targets, whitened inputs, Gaussian A",
        estimate="measured over predicted share",
        figure="scaling",
        evidence=training.first_step_size,
        **_DERIVED,
    ),
    Claim(
        name="F: exponents of the best learning rate",
        statement="After training, the best learning rate undoes the first step's exponent, within "
        "0.15.",
        scope="groups of points that differ in rank alone",
        estimate="fitted minus predicted exponent",
        figure="scaling",
        evidence=training.best_rate_exponent,
        **_DERIVED,
    ),
    Claim(
        name="F: sharpness sets SGD's best learning rate",
        statement="SGD's best learning rate follows the curvature at the solution, one over the "
        "scaling: exponent 1 for alpha / r and 1/2 for alpha / sqrt r, within 0.15.",
        scope="groups of points that differ in rank alone; derived after the first step's "
        "exponents had failed to carry over",
        estimate="fitted minus predicted exponent",
        null="the first step's exponents, 1 and 0",
        figure="scaling",
        evidence=training.sharpness_sets_rate,
        **_DERIVED,
    ),
    Claim(
        name="F: alpha / sqrt r is stable",
        statement="Under alpha / sqrt(r) the best learning rate does not depend on the rank, "
        "exponent within 0.15.",
        source="Kalajdzievski, arXiv 2312.03732 (rsLoRA)",
        basis="recalled, not quoted",
        scope="both optimisers; groups of points that differ in rank alone",
        estimate="exponent of the best learning rate in r",
        null="0",
        figure="scaling",
        evidence=training.root_rank_is_stable,
    ),
    Claim(
        name="F: alpha / r is stable for Adam",
        statement="Under alpha / r Adam needs no new learning rate as r varies, exponent within "
        "0.15.",
        scope="Adam; groups of points that differ in rank alone",
        estimate="exponent of the best learning rate in r",
        null="0",
        figure="scaling",
        evidence=training.rank_is_stable_for_adam,
        **_paper("section 4.1"),
    ),
    Claim(
        name="G: rank adds up over layers",
        statement="Rank-R updates of L linear layers reach the best rank-LR approximation of the "
        "gap, to 0.001.",
        source="Zeng and Lee, arXiv 2310.17513, linear case",
        basis="recalled, not quoted",
        scope="square Gaussian layers and target",
        estimate="least error found over the closed form, minus 1",
        figure="product",
        evidence=training.product_optimum,
    ),
)

INTRUDERS = (
    Claim(
        name="H: value of a spike",
        statement="A spike in a Gaussian weight has the singular value of the spiked law, or the "
        "bulk's edge below the threshold, to 5 percent.",
        scope="Gaussian base weight",
        estimate="leading singular value over the law",
        figure="intruders",
        evidence=directions.spike_value,
        **_DERIVED,
    ),
    Claim(
        name="H: overlaps of a spike",
        statement="The squared overlaps of its vectors follow the spiked law, 0 below the "
        "threshold, within 0.05.",
        scope="Gaussian base weight, both sides",
        estimate="squared overlap minus the law",
        figure="intruders",
        evidence=directions.spike_overlap,
        **_DERIVED,
    ),
    Claim(
        name="H: every random direction is an intruder",
        statement="The best match of a random direction with any singular vector of the base "
        "weight is below the usual threshold of 0.5.",
        scope="at the widths tested, and above",
        estimate="largest |cosine|, mean",
        null="E max |g_i| / E |g|",
        figure="intruders",
        evidence=directions.random_direction,
        **_DERIVED,
    ),
    Claim(
        name="H: law of the best match",
        statement="That match is E max |g_i| / E |g|, to 10 percent.",
        scope="uniformly random directions",
        estimate="measured over predicted match",
        figure="intruders",
        evidence=directions.random_direction_law,
        **_DERIVED,
    ),
    Claim(
        name="H: new directions above the threshold are intruders",
        statement="Each new direction of 1.5 thresholds or more is counted as an intruder.",
        scope="Gaussian base weight",
        estimate="intruders per new direction",
        figure="intruders",
        evidence=directions.new_directions_intrude,
        **_DERIVED,
    ),
    Claim(
        name="H: own directions are no intruders",
        statement="An update of the same norm along the base weight's own directions makes none.",
        scope="norm-matched control",
        estimate="intruders",
        figure="intruders",
        evidence=directions.own_directions_do_not,
        **_DERIVED,
    ),
    Claim(
        name="H: the norm decides the count",
        statement="The same norm spread over eight times as many new directions makes as many "
        "intruders, within 0.5.",
        scope="norm-matched control",
        estimate="intruders of many minus those of few new directions",
        null="0",
        figure="intruders",
        evidence=directions.norm_does_not_decide,
        **_DERIVED,
    ),
)

COUNTS = (
    Claim(
        name="I: 2 L d r parameters",
        statement="The enumerated factors have 2 L d r entries per adapted square matrix, and the "
        "closed forms of the other shapes.",
        scope="all models of the table, any rank and set of matrices",
        estimate="enumerated over closed form",
        figure="accounting",
        evidence=counts.formula,
        **_paper("section 4.2"),
    ),
    Claim(
        name="I: printed parameters",
        statement="The numbers of trained parameters in the paper's tables follow from the models' "
        "shapes, to their rounding.",
        scope="query and value matrices, rank as stated for each model",
        estimate="enumerated minus printed, in millions",
        figure="accounting",
        evidence=counts.printed,
        **_paper("tables 2 to 4", "recalled, not quoted"),
    ),
    Claim(
        name="I: 10,000 times fewer parameters",
        statement="The adapter of GPT-3 has roughly 10,000 times fewer parameters.",
        scope="rank 4, query and value; roughly is read as within 10 percent",
        estimate="parameters of model over adapter",
        figure="accounting",
        evidence=counts.ten_thousand,
        **_paper("section 4.2"),
    ),
    Claim(
        name="I: checkpoint of 35 MB",
        statement="The checkpoint of GPT-3's adapter has roughly 35 MB.",
        scope="rank 4, query and value, half precision; roughly is read as within 10 percent",
        estimate="megabytes",
        figure="accounting",
        evidence=counts.checkpoint,
        **_paper("section 4.2"),
    ),
    Claim(
        name="I: 3 times less memory",
        statement="Training the adapter of GPT-3 takes a third of the memory.",
        scope="weights and two Adam moments, all in half precision, no gradients or activations; "
        "within 10 percent",
        estimate="memory of full over adapter training",
        figure="accounting",
        evidence=counts.three_times,
        **_paper("abstract and section 4.2"),
    ),
)

CLAIMS = (*OPTIMUM, *PROBES, *SCALING, *INTRUDERS, *COUNTS, *UNREACHED)
