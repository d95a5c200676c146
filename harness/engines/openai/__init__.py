"""Ask a server that speaks OpenAI's protocol."""
