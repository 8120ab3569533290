"""Reading data: sources of lines and scenes, sampling order, batches, and preprocessing."""
