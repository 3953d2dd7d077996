"""People behind pseudonyms: where in a decision somebody is named, and what is shown there instead."""
