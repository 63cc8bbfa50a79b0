"""YAML as people write it: lines, duplicate keys, mistakes as FILE:LINE: key = value: allowed; durations, dates."""
