"""What must hold between the sections of a stack file; a section by itself is in the file of its name above."""
