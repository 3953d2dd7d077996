"""pjsip behind one narrow interface: its parser, transaction layer and timers (stack.Stack). See docs/pjsip.md."""
