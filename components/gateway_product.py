"""What partners are given on an API Management gateway: APIs together, and a key for each partner's system."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
from pulumi_azure_native import apimanagement

from components.component import Component, IdOutputs


@dataclass(frozen=True, kw_only=True)
class GatewayProductArgs:
    """Arguments of `GatewayProduct`.

    service_name: the gateway's service; product: 1 to 80 letters, digits and hyphens.
    apis: names of its APIs in Azure, by name; subscriptions: names of those who have a key.
    """

    resource_group_name: pulumi.Input[str]
    service_name: pulumi.Input[str]
    product: str
    description: str
    apis: Mapping[str, pulumi.Input[str]]
    subscriptions: Sequence[str]


class GatewayProduct(Component[GatewayProductArgs, IdOutputs]):
    """A product that nobody uses without a key and an approval.

    Azure makes the keys. They are in no output and, should Azure ever return them, secret in the state; whoever may
    list a subscription's secrets hands them out, and makes new ones.
    """

    def _declare(self, name: str, args: GatewayProductArgs) -> IdOutputs:
        place = {"resource_group_name": args.resource_group_name, "service_name": args.service_name}
        product = apimanagement.Product(
            name,
            **place,
            product_id=args.product,
            display_name=args.product,
            description=args.description,
            subscription_required=True,
            approval_required=True,
            state=apimanagement.ProductState.PUBLISHED,
            opts=pulumi.ResourceOptions(parent=self),
        )
        for api, api_id in args.apis.items():
            apimanagement.ProductApi(
                f"{name}-{api}",
                **place,
                product_id=product.name,
                api_id=api_id,
                opts=pulumi.ResourceOptions(parent=self),
            )
        for subscription in args.subscriptions:
            apimanagement.Subscription(
                f"{name}-{subscription}",
                **place,
                sid=subscription,
                display_name=subscription,
                scope=pulumi.Output.concat("/products/", product.name),
                state=apimanagement.SubscriptionState.ACTIVE,
                allow_tracing=False,
                opts=pulumi.ResourceOptions(parent=self, additional_secret_outputs=["primary_key", "secondary_key"]),
            )
        return IdOutputs(id=product.id)
