"""Evaluate the theory at the points of each study, batch by batch.

Input: nothing but the configuration and the code.
Output: results/{study}/predicted/{point}.nc
"""

for batch in BATCHES:
    if batch.stage == "predicted":

        rule:
            name:
                batch.name
            message:
                f"Predict {len(batch.points)} points of {batch.study} ({batch.name})"
            output:
                # finished points of the batch stay when others are still to be made
                update(batch.files),
            log:
                f"results/logs/{batch.name}.log",
            params:
                code=sources.code_hash(study.module_name(batch.study, "theory")),
                seed=CONFIGURATION.seed,
                fixed=config["studies"][batch.study].get("fixed"),
            resources:
                mem_mb=memory_mb(batch),
                runtime=minutes(batch),
            conda:
                "../../envs/rankscope.yaml"
            shell:
                "python {SCRIPTS}/predict.py {output:q} > {log} 2>&1"
