"""Small real things to test with: a base, adapters, a project, engines."""
