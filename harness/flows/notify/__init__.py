"""Notices to a team's chat: what is told, and how it is sent."""
