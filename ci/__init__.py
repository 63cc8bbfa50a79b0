"""What the workflows of .github/workflows call: `python -m ci COMMAND`. Their YAML holds no logic."""
