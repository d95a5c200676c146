"""The gate in CI: who is judged, the judging itself, the comment, and the files that run them."""
