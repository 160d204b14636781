"""The report people read: one HTML file that needs nothing beside it.

``gather`` reads results into plain objects, ``prose`` turns Markdown with formulas into HTML
and MathML, and ``page`` fills the template.
"""
