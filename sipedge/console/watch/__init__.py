"""What the console keeps while nobody looks: decisions, plans of former revisions, alarms, events."""
