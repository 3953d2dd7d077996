"""The native half of sipedge. Where it cannot be compiled all is installed without it: everything works, slower."""

import sys
from pathlib import Path

from setuptools import Extension, setup

ROOT = Path(__file__).resolve().parent
sys.path.insert(0, str(ROOT))  # the backend of a build does not

from sipedge.pjsip.native import sources  # noqa: E402

HARDENED = ["-std=c11", "-O2", "-fstack-protector-strong", "-D_FORTIFY_SOURCE=2", "-Wall", "-Wextra"]
DECLARATIONS = sources.READ[0].read_text("ascii")

setup(
    ext_modules=[
        Extension(
            "sipedge.pjsip.native._sequences",
            sources=[str(path.relative_to(ROOT)) for path in sources.COMPILED],
            depends=[str(path.relative_to(ROOT)) for path in sources.READ],
            define_macros=[("SIPEDGE_SOURCES", f'"{sources.digest(DECLARATIONS)}"')],
            extra_compile_args=HARDENED,
            py_limited_api=True,
            optional=True,
        )
    ],
    options={"bdist_wheel": {"py_limited_api": "cp311"}},
)
