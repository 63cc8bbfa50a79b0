"""What the workflows call: `.github/workflows/` is YAML without logic."""
