"""Helpers that tests import; fixtures are in the conftest files."""
