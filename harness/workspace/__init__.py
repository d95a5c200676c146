"""What lies on disk: settings, benchmarks, adapters, weights, training data.

Reads strictly, names file and line, and never follows a path out of its folder.
"""
