"""The subject of a letter: the act, the earliest day, and how many lines there are."""

from collections.abc import Callable
from datetime import date

from notifications.catalogue import Parameter, has_sentence, translate
from notifications.letter import Letter, Line, LineKind

LONGEST_SUBJECT = 120
"""Characters; beyond this the name of the subject matter is shortened, never act, count or day."""

SHORTEST_ABOUT = 12
"""Characters of the name of the subject matter that always stay."""


def subject_of(letter: Letter) -> str:
    """Return the subject: of one line its act and day, of several also their number and the earliest day."""
    first = _earliest(letter)
    if len(letter.lines) == 1:
        manner = "request." if letter.to_superior and first.is_task else ""
        code, params = f"mail.subject.{manner}{_dating(letter, first)}", {}
    else:
        code, params = f"mail.subjects.{_dating(letter, first)}", {"counted": counted(letter)}
    params |= {} if first.last_day is None else {"last_on": first.last_day.isoformat()}
    params |= {} if first.happened_on is None else {"happened_on": first.happened_on.isoformat()}

    act = headline(letter, first)

    def with_about(about: str) -> str:
        what = f"{act}: {about}" if about else act
        return translate(letter.language, code, {**params, "what": what})

    return _shortened(with_about, "" if first.about in act else first.about)


def headline(letter: Letter, line: Line) -> str:
    """Return what the line is about in a few words: the act, or the short form of the news."""
    code = line.act.code
    short = f"{code}.short"
    if line.kind is LineKind.NEWS and has_sentence(short):
        code = short
    return translate(letter.language, code, line.act.params)


def counted(letter: Letter) -> str:
    """Return the number of lines in words: things to do, things that others owe, news, or a mixture."""
    params: dict[str, Parameter] = {"count": len(letter.lines)}
    return translate(letter.language, f"mail.counted.{_counted_kind(letter)}", params)


def _counted_kind(letter: Letter) -> str:
    tasks = sum(line.is_task for line in letter.lines)
    if tasks == 0:
        return "news"
    if tasks < len(letter.lines):
        return "mixed"
    if letter.to_superior:
        return "requests"
    return "escalations" if only_escalations(letter) else "tasks"


def only_escalations(letter: Letter) -> bool:
    """Tell whether everything in the letter is what others have not done."""
    return all(line.kind is LineKind.ESCALATION for line in letter.lines)


def _earliest(letter: Letter) -> Line:
    """Return the line with the earliest day: what is owed goes before news; of equals the one told first."""
    lines = letter.lines_in_reading_order()
    owed = [line for line in lines if line.is_task]
    return min(owed or lines, key=lambda line: line.day or date.max)


def _dating(letter: Letter, line: Line) -> str:
    if line.last_day is None:
        return "undated" if line.happened_on is None else "event"
    if line.is_overdue(letter.local_date):
        return "overdue"
    return "expected" if line.expected else "due"


def _shortened(with_about: Callable[[str], str], about: str) -> str:
    subject = with_about(about)
    excess = len(subject) - LONGEST_SUBJECT
    if excess <= 0 or len(about) <= SHORTEST_ABOUT:
        return subject
    kept = max(SHORTEST_ABOUT, len(about) - excess) - 1
    return with_about(about[:kept].rstrip(" –-,;(") + "…")
