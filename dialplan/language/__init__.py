"""The text of a dial plan and the plan itself, in both directions. Pure."""
