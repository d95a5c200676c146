"""Read a project: settings, benchmarks, training data, scores; write a starter."""
