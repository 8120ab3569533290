"""The one kind of error that is a user's to mend."""


class InputError(ValueError):
    """Something that was given cannot be used: one sentence says what, where, and what to do."""
