"""The gap between real and generated lines or scenes: what it consists of, and one number for all of it."""
