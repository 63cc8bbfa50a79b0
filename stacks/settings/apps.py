"""Apps of the stack: what runs, where it is reached, what it reads."""

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Literal

from pydantic import Field

from documents.problems import Problem, did_you_mean
from documents.sections import Section
from documents.texts import Guid
from documents.words import Text
from stacks.catalogues.secrets import CATALOGUE, SecretName, catalogue
from stacks.naming import name_problem
from stacks.settings.registry import ImageByDigest

AppName = Annotated[
    str,
    Text(
        r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$", "a name in lower case, like backend or pro-next", min_length=2, max_length=12
    ),
]
"""2 to 12 characters: the name is part of a Key Vault's, which has 24."""
HostName = Annotated[
    str,
    Text(
        r"^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,}$",
        "a host name in lower case without https:// and path, like app.example.com",
        max_length=253,
    ),
]
Path = Annotated[str, Text(r"^/[A-Za-z0-9._~/-]+$", "a path, like /healthz", max_length=200)]
PathPattern = Annotated[
    str,
    Text(r"^/[A-Za-z0-9._~/-]+(/\*)?$", "a path, like /favicon.ico, or all below one, like /static/*", max_length=200),
]
Variable = Annotated[
    str, Text(r"^[A-Z][A-Z0-9_]*$", "the name of an environment variable in capitals, like LOG_LEVEL", max_length=128)
]

Ingress = Literal["privateLink", "serviceTag"]

SITE = "app"
"""Kind of a site in names: app-mss-prod-backend-x7k2."""
SLOT = "staging"
"""The deployment slot's name."""


RESERVED = frozenset(
    {
        "AZURE_CLIENT_ID",
        "KEY_VAULT_NAME",
        "CORRELATION_ID_HEADER",
        "APPLICATIONINSIGHTS_CONNECTION_STRING",
        "APPLICATIONINSIGHTS_AUTHENTICATION_STRING",
        "OTEL_SERVICE_NAME",
        "OTEL_PROPAGATORS",
        "SCM_DO_BUILD_DURING_DEPLOYMENT",
        "OVERRIDE_USE_MI_FIC_ASSERTION_CLIENTID",
        "PORT",
    }
)
"""Names that the platform sets itself (a test holds this set against what it sets)."""
RESERVED_PREFIXES = ("WEBSITE_", "WEBSITES_", "DOCKER_")

_SECRET_WORDS = {"SECRET", "PASSWORD", "PASSWD", "PASS", "PWD", "TOKEN", "CREDENTIAL", "CREDENTIALS", "KEY", "DSN"}
_PUBLIC_WORDS = {"PUBLIC", "PUBLISHABLE"}
_SECRET_VALUES = (
    re.compile(r"^(sk|rk)_(test|live)_|^whsec_"),  # Stripe
    re.compile(r"-----BEGIN"),
    re.compile(r"://[^/\s:@]*:[^/\s@]+@"),  # user:password@host
    re.compile(r"(?i)(account|sharedaccess|accesskey)key=|sharedaccesssignature|[?&]sig=|password=|pwd="),
    re.compile(r"^eyJ[\w-]+\.[\w-]+\."),  # a JSON web token
    re.compile(r"^(ghp|gho|github_pat|xox[abp]|AKIA|AIza|SG\.)"),
    re.compile(r"(?i)secret|passw(or)?d"),
    re.compile(r"^(?=.*\d)(?=.*[A-Za-z])[A-Za-z0-9+/_]{32,}={0,2}$"),  # long and opaque
)


class ImageSettings(ImageByDigest):
    """The image of an app."""

    port: Annotated[int, Field(ge=1, le=65535)] = 8080
    """Port on which the container listens."""


class RuntimeSettings(Section):
    """What an app runs on: an image, or a built-in Node.js."""

    image: ImageSettings | None = None
    """A container image from `registry`."""
    node: Literal["22-lts", "24-lts"] | None = None
    """A built-in Node.js version; the code comes as a zip from a runner inside the VNet."""

    def problems(self) -> Iterator[Problem]:
        """One of the two."""
        if (self.image is None) == (self.node is None):
            yield Problem("", self.model_dump(), "either image or node")


class CorsSettings(Section):
    """Who may call an app from a browser on another origin."""

    origins: list[str] = []
    """Origins, https://host without a path. Never `*`."""
    credentials: bool = False
    """Whether such calls may carry cookies."""

    def problems(self) -> Iterator[Problem]:
        """Every origin is one host, and credentials need one."""
        for index, origin in enumerate(self.origins):
            if not re.fullmatch(r"https://[a-z0-9.-]+(:\d{2,5})?", origin):
                yield Problem(f"origins[{index}]", origin, "https://host; never *, no path, no plain http")
        if self.credentials and not self.origins:
            yield Problem("credentials", True, "false while there are no origins")


class SignInSettings(Section):
    """App Service Authentication with Entra ID, for staff-facing apps. It holds for the whole app: an admin area is an
    app of its own."""

    client_id: Guid
    """Client id of the app registration. The bootstrap makes it, with a federated credential for the app's identity."""
    allowed_groups: list[Guid] = []
    """Object ids of the Entra groups that may sign in. Empty: everyone assigned to the registration."""
    excluded_paths: list[Path] = []
    """Paths that answer without sign-in, besides the health check's."""
    unauthenticated: Literal["redirect", "refuse"] = "redirect"
    """redirect: to the sign-in page, for browsers; refuse: 401, for callers that bring a token."""
    session_hours: Annotated[int, Field(ge=1, le=12)] = 8
    """Hours after which a user signs in again (HIPAA 164.312(a)(2)(iii), automatic logoff): 1 to 12."""


class AppSettings(Section):
    """One app, with its vault, identity, site and slot. A further app is one more block."""

    plan: str
    """Name of the plan it runs on (`plans`)."""
    host_names: Annotated[list[HostName], Field(min_length=1)]
    """Public host names, the first one being the app's own; Front Door serves them."""
    exposure: Literal["api", "web", "marketing"]
    """Which Front Door endpoint and firewall policy it is behind: `marketing` is for an app that reads plain values
    only, and what other origins call (`cors`) is an `api`. Changing it is an outage: the engine deletes the
    app's routes before it makes those on the other endpoint, and its hosts answer nothing for as long as Front Door
    takes. In steps without one: a second app of the new class with a new host first, then its users, then the old."""
    runtime: RuntimeSettings
    """What it runs on."""
    health_check_path: Path = "/healthz"
    """Answers 200 while an instance can serve, without sign-in, without PHI, and never from a cache."""
    slot: bool = True
    """A deployment slot, so that a deployment is a swap and a swap back. Needs the Standard tier."""
    secrets: list[SecretName] = []
    """Secrets it reads, by name in the catalogue; each becomes a Key Vault reference."""
    settings: dict[Variable, str] = {}
    """Plain environment. Nothing secret."""
    slot_settings: dict[Variable, str] = {}
    """Values of `settings` that differ in the slot and stay there in a swap."""
    cors: CorsSettings = CorsSettings()
    """Who may call it from a browser on another origin."""
    sign_in: SignInSettings | None = None
    """Entra ID sign-in in front of the whole app. Null: the app authenticates its users itself."""
    ingress: Ingress = "privateLink"
    """privateLink: no public access, Front Door comes by its private link (needs Front Door Premium, about $330 a
    month a profile); serviceTag: a public address that takes only our Front Door."""
    outbound: Literal["internet", "platform"] = "platform"
    """What it calls. platform: services of this platform, Azure's own and its public hosts, from the subnet `frontends`
    where there is one; neither the Internet nor the database. internet: payments, mail and the database, too."""
    vault_name: str | None = None
    """Exact name of its vault, for code that expects one (medspasync-backend). Null: the pattern's. Globally unique,
    so one stack only."""
    min_tls_version: Literal["1.2", "1.3"] = "1.3"
    """Oldest TLS version that the origin accepts; Front Door speaks both to an origin."""
    static_paths: list[PathPattern] = []
    """Paths that Front Door may cache and compress, for example /_next/static/*. Nothing personal is below them; none
    with `signIn`, since the edge answers from its cache whoever asks."""
    content_security_policy: (
        Annotated[
            str,
            Text(
                r"^[\x20-\x7e]+$",
                "`app`, or a policy in plain characters, like default-src 'self'; frame-ancestors 'none'",
            ),
        ]
        | None
    ) = None
    """Content-Security-Policy header of its own, one line, with frame-ancestors. Null: the one of its exposure class
    (stacks/catalogues/security_headers.yaml); `app`: the app sends one itself, for example with nonces."""

    @property
    def uses_image(self) -> bool:
        """Whether it runs a container image."""
        return self.runtime.image is not None

    def problems(self) -> Iterator[Problem]:
        """What fields must hold together."""
        yield from self._environment_problems()
        for key, values in (("hostNames", self.host_names), ("secrets", self.secrets)):
            for value in sorted({value for value in values if values.count(value) > 1}):
                yield Problem(key, value, "each one once")
        if self.runtime.node and self.ingress == "serviceTag":
            yield Problem(
                "runtime.node", self.runtime.node, "an image: with ingress serviceTag nothing can deliver code"
            )
        if self.vault_name is not None and (wrong := name_problem("vault", self.vault_name)):
            yield Problem("vaultName", self.vault_name, wrong)
        policy = self.content_security_policy
        if policy not in (None, "app") and not re.search(r"(^|;)\s*frame-ancestors\s", policy):
            yield Problem("contentSecurityPolicy", policy, "`app`, or a policy with frame-ancestors")
        yield from self._exposure_problems()
        if self.exposure == "api" and self.static_paths:
            yield Problem("staticPaths", self.static_paths, "none: answers of an API are never cached")
        if self.sign_in and self.static_paths:
            # The edge would hand out to everybody what one person had to sign in for.
            yield Problem("staticPaths", self.static_paths, "none: with signIn every answer is for one who signed in")

    def _exposure_problems(self) -> Iterator[Problem]:
        """The class of the edge fits what the app is: limits and headers of pages do not guard an API."""
        read = [name for name in self.secrets if name in catalogue() and catalogue()[name].origin != "setting"]
        if self.exposure == "marketing" and read:
            allowed = f"api or web: the app reads {read[0]}, and this class has no limit on sign-in"
            yield Problem("exposure", self.exposure, allowed)
        elif self.exposure != "api" and self.cors.origins:
            yield Problem("exposure", self.exposure, "api: pages of other origins call the app (cors.origins)")

    def _environment_problems(self) -> Iterator[Problem]:
        yield from environment_problems("settings", self.settings)
        yield from environment_problems("slotSettings", self.slot_settings)
        if self.slot_settings and not self.slot:
            yield Problem("slotSettings", sorted(self.slot_settings), "none without a slot")
        for name in sorted(self.slot_settings.keys() - self.settings.keys()):
            yield Problem(f"slotSettings.{name}", "…", "a name that stands in settings too")
        readers: dict[str, str] = {}
        for secret in self.secrets:
            if secret not in catalogue():
                yield Problem("secrets", secret, f"a secret of {CATALOGUE}{did_you_mean(secret, catalogue())}")
                continue
            for variable in catalogue()[secret].environment:
                readers[variable] = secret
        for variable in sorted(readers.keys() & self.settings.keys()):
            yield Problem(
                f"settings.{variable}", "…", f"not given here: it is read from the secret {readers[variable]}"
            )


AppsSettings = dict[AppName, AppSettings]
"""The section ``apps``: apps by name."""


def environment_problems(key: str, values: Mapping[str, str]) -> Iterator[Problem]:
    """Mistakes in plain environment values. ``key``: where they stand. A suspicious value is never shown."""
    for name, value in values.items():
        place = f"{key}.{name}"
        if name in RESERVED or name.startswith(RESERVED_PREFIXES):
            yield Problem(place, "…", "a name that the platform does not set itself")
        words = set(name.split("_"))
        if words & _SECRET_WORDS and not words & _PUBLIC_WORDS:
            yield Problem(
                place, f"({len(value)} characters)", "no secret: put it into the catalogue and name it in `secrets`"
            )
        elif any(pattern.search(value) for pattern in _SECRET_VALUES):
            yield Problem(place, f"({len(value)} characters)", "a plain value; this one looks like a secret")
