"""Reviews, and runs that are repeated, to an alarm (STATISTICS 4). Pure."""
