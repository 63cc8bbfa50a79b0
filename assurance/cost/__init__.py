"""What a stack costs: a bill of materials from its record, priced by facts/prices.yaml."""
