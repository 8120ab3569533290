"""Datasets: sources of lines and scenes, the order in which they are read, and the batches made of them."""
