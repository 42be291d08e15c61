"""The body of a letter as plain text and as HTML, from one list of things said."""

from dataclasses import dataclass
from functools import cache, partial

import css_inline
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from notifications.catalogue import Parameter, show_weekday, translate
from notifications.letter import Letter, Line, LineKind
from notifications.subject import counted, headline, only_escalations


@dataclass(frozen=True, slots=True)
class Paragraph:
    """One line of the letter, every part of it said in the letter's language; an empty part is left out."""

    number: int
    label: str
    is_overdue: bool
    headline: str
    about: str
    day: str
    details: tuple[str, ...]
    owed_by: str
    lapses: str
    why: str
    url: str
    link_label: str

    @property
    def parts(self) -> tuple[str, ...]:
        """Return everything under the headline, in the order of reading, without what is empty."""
        parts = (self.about, self.owed_by, self.day, *self.details, self.lapses, self.why)
        return tuple(part for part in parts if part)


def text_and_html(letter: Letter) -> tuple[str, str]:
    """Return the plain text, which alone says everything, and the HTML.

    The HTML is one column, its styles in the elements, nothing fetched from elsewhere.
    """
    said = {
        "letter": letter,
        "say": partial(translate, letter.language),
        "intro": _intro(letter),
        "has_links": any(line.url for line in letter.lines),
        "paragraphs": [
            _paragraph(letter, number, line) for number, line in enumerate(letter.lines_in_reading_order(), start=1)
        ],
    }
    text = _templates().get_template("letter.txt.jinja").render(said)
    html = _templates().get_template("letter.html.jinja").render(said)
    return text, _inliner().inline(html)


@cache
def _templates() -> Environment:
    return Environment(
        loader=PackageLoader("notifications"),
        autoescape=select_autoescape(enabled_extensions=("html.jinja",), default=False),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        auto_reload=False,  # else each use asks the disk whether the template has changed
    )


@cache
def _inliner() -> css_inline.CSSInliner:
    # The media query can't be inlined, so its style element stays; nothing may be fetched while composing.
    return css_inline.CSSInliner(keep_style_tags=True, keep_at_rules=True, load_remote_stylesheets=False)


def _intro(letter: Letter) -> str:
    """Return the opening sentence; to those above the office it asks and reports, and never tells them to do."""
    params: dict[str, Parameter] = {
        "office": letter.office_name,
        "counted": counted(letter),
        "count": len(letter.lines),
    }
    code = "mail.intro"
    if letter.to_superior and any(line.is_task for line in letter.lines):
        code = "mail.intro.report" if only_escalations(letter) else "mail.intro.request"
    return translate(letter.language, code, params)


def _label(letter: Letter, line: Line) -> str:
    """Return the code of what kind of line this is."""
    if not line.is_task:
        return "mail.label.news"
    is_escalation = line.kind is LineKind.ESCALATION
    if letter.to_superior:
        return "mail.label.report" if is_escalation else "mail.label.request"
    if is_escalation:
        return "mail.label.escalation"
    return "mail.label.overdue" if line.is_overdue(letter.local_date) else "mail.label.reminder"


def _paragraph(letter: Letter, number: int, line: Line) -> Paragraph:
    say = partial(translate, letter.language)
    is_overdue = line.is_overdue(letter.local_date)
    shown_headline = headline(letter, line)
    sentences = (say(wording.code, wording.params) for wording in (line.act, *line.details))
    lapses = "" if line.lapses_on is None else say("mail.lapses", {"last_on": line.lapses_on.isoformat()})
    return Paragraph(
        number=number,
        label=say(_label(letter, line)),
        is_overdue=is_overdue,
        headline=shown_headline,
        about="" if line.about in shown_headline else line.about,
        day=_day(letter, line, is_overdue=is_overdue),
        details=tuple(sentence for sentence in sentences if sentence != shown_headline),
        owed_by="" if line.owed_by is None else say("mail.owed_by", {"party": line.owed_by}),
        lapses=lapses,
        why="" if line.why is None else say("mail.why", {"why": say(line.why.code, line.why.params)}),
        url=line.url or "",
        link_label=say(line.link_code or ("mail.open.task" if line.is_task else "mail.open.news")),
    )


def _day(letter: Letter, line: Line, *, is_overdue: bool) -> str:
    if line.day is None:
        return ""
    weekday = show_weekday(letter.language, line.day)
    if line.last_day is None:
        code, name = "mail.happened", "happened_on"
    else:
        code = "mail.last_day.overdue" if is_overdue else "mail.last_day.expected" if line.expected else "mail.last_day"
        name = "last_on"
    return translate(letter.language, code, {"weekday": weekday, name: line.day.isoformat()})
