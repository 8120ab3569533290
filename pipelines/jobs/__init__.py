"""Jobs: everything that fills, checks, exports or previews a dataset."""
