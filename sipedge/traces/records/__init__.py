"""The items that all readers of traces yield, and the parts that all of them use."""
