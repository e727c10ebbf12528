"""Encodes shared out among processes and machines; the bytes are those of one process."""
