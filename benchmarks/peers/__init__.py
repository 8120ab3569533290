"""Other generators of text lines: how they are installed, and the commands that give them the same work."""
