"""Make figures, further tables, the comparison, the provenance record and the report.

Input: results/{study}/simulated.nc, predicted.nc, verdicts.csv
Output: results/{study}/figures, results/{study}/tables, results/comparison,
        results/provenance.json, results/report.html
"""

for name in STUDIES:

    if study.makes(name, "figures"):

        rule:
            name:
                f"plot_{configuration.rule_name(name)}"
            input:
                multiext(f"<results>/{name}/", "simulated.nc", "predicted.nc", "verdicts.csv"),
            output:
                in_report(name, study.module_name(name, "figures")),
            log:
                f"<results>/logs/{name}/plot.log",
            benchmark:
                f"<results>/logs/{name}/plot.tsv"
            conda:
                "../../envs/rankscope.yaml"
            resources:
                mem_mb=limit(limits.study_memory_mb, CONFIGURATION.studies[name]),
                runtime=limit(limits.study_minutes, CONFIGURATION.studies[name]),
            params:
                name=name,
                code=code.code_hash("rankscope.jobs.plot", study.module_name(name, "figures")),
                captions=captions(study.module_name(name, "figures")),
            message:
                f"Plot the figures of {name}"
            shell:
                'python "$RANKSCOPE_SCRIPTS"/plot.py {params.name} > {log} 2>&1'

    if study.makes(name, "tables"):

        rule:
            name:
                f"tabulate_{configuration.rule_name(name)}"
            input:
                multiext(f"<results>/{name}/", "simulated.nc", "predicted.nc", "verdicts.csv"),
            output:
                made([name], "tables", ("csv", "md", "tex")),
            log:
                f"<results>/logs/{name}/tabulate.log",
            benchmark:
                f"<results>/logs/{name}/tabulate.tsv"
            conda:
                "../../envs/rankscope.yaml"
            resources:
                mem_mb=limit(limits.study_memory_mb, CONFIGURATION.studies[name]),
                runtime=limit(limits.study_minutes, CONFIGURATION.studies[name]),
            params:
                name=name,
                code=code.code_hash("rankscope.jobs.tabulate", study.module_name(name, "tables")),
            message:
                f"Write the tables of {name}"
            shell:
                'python "$RANKSCOPE_SCRIPTS"/tables.py {params.name} > {log} 2>&1'


if WITH_SPECTRA:

    rule compare:
        """Compare the spectra of all studies."""
        input:
            expand(
                "<results>/{study}/{stage}.nc",
                study=WITH_SPECTRA,
                stage=("simulated", "predicted"),
            ),
        output:
            in_report("comparison", "rankscope.comparison.figures"),
            multiext("<results>/comparison/tables/ranks", ".csv", ".md", ".tex"),
        log:
            "<results>/logs/compare.log",
        conda:
            "../../envs/rankscope.yaml"
        params:
            names=WITH_SPECTRA,
            code=code.code_hash(
                "rankscope.jobs.compare",
                *[study.module_name(name, "spectra") for name in WITH_SPECTRA],
            ),
            captions=captions("rankscope.comparison.figures"),
        shell:
            'python "$RANKSCOPE_SCRIPTS"/compare.py {params.names} > {log} 2>&1'


rule provenance:
    input:
        "<results>/claims.csv",
    output:
        "<results>/provenance.json",
    log:
        "<results>/logs/provenance.log",
    localrule: True  # seconds of work are not worth a place in a cluster's queue
    conda:
        "../../envs/rankscope.yaml"
    params:
        config=config,
        code=code.code_hash("rankscope.jobs.provenance"),
    message:
        "Record versions, commit, platform and configuration"
    shell:
        'python "$RANKSCOPE_SCRIPTS"/provenance.py {output:q} > {log} 2>&1'


rule report:
    """Write the report: one file that opens without a network."""
    input:
        "<results>/claims.csv",
        "<results>/provenance.json",
        expand("<results>/{study}/verdicts.csv", study=STUDIES),
        FIGURES,
        TABLES,
        rules.compare.output if WITH_SPECTRA else [],
    output:
        "<results>/report.html",
    log:
        "<results>/logs/report.log",
    conda:
        "../../envs/rankscope.yaml"
    params:
        code=code.code_hash("rankscope.report.page"),
        texts=code.text_hash("report/*.*", "studies/**/report.md"),
        # told apart from the texts of the package, which are always there
        docs=code.text_hash("../../docs/derivations.md", "../../docs/findings/*.csv"),
        # shown where there is one; not an input, or every run would audit
        audit=code.content_hash(AUDIT) if AUDIT.exists() else "",
        # named in the commands that remake what is shown
        configfiles=[os.path.relpath(file) for file in workflow.configfiles],
    shell:
        'python "$RANKSCOPE_SCRIPTS"/report.py {output:q} {params.configfiles:q} > {log} 2>&1'
