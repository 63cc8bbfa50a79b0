"""The small Pulumi program that makes what must exist before the first `up` of the platform."""
