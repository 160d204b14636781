"""Make figures, further tables and the provenance record.

Input: results/{study}/simulated.nc, predicted.nc, verdicts.csv
Output: results/{study}/figures, results/{study}/tables, results/provenance.json
"""

for name in STUDIES:

    rule:
        name:
            f"plot_{name}"
        message:
            f"Plot the figures of {name}"
        input:
            multiext(f"results/{name}/", "simulated.nc", "predicted.nc", "verdicts.csv"),
        output:
            [file for file in FIGURES if file.startswith(f"results/{name}/")],
        log:
            f"results/logs/plot_{name}.log",
        params:
            name=name,
            code=sources.code_hash(study.module_name(name, "figures"), "rankscope.style"),
        conda:
            "../../envs/rankscope.yaml"
        shell:
            "python {SCRIPTS}/plot.py {params.name} > {log} 2>&1"

    if study.makes(name, "tables"):

        rule:
            name:
                f"tabulate_{name}"
            message:
                f"Write the tables of {name}"
            input:
                multiext(f"results/{name}/", "simulated.nc", "predicted.nc", "verdicts.csv"),
            output:
                [file for file in TABLES if file.startswith(f"results/{name}/")],
            log:
                f"results/logs/tabulate_{name}.log",
            params:
                name=name,
                code=sources.code_hash(study.module_name(name, "tables")),
            conda:
                "../../envs/rankscope.yaml"
            shell:
                "python {SCRIPTS}/tables.py {params.name} > {log} 2>&1"


rule provenance:
    """Record versions, commit, platform and configuration."""
    input:
        "results/claims.csv",
    output:
        "results/provenance.json",
    log:
        "results/logs/provenance.log",
    params:
        config=config,
    conda:
        "../../envs/rankscope.yaml"
    shell:
        "python {SCRIPTS}/provenance.py {output:q} > {log} 2>&1"
