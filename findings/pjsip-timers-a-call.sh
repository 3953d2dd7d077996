#!/usr/bin/env bash
# One call of pjsip's event handling fires ten timers, however many are due.
#
# One would expect pjsip_endpt_handle_events to do all that is due, as its name and its loop in every example suggest. It
# fires ten and returns, without a word that more wait. Each transaction that ends on TLS or TCP leaves by a timer of its
# own, so an application that calls it once for each batch of input falls behind and grows: nothing fails, memory does.
#
# Seen on 30 November 2026 with pjsua2-python 2.15.1.post1 (pjsip 2.15.1). In this project: sipedge/pjsip/endpoint.py polls
# the timer heap until nothing fires.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install -q pjsua2-python==2.15.1.post1 cffi==2.1.1

cat > due.py <<'PY'
"""Starts 200 timers that are due at once; prints how many have fired after each of four calls."""
import os
import time
import cffi
from pjsua2 import _pjsua2
ffi = cffi.FFI()
ffi.cdef("""
typedef struct { long sec, msec; } pj_time_val;
typedef struct { char room[256]; } entry;
extern const char pj_pool_factory_default_policy[];
int pj_init(void);
int pjlib_util_init(void);
void pj_log_set_level(int);
void pj_caching_pool_init(void *, const void *, size_t);
int pjsip_endpt_create(void *, const char *, void **);
void *pjsip_endpt_get_timer_heap(void *);
void pj_timer_entry_init(void *, int, void *, void (*)(void *, void *));
int pj_timer_heap_schedule_dbg(void *, void *, const pj_time_val *, const char *, int);
int pjsip_endpt_handle_events2(void *, const pj_time_val *, unsigned *);
""")
lib = ffi.dlopen(_pjsua2.__file__)
lib.pj_log_set_level(0)
assert lib.pj_init() == 0 == lib.pjlib_util_init()
factory, endpoint, fired = ffi.new("char[]", 8192), ffi.new("void **"), []
lib.pj_caching_pool_init(factory, ffi.addressof(lib, "pj_pool_factory_default_policy"), 0)
assert lib.pjsip_endpt_create(factory, b"endpoint", endpoint) == 0
when = ffi.callback("void(void *, void *)", lambda heap, timer: fired.append(timer))
now, timers = ffi.new("pj_time_val *", (0, 0)), [ffi.new("entry *") for _ in range(200)]
for timer in timers:
    lib.pj_timer_entry_init(timer, 0, ffi.NULL, when)
    assert lib.pj_timer_heap_schedule_dbg(lib.pjsip_endpt_get_timer_heap(endpoint[0]), timer, now, b"", 0) == 0
time.sleep(0.05)
after = []
for _ in range(4):
    lib.pjsip_endpt_handle_events2(endpoint[0], now, ffi.NULL)
    after.append(len(fired))
print(*after, flush=True)
os._exit(0)
PY
fired=$(venv/bin/python due.py)
echo "200 timers due; fired after one, two, three, four calls: $fired"
[ "$fired" = "10 20 30 40" ]
