"""Meaning of a .linc file: alignment, search and chat (paper sections 3.5 and 3.6)."""
