"""Texts of random plans with comments and blanks in all places where they may be, and random rules."""

from __future__ import annotations

from hypothesis import strategies as st

from dialplan.language.spelling import quoted
from dialplan.model import Behavior, Mode, OnMatch, PatternType, Protocol, SearchRule, SourceMode, TrafficType

TEXT = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Zl", "Zp", "Zs")) | st.just(" "), max_size=20)
COMMENT = st.sampled_from(
    ["", "", " ", "\n", "\n\n", "# note\n", " # a # b\n", "\n# own line\n", "#\n", "\n\n# x\n\n# y\n"]
)
SPACE = st.sampled_from([" ", "  ", "\t"])
WORDS = {
    "priority": ["1", "007", "65534"],
    "protocol": ["SIP", "any", "h.323"],
    "traffic type": ["any", "MS IM&P", "Microsoft  SIP", "standards-based"],
    "source": ["any", "all zones", 'zone "Y"'],
    "authenticated": ["yes", "NO"],
    "on successful match": ["stop", "Continue"],
    "state": ["enabled", "disabled"],
}


@st.composite
def plan_texts(draw: st.DrawFn) -> str:
    """A plan with comments and blanks in all places where they may be."""
    text = draw(COMMENT)
    for number in range(draw(st.integers(0, 3))):
        name = quoted(draw(TEXT).strip()[:40] + f" {number}")
        text += f"{draw(st.sampled_from(['search rule', 'SEARCH  Rule']))}{draw(COMMENT)}{name}{draw(COMMENT)}{{"
        fields = [f"target{draw(SPACE)}zone {quoted('Z' + draw(TEXT))}", f"description {quoted(draw(TEXT))}"]
        chosen = draw(st.lists(st.sampled_from(sorted(WORDS)), unique=True))
        fields += [f"{one}{draw(SPACE)}{draw(st.sampled_from(WORDS[one]))}" for one in chosen]
        for field in draw(st.permutations(fields)):
            text += draw(COMMENT) + "\n" + field + draw(st.sampled_from(["\n", " # behind\n", "#\n"]))
        text += draw(COMMENT) + "}" + draw(COMMENT)
    return text


def comments_in(text: str) -> list[str]:
    """Outside of quotes, which these plans close on their line."""
    found = []
    for line in text.split("\n"):
        parts = line.split('"')
        outside = next((i for i in range(0, len(parts), 2) if "#" in parts[i]), None)
        if outside is not None:
            rest = '"'.join([parts[outside][parts[outside].index("#") :], *parts[outside + 1 :]])
            found.append(rest.strip())
    return found


NAMES = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Zl", "Zp", "Zs")), min_size=1, max_size=20)
RULES = st.builds(
    SearchRule,
    name=NAMES,
    description=TEXT,
    priority=st.integers(1, 65534),
    protocol=st.sampled_from(Protocol),
    traffic_type=st.sampled_from(TrafficType),
    source=st.sampled_from([SourceMode.ANY, SourceMode.ALL_ZONES, SourceMode.LOCAL_ZONE]),
    authenticated=st.booleans(),
    mode=st.sampled_from(Mode),
    pattern_type=st.sampled_from([PatternType.PREFIX, PatternType.SUFFIX]),
    pattern=st.just('a"b'),
    behavior=st.sampled_from([Behavior.STRIP, Behavior.LEAVE, Behavior.REPLACE]),
    replace=st.sampled_from(["", "x"]),
    on_match=st.sampled_from(OnMatch),
    target=NAMES,
    enabled=st.booleans(),
)
