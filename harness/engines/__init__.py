"""Engines: prompts to outputs. Each keeps the small protocol of `protocol.Engine`."""
