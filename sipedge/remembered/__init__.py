"""What was decided about requests like this one, and what "like this one" means. See docs/architecture.md."""
