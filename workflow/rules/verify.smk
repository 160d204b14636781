"""Collect the points of each study and judge its claims.

Input: results/{study}/simulated/{point}.nc and predicted/{point}.nc
Output: results/{study}/simulated.nc, predicted.nc, verdicts.*, claims.*; results/claims.*
"""


rule collect:
    """Collect the {wildcards.stage} points of {wildcards.study}."""
    input:
        points,
    output:
        "<results>/{study}/{stage}.nc",
    log:
        "<results>/logs/{study}/collect_{stage}.log",
    benchmark:
        "<results>/logs/{study}/collect_{stage}.tsv"
    conda:
        "../../envs/rankscope.yaml"
    resources:
        mem_mb=limit_of_study(limits.study_memory_mb),
        runtime=limit_of_study(limits.study_minutes),
    params:
        code=code.code_hash("rankscope.jobs.collect"),
        points=behind_receipts,
    shell:
        'python "$RANKSCOPE_SCRIPTS"/collect.py {wildcards.study} {wildcards.stage} {output:q}'
        " > {log} 2>&1"


rule verify:
    """Judge the claims of {wildcards.study}."""
    input:
        "<results>/{study}/simulated.nc",
        "<results>/{study}/predicted.nc",
    output:
        multiext("<results>/{study}/verdicts", ".csv", ".md", ".tex"),
        multiext("<results>/{study}/claims", ".md", ".tex"),
        claims=report(
            "<results>/{study}/claims.csv",
            caption="../report/claims.rst",
            category="{study}",
            subcategory="Claims",
            labels={"table": "claims and verdicts"},
        ),
    log:
        "<results>/logs/{study}/verify.log",
    benchmark:
        "<results>/logs/{study}/verify.tsv"
    conda:
        "../../envs/rankscope.yaml"
    resources:
        mem_mb=limit_of_study(limits.study_memory_mb),
        runtime=limit_of_study(limits.study_minutes),
    params:
        code=code_of("verify", "claims"),
        confidence=CONFIGURATION.confidence,
    shell:
        'python "$RANKSCOPE_SCRIPTS"/verify.py {wildcards.study} > {log} 2>&1'


rule summarise:
    input:
        expand("<results>/{study}/claims.csv", study=STUDIES),
    output:
        multiext("<results>/claims", ".md", ".tex"),
        report(
            "<results>/claims.csv",
            caption="../report/claims.rst",
            category="All studies",
            labels={"table": "claims and verdicts"},
        ),
    log:
        "<results>/logs/summarise.log",
    localrule: True  # seconds of work are not worth a place in a cluster's queue
    conda:
        "../../envs/rankscope.yaml"
    params:
        names=STUDIES,
        code=code.code_hash("rankscope.jobs.verify"),
    message:
        "Join the claims of all studies in one table"
    shell:
        'python "$RANKSCOPE_SCRIPTS"/summarise.py {params.names} > {log} 2>&1'
