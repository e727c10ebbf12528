"""Pictures of what is in a .linc file, and of what a benchmark measured."""
