"""What a running edge can be asked, and how it answers: words and lines, no sockets."""
