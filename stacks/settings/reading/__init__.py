"""From a stack file, or the config that the engine hands over, to settings, with every mistake told at once."""
