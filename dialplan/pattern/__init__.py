"""One alias against one pattern, in linear time, and what a replace makes of it. Pure."""
