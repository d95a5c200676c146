"""A metric, an engine and a store for lora-harness."""
