"""One HAProxy run by the edge: generated configuration, one master process, questions on its socket."""
