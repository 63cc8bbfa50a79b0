"""What an auditor gets: the bundle of a commit, what stands in it, and whether one is intact."""
