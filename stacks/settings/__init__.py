"""The typed stack config: what may stand in ``Pulumi.<stack>.yaml``, and how mistakes in it are told."""
