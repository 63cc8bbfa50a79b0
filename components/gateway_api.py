"""One app's API on an API Management gateway: what it takes, from whom, and how often."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
from pulumi_azure_native import apimanagement

from components.api_policy import KEY_HEADER, METHODS, BrowserAccess, CallLimit, TokenCheck, api_policy
from components.component import Component, known_after


@dataclass(frozen=True, kw_only=True)
class OpenPath:
    """A path that answers without key and token, because the app knows its callers by other means.

    label: the path in names, letters, digits and hyphens; methods: HTTP methods; limit: calls of one client address;
    below: whether it takes paths below it, too.
    """

    label: str
    methods: Sequence[str]
    limit: CallLimit
    below: bool


@dataclass(frozen=True, kw_only=True)
class GatewayApiArgs:
    """Arguments of `GatewayApi`.

    service_name: the gateway's service; api: name and path of the API, lower-case letters, digits and hyphens.
    backend_host: host name of the app, reached over HTTPS.
    subscription_required: callers send the key of a subscription; token: what their bearer token must be. One of the
    two at least.
    limits: how often; browsers: who may call from a browser; open_paths: by path (``/webhooks/stripe``).
    """

    resource_group_name: pulumi.Input[str]
    service_name: pulumi.Input[str]
    api: str
    backend_host: pulumi.Input[str]
    subscription_required: bool
    token: TokenCheck | None
    limits: Sequence[CallLimit]
    browsers: BrowserAccess | None
    open_paths: Mapping[str, OpenPath]


@dataclass(frozen=True, kw_only=True)
class GatewayApiOutputs:
    """id: ARM id of the API; name: its name in Azure, known once nothing more is written to it."""

    id: pulumi.Output[str]
    name: pulumi.Output[str]


class GatewayApi(Component[GatewayApiArgs, GatewayApiOutputs]):
    """The API of everything below ``/<api>``, and one for each open path, which is the longer path and so comes first.

    The app's own paths stay as they are: what comes as ``/<api>/orders`` reaches it as ``/orders``.
    """

    def _declare(self, name: str, args: GatewayApiArgs) -> GatewayApiOutputs:
        # Writes to one API at a time: a parallel one is refused with PessimisticConcurrencyConflict.
        self._last: list[pulumi.Resource] = []
        self._place = {"resource_group_name": args.resource_group_name, "service_name": args.service_name}
        if not (args.subscription_required or args.token):
            raise ValueError(f"{name}: an API asks for a subscription's key, a token, or both")
        policy = api_policy(args.api, limits=args.limits, token=args.token, browsers=args.browsers)
        api = self._api(name, args, args.api, "", args.subscription_required, policy)
        self._operations(name, api, METHODS, ["/*"])
        for path, opened in args.open_paths.items():
            label = opened.label
            policy = api_policy(f"{args.api}{path}", limits=[opened.limit], browsers=args.browsers)
            child = self._api(f"{name}-{label}", args, f"{args.api}-{label}", path, False, policy)
            self._operations(f"{name}-{label}", child, opened.methods, ["/", "/*"] if opened.below else ["/"])
        return GatewayApiOutputs(id=api.id, name=known_after(api.name, *(resource.urn for resource in self._last)))

    def _api(
        self, name: str, args: GatewayApiArgs, api_id: str, path: str, subscription_required: bool, policy: str
    ) -> apimanagement.Api:
        api = apimanagement.Api(
            name,
            **self._place,
            api_id=api_id,
            display_name=api_id,
            path=f"{args.api}{path}",
            service_url=pulumi.Output.concat("https://", args.backend_host, path),
            protocols=[apimanagement.Protocol.HTTPS],
            api_type=apimanagement.ApiType.HTTP,
            subscription_required=subscription_required,
            subscription_key_parameter_names=apimanagement.SubscriptionKeyParameterNamesContractArgs(
                header=KEY_HEADER, query="subscription-key"
            ),
            opts=pulumi.ResourceOptions(parent=self, depends_on=self._last),
        )
        policy_ = apimanagement.ApiPolicy(
            name,
            **self._place,
            api_id=api.name,
            policy_id="policy",
            format=apimanagement.PolicyContentFormat.XML,
            value=policy,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self._last = [policy_]
        return api

    def _operations(self, name: str, api: apimanagement.Api, methods: Sequence[str], templates: Sequence[str]) -> None:
        """An operation for each method: without one the gateway answers 404."""
        for method in methods:
            for template in templates:
                label = method.lower() if template == templates[0] else f"{method.lower()}-below"
                operation = apimanagement.ApiOperation(
                    f"{name}-{label}",
                    **self._place,
                    api_id=api.name,
                    operation_id=label,
                    display_name=f"{method} {template}",
                    method=method,
                    url_template=template,
                    template_parameters=[],
                    opts=pulumi.ResourceOptions(parent=self, depends_on=self._last),
                )
                self._last = [operation]
