"""Integers to words and back: rANS, the fixed tables, the spectral context model."""
