"""The claims of the study: the paper's, those derived beside them, and what is out of reach."""

from rankscope.studies.randlora import claims_evidence as evidence
from rankscope.studies.randlora.claims_unreached import UNREACHED
from rankscope.evidence.verdicts import Claim

_DERIVED = {"source": "derived here", "basis": "derived here"}


def _paper(place: str) -> dict[str, str]:
    return {"source": f"Albert et al., arXiv 2502.00987, {place}", "basis": "full text"}


RANK = (
    Claim(
        name="A: full rank",
        statement="The update has full rank with dense random bases once the Gamma_j differ.",
        scope="normal, uniform and binary bases, random diagonals",
        estimate="numerical rank over columns",
        figure="ranks",
        evidence=evidence.full_rank,
        **_paper("theorem 4.1 and lemmas D.1, D.2"),
    ),
    Claim(
        name="A: blocks of rank r",
        statement="Every block B_j Lambda_j A Gamma_j has rank r.",
        scope="normal, uniform and binary bases",
        estimate="least rank of a block over r",
        figure="ranks",
        evidence=evidence.block_rank,
        **_paper("lemmas D.1 and D.2"),
    ),
    Claim(
        name="A: sparse bases keep full rank",
        statement="Ternary bases of the paper's sparsities give full rank as dense ones do.",
        scope="sparsities of the paper's table 3",
        estimate="numerical rank over columns",
        figure="sparsity",
        evidence=evidence.full_rank_sparse,
        **_paper("section 4.3 and table 3"),
    ),
    Claim(
        name="A: sparse bases lose the columns that A leaves empty",
        statement="With ternary bases the rank is d (1 - z^r), z the share of zeros, within 0.03 "
        "d.",
        scope="random diagonals",
        estimate="numerical rank minus d (1 - z^r), per column",
        figure="sparsity",
        evidence=evidence.expected_rank,
        **_DERIVED,
    ),
    Claim(
        name="A: rank r at the start",
        statement="While all Gamma_j are equal, as at initialisation, the rank is r.",
        scope="normal, uniform and binary bases",
        estimate="numerical rank over r",
        figure="ranks",
        evidence=evidence.initial_rank,
        **_DERIVED,
    ),
    Claim(
        name="A: full rank is also soft",
        statement="The stable rank is at least half of the numerical rank.",
        scope="normal, uniform and binary bases, random diagonals",
        estimate="stable over numerical rank",
        null="1: all singular values are equal",
        figure="ranks",
        evidence=evidence.soft_rank,
        **_DERIVED,
    ),
    Claim(
        name="A: moments of the singular values",
        statement="Sum s^2 and sum s^4 have their closed-form expectations for every kind of base, "
        "to 20 percent.",
        scope="random and initial diagonals, mean over the points of one kind of base",
        estimate="measured over expected moment",
        figure="spectra",
        evidence=evidence.moments,
        **_DERIVED,
    ),
)

FITS = (
    Claim(
        name="B: full rank beats low rank at equal parameters",
        statement="At equal parameters RandLoRA approximates a target better than LoRA can.",
        scope="weight space, all target spectra of the grid",
        estimate="relative squared error of RandLoRA minus the best LoRA's",
        null="0",
        figure="crossover",
        evidence=evidence.randlora_beats_lora,
        **_paper("sections 1 and 4"),
    ),
    Claim(
        name="B: and in activation space",
        statement="The same holds for the layer's outputs with anisotropic inputs.",
        scope="inputs of decaying variance in random directions",
        estimate="relative squared error of RandLoRA minus the best LoRA's",
        null="0",
        figure="methods",
        evidence=evidence.randlora_beats_lora_on_outputs,
        **_paper("sections 1 and 4"),
    ),
    Claim(
        name="B: crossover by counting dimensions",
        statement="RandLoRA wins where LoRA's leading directions hold less of the target than P / "
        "(D d), the share of the parameters.",
        scope="weight space, predicted margin above 0.05",
        estimate="RandLoRA's advantage in the predicted direction",
        null="0",
        figure="crossover",
        evidence=evidence.crossover,
        **_DERIVED,
    ),
    Claim(
        name="B: error by counting dimensions",
        statement="For targets without preferred directions RandLoRA's error is 1 - P / (D d), "
        "within 0.1.",
        scope="weight space, flat targets of full rank and Gaussian targets",
        estimate="error minus 1 - P / (D d)",
        figure="crossover",
        evidence=evidence.dimension_count,
        **_DERIVED,
    ),
    Claim(
        name="B: error with the Gamma_j alone",
        statement="Fitting the Gamma_j alone leaves 1 - n / D of any target, within 0.05.",
        scope="weight space",
        estimate="error minus 1 - n / D",
        figure="convergence",
        evidence=evidence.gamma_only,
        **_DERIVED,
    ),
    Claim(
        name="B: equal norm changes no order",
        statement="At its optimum every method's squared norm is one minus its error, so that at "
        "equal norm the methods rank as at equal parameters.",
        scope="all methods, weight and activation space",
        estimate="largest |norm^2 + error - 1| over methods",
        figure="methods",
        evidence=evidence.equal_norm,
        **_DERIVED,
    ),
    Claim(
        name="C: half the rank loses",
        statement="At equal parameters RandLoRA-b, of half rank, approximates worse than RandLoRA.",
        scope="all target spectra of the grid, weight and activation space",
        estimate="relative squared error of RandLoRA-b minus RandLoRA's",
        null="0",
        figure="methods",
        evidence=evidence.half_rank_loses,
        **_paper("table 2"),
    ),
    Claim(
        name="C: rank r loses",
        statement="At equal parameters RandLoRA-a, of rank r, approximates worse than RandLoRA.",
        scope="all target spectra of the grid, weight and activation space",
        estimate="relative squared error of RandLoRA-a minus RandLoRA's",
        null="0",
        figure="methods",
        evidence=evidence.low_rank_loses,
        **_paper("table 2"),
    ),
    Claim(
        name="C: better than other random bases",
        statement="At equal parameters RandLoRA approximates better than VeRA and NoLA.",
        scope="all target spectra of the grid, weight and activation space",
        estimate="relative squared error of RandLoRA minus the better of the two",
        null="0",
        figure="methods",
        evidence=evidence.beats_other_random_bases,
        **_paper("table 11, there as accuracies"),
    ),
    Claim(
        name="C: random entries count dimensions",
        statement="Training P random entries of the full weight leaves 1 - P / (D d), within 0.05.",
        scope="weight space",
        estimate="error minus 1 - P / (D d)",
        figure="methods",
        evidence=evidence.entries_count,
        **_DERIVED,
    ),
)

BOUND = (
    Claim(
        name="D: the bound holds",
        statement="The sum of separately fitted blocks errs by at most n eps.",
        scope="theorem 4.1, blocks fitted by alternating least squares",
        estimate="error of the sum over n eps",
        figure="bound",
        evidence=evidence.bound_holds,
        **_paper("theorem 4.1"),
    ),
    Claim(
        name="D: the bound says something",
        statement="n eps is below the norm of the target, the error of no update.",
        scope="random bases, blocks fitted by alternating least squares",
        estimate="n eps over the norm of the target",
        null="sqrt(n (1 - r / D))",
        figure="bound",
        evidence=evidence.bound_below_one,
        **_paper("theorem 4.1"),
    ),
    Claim(
        name="D: the bound cannot say anything",
        statement="n eps is at least sqrt(n (1 - r / D)) times the norm of the target, to 10 "
        "percent.",
        scope="random bases",
        estimate="n eps over that value",
        figure="bound",
        evidence=evidence.bound_floor,
        **_DERIVED,
    ),
    Claim(
        name="D: a joint fit is better than no update",
        statement="Fitted jointly, the same bases err by less than the norm of the target.",
        scope="random bases",
        estimate="error of the joint fit over the norm of the target",
        null="1",
        figure="bound",
        evidence=evidence.joint_fit_below_one,
        **_DERIVED,
    ),
)

COUNTS = (
    Claim(
        name="E: collinear columns, printed formula",
        statement="Two ternary vectors are collinear with probability 2 ((s^2 - 4 s + 6) / s^2)^d.",
        scope="small d, where it can be counted; to 5 percent and the resolution of the count",
        estimate="share of linearly dependent pairs",
        figure="collinear",
        evidence=evidence.collinear_printed,
        **_paper("appendix, collinearity of sparse bases"),
    ),
    Claim(
        name="E: collinear columns, with vectors of zeros",
        statement="That probability is 2 q^d + 2 z^d - 3 z^(2 d): a vector of zeros depends on "
        "all.",
        scope="small d, where it can be counted; to 5 percent and the resolution of the count",
        estimate="share of linearly dependent pairs",
        figure="collinear",
        evidence=evidence.collinear_exact,
        **_DERIVED,
    ),
    Claim(
        name="E: 2e-49 from the printed formula",
        statement="The printed formula gives 2e-49 at d = 768 and s = sqrt(d).",
        scope="recomputed",
        estimate="powers of ten between the formula and 2e-49",
        figure="collinear",
        evidence=evidence.collinear_paper,
        **_paper("appendix, collinearity of sparse bases"),
    ),
    Claim(
        name="E: 2e-49 as a probability of dependence",
        statement="Two columns at d = 768 and s = sqrt(d) are linearly dependent with probability "
        "2e-49.",
        scope="recomputed with vectors of zeros",
        estimate="powers of ten between the exact probability and 2e-49",
        figure="collinear",
        evidence=evidence.collinear_paper_exact,
        **_paper("appendix, collinearity of sparse bases"),
    ),
    Claim(
        name="F: d^2 / r + d parameters",
        statement="RandLoRA trains d^2 / r + d numbers.",
        scope="ranks that divide the columns",
        estimate="allocated over printed number",
        evidence=evidence.parameter_count,
        **_paper("section 4.2"),
    ),
    Claim(
        name="F: equal parameters on one matrix",
        statement="RandLoRA-6 and LoRA-32 train equally many numbers on a square matrix of width "
        "768.",
        scope="one query, key, value or output matrix; within 5 percent",
        estimate="RandLoRA's over LoRA's",
        evidence=evidence.equal_budget,
        **_paper("tables 2 and 11, whose match is per block"),
    ),
    Claim(
        name="F: equal parameters on a block",
        statement="RandLoRA-6 and LoRA-32 train equally many numbers on a ViT-B block.",
        scope="fused query-key-value, output and both MLP matrices; within 5 percent",
        estimate="RandLoRA's over LoRA's",
        evidence=evidence.equal_budget_per_block,
        **_paper("tables 2 and 11"),
    ),
    Claim(
        name="F: tables 2 and 11 agree",
        statement="The averages of CLIP ViT-B/32 in tables 2 and 11 are the same, within 0.1.",
        scope="the paper's own numbers, 22 data sets, all training data",
        estimate="table 2 minus table 11, in percent of accuracy",
        evidence=evidence.tables_agree,
        **_paper("tables 2 and 11"),
    ),
)

CLAIMS = (*RANK, *FITS, *BOUND, *COUNTS, *UNREACHED)
