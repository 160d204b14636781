"""Simulate the points of each study, batch by batch.

Input: nothing but the configuration and the code.
Output: results/{study}/simulated/{point}.nc
"""

for batch in BATCHES:
    if batch.stage == "simulated":

        rule:
            name:
                batch.name
            output:
                # Snakemake removes them before the job; rankscope.keeping gives them back
                batch.files,
            log:
                f"results/logs/{batch.name}.log",
            conda:
                "../../envs/rankscope.yaml"
            threads: resources.THREADS
            resources:
                mem_mb=limit(resources.memory_mb, batch),
                runtime=limit(resources.minutes, batch),
            params:
                code=sources.code_hash(study.module_name(batch.study, "simulation")),
                seed=CONFIGURATION.seed,
                replicates=batch.replicates,
                fixed=config["studies"][batch.study].get("fixed"),
            message:
                f"Simulate {len(batch.points)} points of {batch.study} ({batch.name})"
            shell:
                'python "$RANKSCOPE_SCRIPTS"/simulate.py {output:q} > {log} 2>&1'
