"""The report people read: one HTML file that needs nothing beside it.

``gather`` reads results into plain objects, ``items`` figures and tables; ``formats`` writes
numbers and names, ``prose`` turns Markdown with formulas into HTML and MathML, and ``page``
fills the template. ``readme`` writes the README's table of findings.
"""
