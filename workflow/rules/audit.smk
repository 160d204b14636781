"""Audit the claims of each study: what would have overturned their verdicts.

Made on request only (make audit), not by the study.
Input: results/{study}/simulated.nc and predicted.nc, whose points and noise are kept
Output: results/{study}/audit.*, results/audit.* (audit.md in short)
"""


rule audit:
    """Judge the claims of {wildcards.study} on planted data."""
    input:
        "<results>/{study}/simulated.nc",
        "<results>/{study}/predicted.nc",
    output:
        multiext("<results>/{study}/audit", ".csv", ".md", ".tex"),
    log:
        "<results>/logs/{study}/audit.log",
    benchmark:
        "<results>/logs/{study}/audit.tsv"
    conda:
        "../../envs/rankscope.yaml"
    resources:
        mem_mb=limit_of_study(limits.study_memory_mb),
        runtime=limit_of_study(limits.study_minutes),
    params:
        code=code_of("audit", "claims"),
        plants=code_of("audit", "plants"),
        confidence=CONFIGURATION.confidence,
    shell:
        'python "$RANKSCOPE_SCRIPTS"/audit.py {wildcards.study} > {log} 2>&1'


rule join_audits:
    input:
        expand("<results>/{study}/audit.csv", study=STUDIES),
        "<results>/provenance.json",
    output:
        multiext("<results>/audit", ".csv", ".md", ".tex"),
    log:
        "<results>/logs/join_audits.log",
    localrule: True  # seconds of work are not worth a place in a cluster's queue
    conda:
        "../../envs/rankscope.yaml"
    params:
        names=STUDIES,
        code=code.code_hash("rankscope.jobs.audit"),
    message:
        "Join the audits of all studies in one table"
    shell:
        'python "$RANKSCOPE_SCRIPTS"/join_audits.py {params.names} > {log} 2>&1'
