#!/usr/bin/env bash
# pjsip prints a message that it has parsed with Content-Type and Content-Length twice.
#
# One would expect that parse and print of a good message give one Content-Length. pjsip keeps both headers in the list that
# it has parsed and makes them once more from the body, so a proxy that forwards what pjsip prints sends two of each, the
# second with other spacing. RFC 3261 20.14 knows one; receivers answer 400 or take either.
#
# Seen on 30 November 2026 with pjsua2-python 2.15.1.post1 (pjsip 2.15.1). In this project: sipedge/proxy forwards the lines
# that came and edits the few that RFC 3261 16.6 names; pjsip gets the header section only (docs/pjsip.md).
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install -q pjsua2-python==2.15.1.post1 cffi==2.1.1

cat > parse_and_print.py <<'PY'
"""Parses one MESSAGE with pjsip and prints what pjsip makes of it."""
import os
import cffi
from pjsua2 import _pjsua2
ffi = cffi.FFI()
ffi.cdef("""
extern const char pj_pool_factory_default_policy[];
int pj_init(void);
int pjlib_util_init(void);
void pj_log_set_level(int);
void pj_caching_pool_init(void *, const void *, size_t);
void *pj_pool_create(void *, const char *, size_t, size_t, void *);
int pjsip_endpt_create(void *, const char *, void **);
void *pjsip_parse_msg(void *, char *, size_t, void *);
long pjsip_msg_print(void *, char *, size_t);
""")
lib = ffi.dlopen(_pjsua2.__file__)
lib.pj_log_set_level(0)
assert lib.pj_init() == 0 == lib.pjlib_util_init()
factory, endpoint = ffi.new("char[]", 8192), ffi.new("void **")
lib.pj_caching_pool_init(factory, ffi.addressof(lib, "pj_pool_factory_default_policy"), 0)
assert lib.pjsip_endpt_create(factory, b"endpoint", endpoint) == 0
text = b"\r\n".join([
    b"MESSAGE sip:bob@example.com SIP/2.0", b"Via: SIP/2.0/TLS a.example.org;branch=z9hG4bK1", b"Max-Forwards: 70",
    b"From: <sip:alice@example.org>;tag=1", b"To: <sip:bob@example.com>", b"Call-ID: 1", b"CSeq: 1 MESSAGE",
    b"Content-Type: text/plain", b"Content-Length: 5", b"", b"hello"])
received, printed = ffi.new("char[]", text), ffi.new("char[]", 4096)
pool = lib.pj_pool_create(factory, b"pool", 65536, 65536, ffi.NULL)
size = lib.pjsip_msg_print(lib.pjsip_parse_msg(pool, received, len(text), ffi.NULL), printed, 4096)
print(ffi.buffer(printed, size)[:].decode(), flush=True)
os._exit(0)
PY
venv/bin/python parse_and_print.py | tr -d '\r' > printed.txt
cat printed.txt
echo
types=$(grep -c '^Content-Type:' printed.txt) lengths=$(grep -c '^Content-Length:' printed.txt)
echo "Content-Type: $types times, Content-Length: $lengths times"
[ "$types" = 2 ] && [ "$lengths" = 2 ]
