"""Runs the real program without a cloud, a CLI or a credential, and records what it declares."""
