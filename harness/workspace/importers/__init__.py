"""Read the cases of other tools: lm-evaluation-harness, promptfoo, tables."""
