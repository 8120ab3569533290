"""Active learning: which unlabelled lines a person should label next."""
