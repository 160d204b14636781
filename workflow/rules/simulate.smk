"""Simulate the points of each study, batch by batch.

Input: the configuration, the code, and the files that points read.
Output: results/{study}/simulated/{point}.nc
"""

for batch in BATCHES:
    # of a heavy point, other jobs make the replicates and this one joins them
    for share, receipt in enumerate(batch.shared, start=1):

        rule:
            name:
                f"{batch.name}_share_{share}"
            output:
                temp(receipt),
            log:
                f"<results>/logs/{batch.study}/{batch.stage}_{batch.number}_share_{share}.log",
            benchmark:
                f"<results>/logs/{batch.study}/{batch.stage}_{batch.number}_share_{share}.tsv"
            # the longest first, so that none is left alone at the end
            priority: round(batch.seconds / batch.shares)
            conda:
                "../../envs/rankscope.yaml"
            threads: limits.THREADS
            resources:
                mem_mb=limit(limits.memory_mb, batch),
                runtime=limit(limits.minutes, batch),
            params:
                **tracked(batch),
                which=[batch.study, batch.points[0].name, share, batch.shares],
            message:
                f"Simulate share {share} of {batch.shares} of a point of {batch.study}"
            shell:
                'python "$RANKSCOPE_SCRIPTS"/share.py {params.which:q} {output:q} > {log} 2>&1'

    if batch.stage == "simulated":

        rule:
            name:
                batch.name
            input:
                batch.shared,
            output:
                # what was finished before comes from the store (rankscope.jobs.store)
                batch.files,
            log:
                f"<results>/logs/{batch.study}/{batch.stage}_{batch.number}.log",
            benchmark:
                f"<results>/logs/{batch.study}/{batch.stage}_{batch.number}.tsv"
            priority: round(batch.seconds)
            conda:
                "../../envs/rankscope.yaml"
            threads: limits.THREADS
            resources:
                mem_mb=limit(limits.memory_mb, batch),
                runtime=limit(limits.minutes, batch),
            params:
                **tracked(batch),
            message:
                f"Simulate {len(batch.points)} points of {batch.study} ({batch.name})"
            shell:
                'python "$RANKSCOPE_SCRIPTS"/simulate.py {output:q} > {log} 2>&1'
