"""The text of a dial plan and the plan itself, in both directions, and one block changed in the text. Pure."""
