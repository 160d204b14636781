"""A study for tests: its points take the time, memory and failures that a test asks for.

It is real in all else: replicates, streams, checkpoints, theory, claim and figure. Its folder
is copied into ``workflow/rankscope/studies`` of a copy of the sources.
"""
