"""What is kept of a request that went on without the core: a list, made in C; its items by their places.

An entry of the history is made of it when somebody asks (proxy/history.py).
"""

from __future__ import annotations

from typing import Any

WAY, HOPS, OPENED, HEAD, TIME, BEGUN, STATUS, REASON, ENDED, ENTRY = range(10)
"""Its way; the hops to be tried, of which it went to the first one; its connection's ``ConnectionOpened``; its header
section; when it came, in seconds since 1970 and by a clock that never goes back; of its answer status and reason
phrase, and when it came; its entry. None: not yet."""

Record = list[Any]
