"""Simulate the points of each study, batch by batch.

Input: nothing but the configuration and the code.
Output: results/{study}/simulated/{point}.nc
"""

for batch in BATCHES:
    if batch.stage == "simulated":

        rule:
            name:
                batch.name
            message:
                f"Simulate {len(batch.points)} points of {batch.study} ({batch.name})"
            output:
                # finished points of the batch stay when others are still to be made
                update(batch.files),
            log:
                f"results/logs/{batch.name}.log",
            params:
                code=sources.code_hash(study.module_name(batch.study, "simulation")),
                seed=CONFIGURATION.seed,
                replicates=batch.replicates,
                fixed=config["studies"][batch.study].get("fixed"),
            resources:
                mem_mb=memory_mb(batch),
                runtime=minutes(batch),
            conda:
                "../../envs/rankscope.yaml"
            shell:
                "python {SCRIPTS}/simulate.py {output:q} > {log} 2>&1"
