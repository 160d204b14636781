"""Predict the points of each study, batch by batch.

Input: the configuration, the code, and the files that points read.
Output: results/{study}/predicted/{point}.nc
"""

for batch in BATCHES:
    if batch.stage == "predicted":

        rule:
            name:
                batch.name
            output:
                # what was finished before comes from the store (rankscope.jobs.store)
                batch.files,
            log:
                f"<results>/logs/{batch.study}/{batch.stage}_{batch.number}.log",
            benchmark:
                f"<results>/logs/{batch.study}/{batch.stage}_{batch.number}.tsv"
            conda:
                "../../envs/rankscope.yaml"
            threads: limits.THREADS
            resources:
                mem_mb=limit(limits.memory_mb, batch),
                runtime=limit(limits.minutes, batch),
            params:
                **tracked(batch),
            message:
                f"Predict {len(batch.points)} points of {batch.study} ({batch.name})"
            shell:
                'python "$RANKSCOPE_SCRIPTS"/predict.py {output:q} > {log} 2>&1'
