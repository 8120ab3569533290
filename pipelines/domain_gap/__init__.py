"""The gap between real and generated lines: what it consists of, and one number for all of it."""
