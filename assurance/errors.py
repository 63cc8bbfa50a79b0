"""What ends a command in one clear message, without a traceback of ours: wrong use (2), a program that fails (3)."""


class UsageError(Exception):
    """Wrong use or configuration. ``messages``: one line for each mistake, all of them at once."""

    def __init__(self, *messages: str) -> None:
        super().__init__("\n".join(messages))
        self.messages = list(messages)


class ProgramError(Exception):
    """The Pulumi program of a stack failed for a reason that is not the stack config."""

    def __init__(self, stack: str, summary: str, detail: str) -> None:
        super().__init__(f"{stack}: {summary}")
        self.stack = stack
        self.summary = summary
        self.detail = detail
