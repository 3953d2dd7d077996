"""The native half of sipedge. Where it cannot be compiled all is installed without it: everything works, slower."""

import sys
from pathlib import Path

from setuptools import Extension, setup

ROOT = Path(__file__).resolve().parent
sys.path.insert(0, str(ROOT))  # the backend of a build does not

from sipedge.pjsip.native import sequences  # noqa: E402
from sipedge.remembered.native import ways  # noqa: E402
from sipedge.sip.native import heads  # noqa: E402
from sipedge.traces.capture.native import packets  # noqa: E402

HARDENED = [
    "-std=c11",
    "-O2",
    "-fstack-protector-strong",
    "-fvisibility=hidden",
    "-U_FORTIFY_SOURCE",
    "-D_FORTIFY_SOURCE=2",
    "-Wall",
    "-Wextra",
]
"""Without -Werror: a compiler with new warnings shall not cost anybody the native half. A test has it."""


def part(module: str, compiled: tuple[Path, ...], read: tuple[Path, ...], digest: str) -> Extension:
    return Extension(
        module,
        sources=[str(path.relative_to(ROOT)) for path in compiled],
        depends=[str(path.relative_to(ROOT)) for path in read],
        define_macros=[("SIPEDGE_SOURCES", f'"{digest}"')],
        extra_compile_args=HARDENED,
        py_limited_api=True,
        optional=True,
    )


DECLARATIONS = sequences.READ[0].read_text("ascii")
setup(
    ext_modules=[
        part(sequences.MODULE, sequences.COMPILED, sequences.READ, sequences.digest(DECLARATIONS)),
        part(heads.MODULE, heads.COMPILED, heads.READ, heads.digest()),
        part(ways.MODULE, ways.COMPILED, ways.READ, ways.digest()),
        part(packets.MODULE, packets.COMPILED, packets.READ, packets.digest()),
    ],
    options={"bdist_wheel": {"py_limited_api": "cp311"}},
)
