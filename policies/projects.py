"""Which programs are of this repository: what nobody decided is wrong in them, and only unchecked in another's."""

PLATFORM = "medspasync"
"""The platform's own program; what a record is of that does not say (version 1)."""
OUR_PROJECTS = (PLATFORM, "medspasync-bootstrap")
"""Names in their Pulumi.yaml; a test holds them to the files."""
