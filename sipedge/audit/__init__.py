"""Who did what from where: a log that only grows, of which a changed line is noticed."""
