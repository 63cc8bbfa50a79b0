"""What is wrong with an access matrix, as far as a record can decide it."""

from collections.abc import Iterator

from assurance.access.grants import Grant
from assurance.access.principals import Principal, Principals
from assurance.access.secrets import Readable
from assurance.access.tables import duties, matches
from assurance.check.findings import Finding, Status
from assurance.record import UNKNOWN
from documents.counting import counted
from policies.rule import RuleInfo

PRINCIPAL = RuleInfo(
    "ACCESS-PRINCIPAL",
    "Every right belongs to someone the record knows",
    "critical",
    ("164.308(a)(4)(ii)(B)", "164.312(a)(2)(i)"),
    "Grant rights to identities of this stack, by their principalId (not the client id).",
    "requirement S30; 45 CFR 164.312(a)(2)(i): a unique name for everyone who acts",
)
ROLE = RuleInfo(
    "ACCESS-ROLE",
    "What every granted role may do is known",
    "high",
    ("164.308(a)(4)(ii)(B)",),
    "Use a role of facts/roles.yaml, or add it there with what it grants.",
    "requirement S30; learn.microsoft.com/azure/role-based-access-control/built-in-roles",
)
SHARED = RuleInfo(
    "ACCESS-SHARED",
    "No two apps, and no two duties, share an identity",
    "high",
    ("164.312(a)(2)(i)", "164.312(a)(1)"),
    "Give each app and each duty an identity of its own; only a slot shares its app's.",
    "requirement S30; 45 CFR 164.312(a)(2)(i)",
)
DUTY = RuleInfo(
    "ACCESS-DUTY",
    "No right is wider than its duty",
    "high",
    ("164.308(a)(4)(ii)(B)", "164.312(a)(1)"),
    "Take the right away, or, where the duty really needs it, say so in assurance/access/duties.yaml.",
    "requirement S30; 45 CFR 164.308(a)(4)(ii)(B): access by need",
)
SCOPE = RuleInfo(
    "ACCESS-SCOPE",
    "A right is on the resource it is for, not on all around it",
    "high",
    ("164.308(a)(4)(ii)(B)", "164.312(a)(1)"),
    "Assign the role on the resource itself.",
    "requirement S30; learn.microsoft.com/azure/role-based-access-control/best-practices",
)
SECRETS = RuleInfo(
    "ACCESS-SECRETS",
    "An app or job can read the secrets that it asks for, and no other",
    "high",
    ("164.308(a)(4)(ii)(B)", "164.312(a)(1)"),
    "Keep the secrets of each app, and of the job, in a vault of their own; list a secret only for whoever uses it.",
    "requirements S03, S05",
)


Judgement = tuple[Status, str]


class Judge:
    """Makes the findings of one stack."""

    def __init__(self, stack: str, principals: Principals) -> None:
        self._stack = stack
        self._principals = principals

    def findings(self, grants: list[Grant], secrets: list[Readable]) -> Iterator[Finding]:
        """Every judgement, passed ones too, so that it shows what was examined."""
        on_grants = ((PRINCIPAL, self._principal), (ROLE, self._role), (DUTY, self._duty), (SCOPE, self._scope))
        for grant in grants:
            for rule, judge in on_grants:
                yield Finding.of(rule, *judge(grant), grant.by, stack=self._stack)
        for principal in self._principals.all:
            identity = self._principals.resource(principal)
            yield Finding.of(SHARED, *self._shared(principal), identity, stack=self._stack)
            users = self._principals.apps(principal) | self._principals.jobs(principal)
            if users:
                unknown = any(UNKNOWN in grant.via for grant in grants if grant.principal == principal)
                yield Finding.of(
                    SECRETS, *self._secrets(principal, users, secrets, unknown), identity, stack=self._stack
                )

    def _principal(self, grant: Grant) -> Judgement:
        if grant.principal.known:
            return "pass", f"{grant.via} is for {grant.principal.name}"
        message = f"{grant.via} on {grant.target.name} is for {grant.principal.name}, which is no identity of the stack"
        return "fail", message

    def _role(self, grant: Grant) -> Judgement:
        if grant.rights or grant.via == "access policy":
            return "pass", f"{grant.via}: {', '.join(grant.rights) or 'nothing'}"
        if UNKNOWN in grant.via:
            return "unchecked", f"the role of {_message(grant)} is known when deployed"
        message = f"{grant.via} of {grant.principal.name} on {grant.target.name}: no right of it is known"
        return "fail", message

    def _duty(self, grant: Grant) -> Judgement:
        names = self._principals.duty(grant.principal)
        if not names:
            message = (
                f"nothing in the record acts as {grant.principal.name}, so its duty is not known: {_message(grant)}"
            )
            return "unchecked", message
        if grant.candidates > 1:
            message = f"only a deployment can tell which of {grant.candidates} identities has: {_message(grant)}"
            return "unchecked", message
        extra = [right for right in grant.rights if not all(duties()[name].needs(right) for name in names)]
        if extra:
            message = f"{grant.principal.name} ({', '.join(names)}) has {', '.join(extra)} on {grant.target.name}"
            return "fail", f"{message} by {grant.via}"
        return "pass", _message(grant)

    def _scope(self, grant: Grant) -> Judgement:
        served = [duties()[name] for name in self._principals.duty(grant.principal)]
        allowed = {right for duty in served for right in duty.allowed_on(grant.target.scope)}
        if grant.target.scope == "resource" or (
            grant.rights and all(matches(right, allowed) for right in grant.rights)
        ):
            return "pass", _message(grant)
        message = f"{grant.principal.name} has {grant.via} on the whole {grant.target.scope} {grant.target.name}"
        return "fail", message

    def _shared(self, principal: Principal) -> Judgement:
        apps, names = self._principals.apps(principal), self._principals.duty(principal)
        if len(apps) > 1:
            message = f"{principal.name} is the identity of {len(apps)} apps: {', '.join(sorted(apps))}"
            return "fail", message
        if len(names) > 1:
            message = f"{principal.name} serves {len(names)} duties: {', '.join(names)}"
            return "fail", message
        users = ", ".join(self._principals.user_names(principal)) or "nothing in the record"
        return "pass", f"{principal.name} is used by {users}"

    def _secrets(self, principal: Principal, users: set[str], secrets: list[Readable], unknown: bool) -> Judgement:
        reads = [item for item in secrets if principal.name in {reader.name for reader in item.readers}]
        extra = [f"{item.name} in {item.vault.name}" for item in reads if not users & item.wanted_by]
        missing = [
            f"{item.name} in {item.vault.name}" for item in secrets if users & item.wanted_by and item not in reads
        ]
        if extra or missing:
            parts = [
                *([f"can read {', '.join(extra)}, which its app or job does not ask for"] if extra else []),
                *([f"cannot read {', '.join(missing)}, which its app or job asks for"] if missing else []),
            ]
            if unknown:
                message = f"some of {principal.name}'s roles are known when deployed, so its secrets are not"
                return "unchecked", message
            return "fail", f"{principal.name} {' and '.join(parts)}"
        return "pass", f"{principal.name} reads the {counted(len(reads), 'secret')} that its app or job asks for"


def _message(grant: Grant) -> str:
    return f"{grant.principal.name}: {', '.join(grant.rights) or 'nothing'} on {grant.target.name} by {grant.via}"
