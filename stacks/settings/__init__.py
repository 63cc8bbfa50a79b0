"""The typed stack config: what may stand in ``Pulumi.<stack>.yaml``.

A file for each section, joined in ``model.py``. ``between/``: what must hold between sections. ``reading/``: from the
file to the settings. ``pages/``: what is written from them.
"""
