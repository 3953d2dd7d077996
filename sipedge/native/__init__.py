"""Parts of sipedge that exist in C, too: see docs/native.md."""
