"""The short way in C: requests whose way is remembered go on without the interpreter. See docs/native.md."""
