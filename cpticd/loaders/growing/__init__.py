"""Data sets on disk that grow: what was read, by content; a state for readers, and the next one beside it."""
