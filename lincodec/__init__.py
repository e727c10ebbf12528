"""linc: a neural video codec in one self-describing file."""

__version__ = "0.1.0"
