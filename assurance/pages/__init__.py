"""HTML pages that stand alone: one layout for all that people open in a browser, print or keep."""
