"""How deep a random network can be before its features lose rank, over architectures.

No paper: derived here. ``width`` is n, ``batch_size`` m, ``depth`` L.
"""
