"""Settings for all tests."""

from hypothesis import settings

# No test may depend on how busy a machine is.
settings.register_profile("untimed")
settings.load_profile("untimed")
