#!/usr/bin/env bash
# re2.Filter, made for many patterns, cannot be compiled from 7,000 short ones, and no option of a pattern changes that.
#
# One would expect a filter over required strings to grow with the patterns, or to obey max_mem. Its set of strings is
# compiled with a limit of its own that the Python module does not show: 6,000 patterns ".*@domainN\.example\.com" compile
# and answer right, 7,000 end in "failed to compile Filter", with a gigabyte allowed to each pattern too. A dial plan of an
# organisation with that many partners would pass every test with a hundred.
#
# Seen on 30 November 2026 with google-re2 1.1.20251105. In this project: dialplan looks patterns up by required strings in an
# Aho-Corasick automaton (pyahocorasick); RE2 confirms one pattern at a time.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install -q google-re2==1.1.20251105

cat > filters.py <<'PY'
"""Prints which of three numbers of patterns can be compiled and finds its seventh."""
import re2

options = re2.Options()
options.max_mem = 1 << 30
for count in (1000, 6000, 7000):
    patterns = re2.Filter()
    for number in range(count):
        patterns.Add(rf".*@domain{number}\.example\.com", options)
    try:
        patterns.Compile()
        print(count, patterns.Match("bob@domain7.example.com", True) == [7])
    except re2.error as error:
        print(count, error)
PY
venv/bin/python filters.py | tee seen.txt
cmp -s seen.txt - <<'SEEN'
1000 True
6000 True
7000 failed to compile Filter
SEEN
