"""Training: settings, data, losses, the loop, checkpoints, distributed training, and presets."""
