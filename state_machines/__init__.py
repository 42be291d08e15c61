"""States, triggers and transition tables on `transitions`, with their checks and diagrams. Pure."""
