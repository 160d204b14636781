"""Everything that is decided at parse time: the checked configuration, batches, code hashes."""

import hashlib
import json
import os
import sys
from pathlib import Path

import snakemake.io

# The science runs one thread per process: two pools of BLAS threads in one process collide.
os.environ.update(
    {f"{library}_NUM_THREADS": "1" for library in ("OMP", "OPENBLAS", "MKL", "NUMEXPR")}
)

# this file's own place: workflow.basedir is the importer's where another workflow takes these rules
WORKFLOW = Path(workflow.current_basedir.get_path_or_uri(secret_free=True)).parent
sys.path.insert(0, str(WORKFLOW))
os.environ.update(
    PYTHONPATH=os.pathsep.join([str(WORKFLOW), *filter(None, [os.getenv("PYTHONPATH")])]),
    PATH=os.pathsep.join([str(Path(sys.executable).parent), os.getenv("PATH", os.defpath)]),
    RANKSCOPE_SCRIPTS=str(WORKFLOW / "scripts"),
)

from rankscope import errors
from rankscope.jobs import receipts
from rankscope.planning import code, configuration, limits, parameters, study

try:
    CONFIGURATION = configuration.check_files(config, workflow.configfiles)
except errors.ConfigurationError as error:
    raise WorkflowError(str(error))

# Jobs get the checked configuration from their environment: a grid among a rule's parameters
# would rerun every point whenever one is added.
os.environ[configuration.ENVIRONMENT] = json.dumps(config | {"results": str(CONFIGURATION.results)})


# each configuration has a results folder of its own
pathvars:
    results=str(CONFIGURATION.results),


STUDIES = tuple(CONFIGURATION.studies)
BATCHES = CONFIGURATION.batches()
if not workflow.remote_exec:  # a job on another machine was planned already
    receipts.withdraw(CONFIGURATION, BATCHES)


wildcard_constraints:
    study="|".join(STUDIES),
    stage="|".join(study.STAGES),


def tracked(batch):
    """What decides the numbers of a batch, beside the values in the points' names."""
    modules = study.decides(batch.study, batch.stage)
    files = sorted({file for point in batch.points for file in parameters.files(point.parameters)})
    decisive = {
        "code": code.code_hash(*modules),
        "packages": code.versions(*modules),
        "fixed": config["studies"][batch.study].get("fixed"),
        "files": [code.content_hash(file) for file in files],
    }
    if batch.stage == "simulated":
        decisive |= {"seed": CONFIGURATION.seed, "replicates": batch.replicates}
    return decisive


def code_of(job, part):
    """Hash of the code of a job and of the part of a study that it runs, by the wildcards."""

    def of_study(wildcards):
        return code.code_hash(f"rankscope.jobs.{job}", study.module_name(wildcards.study, part))

    return of_study


def made(names, part, suffixes):
    """Files that the public functions of a part of studies make."""
    return [
        f"<results>/{name}/{part}/{item}.{suffix}"
        for name in names
        for item in study.makes(name, part)
        for suffix in suffixes
    ]


def points(wildcards):
    """Files that the batches of a study and a stage declare: those of all points, or receipts."""
    return [file for batch in batches_of(wildcards) for file in batch.files]


def behind_receipts(wildcards):
    """What decides the numbers of a large study, of whose points Snakemake sees receipts alone."""
    chosen = [batch for batch in batches_of(wildcards) if batch.receipt]
    decisive = [(tracked(batch), [point.name for point in batch.points]) for batch in chosen]
    return hashlib.sha256(repr(decisive).encode()).hexdigest()[:16] if chosen else None


def batches_of(wildcards):
    """The batches of a study and a stage."""
    of = (wildcards.study, wildcards.stage)
    return [batch for batch in BATCHES if (batch.study, batch.stage) == of]


def limit(of, what):
    """A limit of a batch or study (rankscope.planning.limits) as a function of the attempt."""

    def of_attempt(wildcards, attempt):
        return of(what, attempt)

    return of_attempt


def limit_of_study(of):
    """A limit of a job on all points of a study as a function of the wildcards and the attempt."""

    def of_attempt(wildcards, attempt):
        return of(CONFIGURATION.studies[wildcards.study], attempt)

    return of_attempt


def in_report(name, drawing):
    """The figures of a module, each with its caption, as outputs that `--report` shows."""
    figures = code.public_functions(drawing)
    stems = [f"{CONFIGURATION.results}/{name}/figures/{figure}" for figure in figures]
    shown = [
        snakemake.io.report(
            f"{stem}.png",
            caption=os.path.abspath(f"{stem}.rst"),
            category=name,
            subcategory="Figures",
            labels={"figure": Path(stem).name.replace("_", " ")},
        )
        for stem in stems
    ]
    return shown + [f"{stem}.{suffix}" for stem in stems for suffix in ("pdf", "rst")]


def captions(drawing):
    """The captions of a module's figures, which are the docstrings of their functions."""
    return [code.docstring(drawing, figure) for figure in code.public_functions(drawing)]


POINTS = [file for batch in BATCHES for file in batch.files]
FIGURES = made(STUDIES, "figures", ("png", "pdf"))
TABLES = made(STUDIES, "tables", ("csv", "md", "tex"))
AUDIT = CONFIGURATION.results / "audit.csv"
WITH_SPECTRA = [name for name in STUDIES if study.has(name, "spectra")]


onstart:
    from rankscope.running import run

    run.begin(CONFIGURATION)
