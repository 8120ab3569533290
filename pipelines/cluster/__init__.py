"""Ray, which no other package imports."""
