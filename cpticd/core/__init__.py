"""What everything else stands on: errors, tables, the engine, sessions, selections, measures, the store."""
