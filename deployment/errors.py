"""Mistakes of the user, told in one line each: the command exits with 2 and shows no traceback."""


class UsageError(Exception):
    """The command was called wrongly, or its input is missing or of another stack. ``messages``: one line each."""

    def __init__(self, *messages: str) -> None:
        super().__init__("\n".join(messages))
        self.messages = list(messages)
