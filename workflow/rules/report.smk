"""Make figures, further tables, the provenance record and the report.

Input: results/{study}/simulated.nc, predicted.nc, verdicts.csv
Output: results/{study}/figures, results/{study}/tables, results/provenance.json,
        results/report.html
"""

for name in STUDIES:

    rule:
        name:
            f"plot_{name}"
        input:
            multiext(f"results/{name}/", "simulated.nc", "predicted.nc", "verdicts.csv"),
        output:
            in_report(name, study.module_name(name, "figures")),
        log:
            f"results/logs/plot_{name}.log",
        conda:
            "../../envs/rankscope.yaml"
        params:
            name=name,
            code=sources.code_hash(study.module_name(name, "figures"), "rankscope.style"),
            captions=captions(study.module_name(name, "figures")),
        message:
            f"Plot the figures of {name}"
        shell:
            'python "$RANKSCOPE_SCRIPTS"/plot.py {params.name} > {log} 2>&1'

    if study.makes(name, "tables"):

        rule:
            name:
                f"tabulate_{name}"
            input:
                multiext(f"results/{name}/", "simulated.nc", "predicted.nc", "verdicts.csv"),
            output:
                [file for file in TABLES if file.startswith(f"results/{name}/")],
            log:
                f"results/logs/tabulate_{name}.log",
            conda:
                "../../envs/rankscope.yaml"
            params:
                name=name,
                code=sources.code_hash(study.module_name(name, "tables")),
            message:
                f"Write the tables of {name}"
            shell:
                'python "$RANKSCOPE_SCRIPTS"/tables.py {params.name} > {log} 2>&1'


if WITH_SPECTRA:

    rule synthesis:
        """Compare the spectra of all studies."""
        input:
            expand(
                "results/{study}/{stage}.nc", study=WITH_SPECTRA, stage=("simulated", "predicted")
            ),
        output:
            in_report("synthesis", "rankscope.synthesis_figures"),
            multiext("results/synthesis/tables/ranks", ".csv", ".md", ".tex"),
        log:
            "results/logs/synthesis.log",
        conda:
            "../../envs/rankscope.yaml"
        params:
            names=WITH_SPECTRA,
            code=sources.code_hash(
                "rankscope.synthesis_figures",
                *[study.module_name(name, "spectra") for name in WITH_SPECTRA],
            ),
            captions=captions("rankscope.synthesis_figures"),
        shell:
            'python "$RANKSCOPE_SCRIPTS"/synthesis.py {params.names} > {log} 2>&1'


rule provenance:
    """Record versions, commit, platform and configuration."""
    input:
        "results/claims.csv",
    output:
        "results/provenance.json",
    log:
        "results/logs/provenance.log",
    conda:
        "../../envs/rankscope.yaml"
    params:
        config=config,
    shell:
        'python "$RANKSCOPE_SCRIPTS"/provenance.py {output:q} > {log} 2>&1'


rule report:
    """Write the report: one file that opens without a network."""
    input:
        "results/claims.csv",
        "results/provenance.json",
        expand("results/{study}/verdicts.csv", study=STUDIES),
        FIGURES,
        TABLES,
        rules.synthesis.output if WITH_SPECTRA else [],
    output:
        "results/report.html",
    log:
        "results/logs/report.log",
    conda:
        "../../envs/rankscope.yaml"
    params:
        code=sources.code_hash("rankscope.report.page"),
        texts=sources.text_hash("report/*.*", "studies/*/report.md"),
        # told apart from the texts of the package, which are always there
        derivations=sources.text_hash("../../docs/derivations.md"),
    shell:
        'python "$RANKSCOPE_SCRIPTS"/report.py {output:q} > {log} 2>&1'
