"""Which tests ``make check`` runs after an edit, on trees made here and on the project itself."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.paths import ROOT

from tools.affected import Passed, Tree

FILES = {
    "sipedge/__init__.py": "",
    "sipedge/ground.py": "X = 1\n",
    "sipedge/room/__init__.py": "",
    "sipedge/room/one.py": "from ..ground import X\n",
    "sipedge/room/two.py": "def later():\n    from . import (\n        three,\n    )\n",
    "sipedge/room/three.py": "",
    "sipedge/maker.py": "import sys\nPYTHON = sys.executable\n",
    "tests/support/helper.py": "import sipedge.room.two\n",
    "tests/test_one.py": "from sipedge.room import one\n",
    "tests/test_two.py": "from support.helper import x\n",
    "tests/test_all.py": "import sipedge.maker\n",
    "tests/test_pages.py": "PAGE = 'docs/page.md'\n",
    "tests/room/conftest.py": "from sipedge.room import one\n",
    "tests/room/test_fixture.py": "",
    "docs/page.md": "",
    "pyproject.toml": "",
}
TESTS = sorted(name for name in FILES if "/test_" in name)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


@pytest.mark.parametrize(
    ("edited", "affected"),
    [
        ("sipedge/ground.py", ["room/test_fixture", "test_all", "test_one"]),
        ("sipedge/room/one.py", ["room/test_fixture", "test_all", "test_one"]),
        ("sipedge/room/three.py", ["test_all", "test_two"]),
        ("sipedge/room/__init__.py", ["room/test_fixture", "test_all", "test_one", "test_two"]),
        ("tests/support/helper.py", ["test_all", "test_two"]),
        ("tests/test_one.py", ["test_all", "test_one"]),
        ("docs/page.md", ["test_pages"]),
        ("pyproject.toml", ["room/test_fixture", "test_all", "test_one", "test_pages", "test_two"]),
    ],
)
def test_an_edit_affects_what_reaches_it(root: Path, edited: str, affected: list[str]) -> None:
    before = {test: Tree(root).digest(test) for test in TESTS}
    (root / edited).write_text(FILES[edited] + "\n# edited\n")
    after = Tree(root)
    changed = [test for test in TESTS if after.digest(test) != before[test]]
    assert changed == [f"tests/{name}.py" for name in affected]


def test_what_has_passed_is_known_in_the_next_run(tmp_path: Path) -> None:
    file = tmp_path / "folder" / "passed.json"
    assert not Passed(file).has("tests/test_one.py", "1")
    Passed(file).note({"tests/test_one.py": "1"})
    assert Passed(file).has("tests/test_one.py", "1")
    assert not Passed(file).has("tests/test_one.py", "2")
    file.write_text("half a fi")
    assert not Passed(file).has("tests/test_one.py", "1")


def test_the_projects_own_rooms_are_told_apart() -> None:
    tree = Tree(ROOT)
    pattern = tree.reach("tests/dialplan/pattern/test_pattern.py")
    assert "dialplan/pattern/pattern.py" in pattern and not any(name.startswith("sipedge/") for name in pattern)
    assert "sipedge/decision/deciding.py" in tree.reach("tests/sipedge/proxy/test_requests.py")
