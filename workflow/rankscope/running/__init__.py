"""What runs in a person's terminal: commands, a run and its progress."""
