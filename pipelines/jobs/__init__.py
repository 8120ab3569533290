"""Jobs that write data sets: generate, copypaste, crops, import, filter, export, check, and repair."""
