"""Engines turn prompts into outputs; each keeps the small protocol of `protocol.Engine`."""
