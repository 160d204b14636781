"""rankscope: what is made. How each file is made stands in workflow/rules."""

from snakemake.utils import min_version

min_version("9.27")


# A file given with --configfile replaces config.yaml; it is not laid over it.
if "studies" not in config:

    configfile: "config.yaml"


report: "workflow/report/workflow.rst"


include: "workflow/rules/common.smk"
include: "workflow/rules/simulate.smk"
include: "workflow/rules/predict.smk"
include: "workflow/rules/verify.smk"
include: "workflow/rules/report.smk"
include: "workflow/rules/audit.smk"


rule all:
    """Make every verdict, table and figure."""
    default_target: True
    input:
        "<results>/report.html",
        "<results>/claims.csv",
        "<results>/provenance.json",
        expand("<results>/{study}/verdicts.csv", study=STUDIES),
        FIGURES,
        TABLES,
        # a point that was deleted is remade, though nothing that is left to do reads it
        POINTS,
