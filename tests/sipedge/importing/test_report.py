from __future__ import annotations

from dialplan.importers.xconfiguration import Remark, Setting
from sipedge.importing.report import write_report


def test_sections_with_something_to_say() -> None:
    settings = [
        Setting(("A", "B"), "x\x1b", 3),
        Setting(("A", "Password"), "p", 4),
        Setting(("C",), "{cipher}", 5),
        Setting(("Password", "Policy"), "", 6),
    ]
    text = write_report([(2, "rules")], [], [], [Remark(9, "late"), Remark(0, "general")], [], settings)
    assert text.startswith("Taken over\n----------\n2 rules\n\nLook at these\n-------------\ngeneral\nline 9: late\n")
    assert 'line 3: A B: "x\\x1b"\nline 4: A Password: (not shown)\nline 5: C: (not shown)\n' in text
    assert 'line 6: Password Policy: ""' in text
    assert "Not taken over" not in text
