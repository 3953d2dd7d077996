"""The pictures of the documents, made again from the lab."""
