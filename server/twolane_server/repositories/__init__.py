"""The engine's index of each repository, kept for an editor or a command, and what it answers."""
