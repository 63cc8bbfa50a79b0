"""What Azure is, as data: each fact once, with its source and the date it was read; a typed reader beside the data."""
