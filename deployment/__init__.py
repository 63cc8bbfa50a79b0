"""The ordered, repeatable steps that ARM cannot declare, run after `pulumi up`: ``python -m deployment``.

Control plane only: no step needs line of sight to a private resource. See docs/deployment.md.
"""
