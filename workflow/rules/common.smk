"""Everything that is decided at parse time: the checked configuration, batches, code hashes."""

import json
import os
import sys
from pathlib import Path

import snakemake.io

# The science runs one thread per process: two pools of BLAS threads in one process collide.
os.environ.update(
    {f"{library}_NUM_THREADS": "1" for library in ("OMP", "OPENBLAS", "MKL", "NUMEXPR")}
)

WORKFLOW = Path(workflow.basedir) / "workflow"
sys.path.insert(0, str(WORKFLOW))
os.environ.update(
    PYTHONPATH=os.pathsep.join([str(WORKFLOW), *filter(None, [os.getenv("PYTHONPATH")])]),
    PATH=os.pathsep.join([str(Path(sys.executable).parent), os.getenv("PATH", os.defpath)]),
    RANKSCOPE_SCRIPTS=str(WORKFLOW / "scripts"),
)

from rankscope import configuration, resources, sources, study

try:
    CONFIGURATION = configuration.check(config, ", ".join(map(str, workflow.configfiles)))
except configuration.ConfigurationError as error:
    raise WorkflowError(str(error))

# Jobs get the checked configuration from their environment: a grid among a rule's parameters
# would rerun every point whenever one is added.
os.environ[configuration.ENVIRONMENT] = json.dumps(config)

STUDIES = tuple(CONFIGURATION.studies)
BATCHES = CONFIGURATION.batches()


wildcard_constraints:
    study="|".join(STUDIES),


# seconds of work each, not worth a place in a cluster's queue
localrules:
    summarise,
    provenance,


def code(part):
    """Hash of the code that a part of each study runs, as a function of the wildcards."""

    def of_study(wildcards):
        return sources.code_hash(study.module_name(wildcards.study, part))

    return of_study


def made(part, suffixes):
    """Files that the public functions of a part of each study make."""
    return [
        f"results/{name}/{part}/{item}.{suffix}"
        for name in STUDIES
        for item in study.makes(name, part)
        for suffix in suffixes
    ]


def points(stage):
    """Files of all points of a stage, as a function of the wildcards."""

    def of_study(wildcards):
        return [str(point.file(stage)) for point in CONFIGURATION.studies[wildcards.study].points]

    return of_study


def limit(of, batch):
    """A limit of a batch (rankscope.resources) as a function of the attempt."""

    def of_attempt(wildcards, attempt):
        return of(batch, attempt)

    return of_attempt


def in_report(name, drawing):
    """The figures of a module, each with its caption, as outputs that `--report` shows."""
    figures = sources.public_functions(drawing)
    stems = [f"results/{name}/figures/{figure}" for figure in figures]
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
    return [sources.docstring(drawing, figure) for figure in sources.public_functions(drawing)]


POINTS = [file for batch in BATCHES for file in batch.files]
FIGURES = made("figures", ("png", "pdf"))
TABLES = made("tables", ("csv", "md", "tex"))
WITH_SPECTRA = [name for name in STUDIES if sources.path(study.module_name(name, "spectra"))]


onstart:
    from rankscope import runs

    runs.begin(
        CONFIGURATION, [file for job in workflow.dag.needrun_jobs() for file in job.output]
    )
