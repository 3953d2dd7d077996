"""The console: web pages and an API beside a running edge, a process of its own."""
