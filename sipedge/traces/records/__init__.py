"""What every reader of traces yields, and what they all stand on."""
