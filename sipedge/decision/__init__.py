"""What an edge decides about one request from the request alone; edge, replay and queries all ask here. Pure."""
