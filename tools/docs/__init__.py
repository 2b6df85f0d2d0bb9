"""The generated documentation: everything in docs/ that can be read off the topology and the code."""
