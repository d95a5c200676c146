"""Read the files of a project: settings, benchmarks, adapters, weights, training data.

Readers are strict, name file and line, and never follow a path out of its folder.
"""
