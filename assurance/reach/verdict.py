"""Whether a flow is open, and the chain of reasons."""

from dataclasses import dataclass

from assurance.record import Resource


@dataclass(frozen=True)
class Step:
    """One reason, and the resource that gives it."""

    text: str
    by: Resource | None = None


@dataclass(frozen=True)
class Verdict:
    """Whether a flow is open. The last step decided; the ones before led to it.

    condition: what else must be true of a request, for example a sign-in; empty when nothing.
    """

    open: bool
    steps: tuple[Step, ...]
    condition: str = ""

    def after(self, *steps: Step) -> "Verdict":
        """The same verdict at the end of a longer chain."""
        return Verdict(self.open, (*steps, *self.steps), self.condition)

    @property
    def why(self) -> str:
        """The chain in words."""
        return "; ".join(step.text for step in self.steps)

    @property
    def decided_by(self) -> Resource | None:
        """The resource of the last step that has one."""
        return next((step.by for step in reversed(self.steps) if step.by), None)


def opened(text: str, by: Resource | None = None, condition: str = "") -> Verdict:
    """An open flow."""
    return Verdict(True, (Step(text, by),), condition)


def closed(text: str, by: Resource | None = None, condition: str = "") -> Verdict:
    """A closed flow."""
    return Verdict(False, (Step(text, by),), condition)
