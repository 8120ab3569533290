"""What can go wrong in a job. Bad input is `synthtext.core.InputError` (exit status 2)."""


class JobError(RuntimeError):
    """A job failed although its input was good (exit status 1): one sentence says what, where, and what to do."""
