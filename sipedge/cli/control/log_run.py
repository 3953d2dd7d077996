"""Lines of the log of a running edge."""

from __future__ import annotations

from dataclasses import dataclass

import click

from sipedge.cli.printing import print_json
from sipedge.control.answers import Done
from sipedge.control.requests import Log
from sipedge.control.times import moment
from sipedge.control.values import LogLineJson
from sipedge.printable import escaped

from .asking import connection, refusals


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    config: str
    level: str
    text: str
    last: int | None
    follow: bool
    as_json: bool


def run(options: Options) -> int:
    """The exit status: 1 where nothing fits."""
    request, found = Log(options.level, options.text, options.last or 0, options.follow), False
    with refusals(options.as_json), connection(options.config, None) as asking:
        for answer in asking.ask(request):
            if isinstance(answer, Done):
                break
            found = True
            if options.as_json:
                print_json(answer.value)
            else:
                click.echo(_shown(answer.value))
    return 0 if found else 1


def _shown(line: LogLineJson) -> str:
    """A traceback keeps its lines."""
    first, *others = line["text"].split("\n")
    head = f"{moment(line['time'])} {line['level'].upper()} {line['source']}: {first}"
    return "\n".join(map(escaped, [head, *others]))
