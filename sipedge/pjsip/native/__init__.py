"""pjsip's call sequences in C, for those who have a compiler or a wheel. See docs/pjsip.md."""
