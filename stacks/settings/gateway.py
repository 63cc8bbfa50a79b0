"""API Management between Front Door and the apps' APIs: whether there is one, and what it asks of callers."""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from documents.problems import Problem
from documents.sections import Section
from documents.words import Text
from stacks.catalogues.rate_limits import Method
from stacks.settings.apps import Path

Name = Annotated[
    str, Text(r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$", "a name in lower case with hyphens, like partner", max_length=50)
]
Calls = Annotated[int, Field(ge=1, le=1_000_000)]
Seconds = Annotated[int, Field(ge=1, le=300)]
Https = Annotated[
    str,
    Text(
        r"^https://[a-z0-9.-]+(/[A-Za-z0-9._~/-]*)?$",
        "an https address in lower case, like https://sts.example.com/tenant",
    ),
]

REFUSED_TIERS = {
    "PremiumV2": "Front Door cannot reach it by private link, and its public address cannot be limited to Front Door",
    "Premium": "with a private endpoint it cannot be in the network, and so cannot reach the apps' private endpoints",
    "Developer": "with a private endpoint it cannot be in the network, and has no service level",
    "BasicV2": "it has neither a private endpoint nor a way into the network",
}
"""Tiers that are not private at both ends (learn.microsoft.com/azure/api-management/private-endpoint,
.../virtual-network-concepts), and why."""


class CallLimitSettings(Section):
    """How often one caller may call."""

    counter: Literal["user", "subscription"]
    """`user`: the subject of a checked token (needs `token`). `subscription`: the key that was sent."""
    calls: Calls
    """Calls in the period; above it the answer is 429 with Retry-After."""
    seconds: Seconds
    """Length of the period, 1 to 300 seconds (Azure's limit for counting by key)."""


class OpenPathSettings(Section):
    """A path that answers without key and token, because the app knows its callers by other means: a signature on a
    webhook, a password at sign-in. Needs an exception of rule API-CALLER-KNOWN on gateway-<app>-<path>."""

    methods: Annotated[list[Method], Field(min_length=1)]
    """HTTP methods."""
    calls: Calls
    """Calls of one client address in the period."""
    seconds: Seconds
    """Length of the period, 1 to 300 seconds."""
    below: bool = False
    """Whether paths below it are open, too."""


class TokenSettings(Section):
    """Bearer tokens that the gateway checks. They are signed with a published key: with a shared secret, such as
    JWT-SECRET, the gateway could make tokens as well as check them."""

    open_id_configuration: Annotated[
        str,
        Text(
            r"^https://(login\.microsoftonline\.com|[a-z0-9-]+\.ciamlogin\.com)/[A-Za-z0-9./-]+/"
            r"\.well-known/openid-configuration$",
            "an Entra tenant's https://login.microsoftonline.com/<tenant>/v2.0/.well-known/openid-configuration",
        ),
    ]
    """OpenID configuration of the Entra tenant that signs: the gateway's way out leads to Entra only."""
    issuers: Annotated[list[Https], Field(min_length=1)]
    """Issuers of which a token must have one."""
    audiences: Annotated[
        list[Annotated[str, Text(r"^[!-~]+$", "an audience without spaces, like api://medspasync")]],
        Field(min_length=1),
    ]
    """Audiences of which a token must have one: the API's app registration."""


class GatewayApiSettings(Section):
    """One app's API behind the gateway."""

    subscription_required: bool = True
    """Whether callers send the key of a subscription (header Ocp-Apim-Subscription-Key). For partners: a browser
    cannot keep a key."""
    token: TokenSettings | None = None
    """What their bearer token must be. Null: the app checks tokens itself."""
    limits: Annotated[list[CallLimitSettings], Field(min_length=1)]
    """How often one caller may call; each counter once."""
    open_paths: dict[Path, OpenPathSettings] = {}
    """Paths that answer without key and token, beside the health check's."""

    def problems(self) -> Iterator[Problem]:
        """Callers are known by a key, a token or both, and counted by what is known."""
        if not self.subscription_required and self.token is None:
            yield Problem("subscriptionRequired", False, "true, or a `token`: somebody must be known")
        counters = [limit.counter for limit in self.limits]
        if "user" in counters and self.token is None:
            yield Problem("limits", "user", "subscription, or a `token`: a token that nobody checked names nobody")
        if "subscription" in counters and not self.subscription_required:
            yield Problem("limits", "subscription", "user, or subscriptionRequired: true")
        for counter in sorted({counter for counter in counters if counters.count(counter) > 1}):
            yield Problem("limits", counter, "each counter once")


class ProductSettings(Section):
    """APIs that are given to partners together."""

    description: Annotated[str, Field(min_length=10, max_length=1000)]
    """What it is for."""
    apis: Annotated[list[str], Field(min_length=1)]
    """Apps whose APIs belong to it."""
    subscriptions: list[Name] = []
    """Who has a key, a partner's system each. Azure makes the keys; whoever runs the gateway hands them out
    (docs/edge.md)."""


class ApiManagementSettings(Section):
    """API Management between Front Door and the apps' APIs: keys for partners, exact limits for each user."""

    tier: Literal["none", "StandardV2", "PremiumV2", "Premium", "Developer", "BasicV2"] = "none"
    """`none`: no gateway. `StandardV2` (about $700 a month, $500 for each further unit): Front Door comes by private
    link, and the gateway calls apps through the network. Azure's other tiers are refused, with the reason."""
    units: Annotated[int, Field(ge=1, le=10)] = 1
    """Capacity, 1 to 10."""
    publisher_name: Annotated[str, Field(min_length=1, max_length=100)] | None = None
    """Organisation that publishes the APIs."""
    publisher_email: (
        Annotated[
            str, Text(r"^[^@\s]+@[^@\s]+\.[a-z]{2,}$", "the mailbox of a role, like api@example.com", max_length=100)
        ]
        | None
    ) = None
    """A role's mailbox: Azure sends notices there."""
    open_for_creation: bool = False
    """true for the first `up` only: Azure creates no gateway whose public address is closed. It fails rule API-PRIVATE
    until it is false again; meanwhile the gateway answers only what came through our Front Door."""
    apis: dict[str, GatewayApiSettings] = {}
    """Apps whose APIs are behind it, by app. The app must have ingress privateLink: the gateway calls its private
    endpoint, and Front Door no longer does."""
    products: dict[Name, ProductSettings] = {}
    """What partners are given."""

    @property
    def on(self) -> bool:
        """Whether the stack has a gateway."""
        return self.tier != "none"

    def problems(self) -> Iterator[Problem]:
        """A gateway has a workable tier, a publisher and APIs; products have APIs that ask for keys."""
        if self.tier in REFUSED_TIERS:
            yield Problem("tier", self.tier, f"none or StandardV2: {REFUSED_TIERS[self.tier]}")
        if not self.on:
            if self.apis or self.products:
                yield Problem("tier", self.tier, "StandardV2, since there are APIs or products")
            return
        for key, value in (("publisherName", self.publisher_name), ("publisherEmail", self.publisher_email)):
            if value is None:
                yield Problem(key, None, "required with a gateway")
        if not self.apis:
            yield Problem("apis", {}, "at least one app: a gateway in front of nothing costs as much")
        yield from self._product_problems()

    def _product_problems(self) -> Iterator[Problem]:
        offered = {api for product in self.products.values() for api in product.apis}
        for name, product in self.products.items():
            for api in product.apis:
                if api not in self.apis or not self.apis[api].subscription_required:
                    yield Problem(f"products.{name}.apis", api, "an entry of apis that has subscriptionRequired")
        for api, settings in self.apis.items():
            if settings.subscription_required and api not in offered:
                yield Problem(
                    f"apis.{api}.subscriptionRequired", True, "false, or a product that has it: nobody could call"
                )
        given = [subscription for product in self.products.values() for subscription in product.subscriptions]
        for subscription in sorted({each for each in given if given.count(each) > 1}):
            yield Problem("products", subscription, "each subscription in one product, once")


def path_label(path: str) -> str:
    """A path as part of a name: ``/webhooks/stripe`` is ``webhooks-stripe``."""
    return path.strip("/").replace("/", "-").lower()
