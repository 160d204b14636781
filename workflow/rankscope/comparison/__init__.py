"""The same notions of rank for the matrices of all papers."""
