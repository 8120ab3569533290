"""Training: configuration, loop, checkpoints, distributed processes, and the tasks of both kinds of model."""
