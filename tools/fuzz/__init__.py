"""Search for inputs that the edge does not stand: properties at random, a live edge, readers by coverage."""
