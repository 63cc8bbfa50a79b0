"""Catalogues: data of the platform that people review, each with one reader beside it."""
