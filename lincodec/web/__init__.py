"""Watching .linc files: the player for browsers, and pages made with it."""
