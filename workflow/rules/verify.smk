"""Collect the points of each study and judge its claims.

Input: results/{study}/simulated/{point}.nc and predicted/{point}.nc
Output: results/{study}/simulated.nc, predicted.nc, verdicts.*, claims.*; results/claims.*
"""


rule collect_simulated:
    """Stack the simulated points of {wildcards.study}."""
    input:
        points("simulated"),
    output:
        "results/{study}/simulated.nc",
    log:
        "results/logs/collect_simulated_{study}.log",
    conda:
        "../../envs/rankscope.yaml"
    params:
        code=sources.code_hash("rankscope.stacking"),
    shell:
        'python "$RANKSCOPE_SCRIPTS"/collect.py {wildcards.study} simulated {output:q} > {log} 2>&1'


rule collect_predicted:
    """Stack the predicted points of {wildcards.study}."""
    input:
        points("predicted"),
    output:
        "results/{study}/predicted.nc",
    log:
        "results/logs/collect_predicted_{study}.log",
    conda:
        "../../envs/rankscope.yaml"
    params:
        code=sources.code_hash("rankscope.stacking"),
    shell:
        'python "$RANKSCOPE_SCRIPTS"/collect.py {wildcards.study} predicted {output:q} > {log} 2>&1'


rule verify:
    """Judge the claims of {wildcards.study}."""
    input:
        "results/{study}/simulated.nc",
        "results/{study}/predicted.nc",
    output:
        multiext("results/{study}/verdicts", ".csv", ".md", ".tex"),
        multiext("results/{study}/claims", ".md", ".tex"),
        claims=report(
            "results/{study}/claims.csv",
            caption="../report/claims.rst",
            category="{study}",
            subcategory="Claims",
            labels={"table": "claims and verdicts"},
        ),
    log:
        "results/logs/verify_{study}.log",
    conda:
        "../../envs/rankscope.yaml"
    params:
        code=code("claims"),
        confidence=CONFIGURATION.confidence,
    shell:
        'python "$RANKSCOPE_SCRIPTS"/verify.py {wildcards.study} > {log} 2>&1'


rule summarise:
    """Join the claims of all studies in one table."""
    input:
        expand("results/{study}/claims.csv", study=STUDIES),
    output:
        multiext("results/claims", ".md", ".tex"),
        report(
            "results/claims.csv",
            caption="../report/claims.rst",
            category="All studies",
            labels={"table": "claims and verdicts"},
        ),
    log:
        "results/logs/summarise.log",
    conda:
        "../../envs/rankscope.yaml"
    shell:
        'python "$RANKSCOPE_SCRIPTS"/summarise.py > {log} 2>&1'
