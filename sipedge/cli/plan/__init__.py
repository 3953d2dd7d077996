"""Commands about plans and configurations."""
