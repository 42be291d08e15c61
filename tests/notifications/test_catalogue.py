"""Both languages can say every code, with the same parameters, and never show a hole."""

import re
import unicodedata
from datetime import UTC, date, datetime
from importlib.resources import files
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

from notifications.catalogue import (
    Language,
    Parameter,
    UnknownCodeError,
    UnusableParameterError,
    _Shown,
    has_sentence,
    show_date,
    show_instant,
    show_weekday,
    translate,
)
from notifications.letter import LineKind
from state_machines.dossier import DossierStatus
from state_machines.report import ReportStatus

PLACEHOLDER = re.compile(r"%\((\w+)\)s")
QUOTED_CODE = re.compile(r"""["']((?:mail|due|why|act|news|state|reason|report)\.[a-z_.]+)["']""")
DATING = ("due", "expected", "overdue", "event", "undated")

PROMISED: dict[str, set[str]] = {
    "due.before": {"last_on"},
    "due.by_day": {"last_on"},
    "due.by_month": {"month", "last_on"},
    "due.by_quarter": {"quarter", "last_on"},
    "due.by_year": {"year", "last_on"},
    "due.window": {"last_on"},
    "due.year_end": {"last_on"},
    "due.expected": {"last_on"},
    "due.within_working_days": {"count", "anchor", "start_on", "last_on", "skipped"},
    "due.within_days": {"count", "anchor", "start_on", "last_on"},
    "due.within_months": {"count", "anchor", "start_on", "last_on"},
    "due.cut_off": {"cut_off_on", "count", "last_on"},
    "due.report_before_day": {"day", "last_on"},
    "due.rolled": {"from_on", "last_on"},
    "due.office_delay": {"from_on", "count", "last_on"},
    "due.next_batch": {"from_on", "requested_on", "last_on"},
    "due.chosen": {"last_on"},
    "due.none": set(),
    "due.ongoing": set(),
    "why.by_month": {"month"},
    "why.by_quarter": {"quarter"},
    "why.by_year": {"year"},
    "why.within_working_days": {"count", "anchor"},
    "why.within_days": {"count", "anchor"},
    "why.within_months": {"count", "anchor"},
    "why.cut_off": {"count"},
    "why.office_delay": {"count"},
    "why.chosen": set(),
    "why.report_before_day": {"day"},
    **{f"act.{name}": {"stage"} for name in ("submission", "receipt", "decision", "completion")},
    "act.report": {"report", "period"},
    "act.task": {"title"},
    "news.submitted": {"stage"},
    "news.received": {"stage", "number"},
    "news.returned": {"stage", "items"},
    "news.advanced": {"stage", "next_stage"},
    "news.recognised": {"stars"},
    "news.rated_uncertified": {"stars", "least"},
    "news.not_passed": {"stage", "because"},
    "news.rejected": {"ground"},
    "news.withdrawn": {"because"},
    "news.lapsed": {"ground", "office"},
    "news.extended": {"stage", "last_on"},
    "news.report_extended": {"report", "period", "last_on"},
    "news.redated": {"what", "last_on"},
    "news.link": set(),
    "news.report_returned": set(),
}
"""What the other packages may say, with the parameters that they give."""

REASONS = (
    "overtaken", "settled", "useless", "merged", "no_recipient", "no_address", "redated", "withdrawn",
    "dropped", "handed_on",
)  # fmt: skip


def catalogue(language: Language) -> Catalog:
    with files("notifications").joinpath("locale", f"{language}.po").open("rb") as source:
        return read_po(source, locale=language.value, abort_invalid=True)


def forms(language: Language) -> dict[str, tuple[str, ...]]:
    """Return every form of every sentence, by code."""
    return {
        (entry.id if isinstance(entry.id, str) else entry.id[0]): (
            (entry.string,) if isinstance(entry.string, str) else tuple(entry.string or ())
        )
        for entry in catalogue(language)
        if entry.id
    }


def test_catalogues_have_the_same_codes() -> None:
    assert forms(Language.VI).keys() == forms(Language.EN).keys()


def test_catalogues_count_the_same_sentences() -> None:
    counted = [{entry.id[0] for entry in catalogue(language) if entry.pluralizable} for language in Language]

    assert counted[0] == counted[1]
    assert "mail.counted.tasks" in counted[0]


@pytest.mark.parametrize("language", Language)
def test_catalogue_holds_no_code_twice(language: Language) -> None:
    text = files("notifications").joinpath("locale", f"{language}.po").read_text(encoding="utf-8")
    codes = re.findall(r'^msgid "(.+)"$', text, flags=re.MULTILINE)

    assert len(codes) == len(set(codes))


def test_catalogues_name_the_same_placeholders_in_every_form() -> None:
    english = forms(Language.EN)

    for code, vietnamese in forms(Language.VI).items():
        named = {frozenset(PLACEHOLDER.findall(form)) for form in (*vietnamese, *english[code])}
        # A form for one thing only may say it in words, so it may leave the number out.
        assert len({names - {"count"} for names in named}) == 1, code


@pytest.mark.parametrize("language", Language)
def test_catalogue_is_complete_and_in_nfc(language: Language) -> None:
    entries = catalogue(language)

    assert [entry.id for entry in entries if entry.fuzzy and entry.id] == []
    assert list(entries.obsolete) == []
    for code, sentences in forms(language).items():
        for sentence in sentences:
            assert sentence.strip() == sentence != "", code
            assert unicodedata.is_normalized("NFC", sentence), code
            assert "%" not in PLACEHOLDER.sub("", sentence), code


@pytest.mark.parametrize(("code", "params"), PROMISED.items())
def test_catalogue_says_what_others_were_promised(code: str, params: set[str]) -> None:
    for language in Language:
        named = {name for form in forms(language)[code] for name in PLACEHOLDER.findall(form)}

        assert named == params


def test_every_explanation_has_a_variant_without_date() -> None:
    codes = forms(Language.VI)
    dated = {code.removeprefix("due.") for code in codes if code.startswith("due.")}
    undated = {code.removeprefix("why.") for code in codes if code.startswith("why.")}

    assert undated == dated - {"rolled"}  # said beside another explanation, on pages only
    for name in undated:
        for form in codes[f"why.{name}"]:
            assert not any(param.endswith(("_on", "_at")) for param in PLACEHOLDER.findall(form)), name


def test_every_news_has_a_short_form_for_subjects() -> None:
    news = {code for code in forms(Language.VI) if re.fullmatch(r"news\.[a-z_]+", code)}

    assert {code for code in news if not has_sentence(f"{code}.short")} == set()


def test_every_code_that_the_package_uses_exists() -> None:
    root = Path(str(files("notifications")))
    sources = [*root.glob("*.py"), *root.glob("templates/*")]
    quoted = {code for path in sources for code in QUOTED_CODE.findall(path.read_text(encoding="utf-8"))}
    built = {
        *(f"mail.label.{kind}" for kind in (*LineKind, "request", "report")),
        *(f"mail.{subject}.{dating}" for subject in ("subject", "subjects") for dating in DATING),
        *(f"mail.subject.request.{dating}" for dating in DATING if dating != "event"),
        *(f"mail.counted.{kind}" for kind in ("tasks", "escalations", "requests", "news", "mixed")),
    }

    assert {"mail.greeting", "mail.owed_by", "mail.last_day.expected"} <= quoted
    assert {code for code in quoted | built if not has_sentence(code)} == set()


def test_every_state_and_reason_can_be_said() -> None:
    codes = {
        *(f"state.{status}" for status in DossierStatus),
        *(f"report.{state}" for state in ReportStatus),
        *(f"reason.{reason}" for reason in REASONS),
    }

    assert {code for code in codes if not has_sentence(code)} == set()


def test_translate_shows_a_day_alike_in_both_languages() -> None:
    params = {"last_on": "2018-03-05"}

    assert translate(Language.VI, "due.by_day", params) == "Kế hoạch ghi đến hết ngày 05/03/2018."
    assert translate(Language.EN, "due.by_day", params) == "The plan says until the end of 05/03/2018."


def test_translate_takes_the_title_of_its_language_in_lower_case_inside_a_sentence() -> None:
    params = {"stage": {"vi": "Đăng ký ý tưởng", "en": "Idea registration"}}

    assert translate(Language.VI, "act.submission", params) == "Nộp hồ sơ đăng ký ý tưởng"
    assert translate(Language.EN, "act.submission", params) == "Submit the dossier for idea registration"


def test_translate_keeps_the_capitals_of_an_abbreviation() -> None:
    params = {"stage": {"vi": "OCOP quốc gia", "en": "OCOP national"}}

    assert translate(Language.VI, "act.submission", params) == "Nộp hồ sơ OCOP quốc gia"


@pytest.mark.parametrize(("count", "said"), [(1, "1 thing to do"), (2, "2 things to do"), (21, "21 things to do")])
def test_translate_chooses_the_plural_form_by_count(count: int, said: str) -> None:
    assert translate(Language.EN, "mail.counted.tasks", {"count": count}) == said
    assert translate(Language.VI, "mail.counted.tasks", {"count": count}) == f"{count} việc cần làm"


def test_translate_brings_parameters_to_nfc() -> None:
    title = unicodedata.normalize("NFD", "Đánh giá cấp huyện")

    said = translate(Language.VI, "act.step", {"title": title})

    assert said == "Đánh giá cấp huyện"
    assert said != title


def test_translate_puts_a_percent_sign_in_as_it_is() -> None:
    assert translate(Language.EN, "act.step", {"title": "100 % of %(managers)s"}) == "100 % of %(managers)s"


def test_translate_refuses_an_unknown_code() -> None:
    with pytest.raises(UnknownCodeError, match=r"no sentence for the code mail\.nothing") as caught:
        translate(Language.VI, "mail.nothing")

    assert caught.value.code == "mail.nothing"


@pytest.mark.parametrize("code", ["", "gettext", "mail"])
def test_translate_never_shows_the_header_or_a_code(code: str) -> None:
    with pytest.raises(UnknownCodeError):
        translate(Language.EN, code)


def test_error_for_an_unknown_code_stays_short() -> None:
    assert "x" * 81 not in str(UnknownCodeError("x" * 500))


@pytest.mark.parametrize(
    ("code", "params", "name"),
    [
        ("due.by_day", {}, "last_on"),
        ("due.by_day", {"last_on": "31/03/2018"}, "last_on"),
        ("due.by_day", {"last_on": "2018-02-30"}, "last_on"),
        ("mail.counted.tasks", {}, "count"),
        ("mail.counted.tasks", {"count": "three"}, "count"),
        ("act.submission", {"stage": {"vi": "Ý tưởng"}}, "stage"),
        ("act.submission", {"stage": {"vi": "Ý tưởng", "en": ""}}, "stage"),
    ],
)
def test_translate_refuses_a_parameter_that_it_cannot_show(code: str, params: dict[str, Parameter], name: str) -> None:
    with pytest.raises(UnusableParameterError, match=f"parameter {name}") as caught:
        translate(Language.EN, code, params)

    assert (caught.value.code, caught.value.name) == (code, name)


def test_translate_ignores_parameters_that_are_not_named() -> None:
    assert translate(Language.EN, "due.none", {"month": "6/2020"}) == "The plan sets no date."


def test_show_date_writes_four_digits_of_the_year() -> None:
    assert (show_date(date(2018, 3, 5)), show_date(date(987, 12, 31))) == ("05/03/2018", "31/12/0987")


def test_show_weekday_speaks_the_language() -> None:
    saturday = date(2018, 3, 31)

    assert show_weekday(Language.VI, saturday) == "Thứ Bảy"
    assert show_weekday(Language.EN, saturday) == "Saturday"


def test_show_instant_speaks_the_time_of_the_office() -> None:
    assert show_instant(datetime(2018, 3, 30, 17, 30, tzinfo=UTC)) == "00:30 31/03/2018"


@pytest.mark.parametrize("written", ["2018-03-30T17:30:00+00:00", "2018-03-31T00:30:00+07:00", "2018-03-30T17:30Z"])
def test_parameter_that_ends_in_at_is_shown_in_the_zone_of_the_office(written: str) -> None:
    """No sentence names an instant yet; the rule stands for the one that will."""
    template = "%(sent_at)s"

    assert template % _Shown(Language.VI, "any", template, {"sent_at": written}) == "00:30 31/03/2018"


@pytest.mark.parametrize("written", ["2018-03-30T17:30:00", "2018-03-30", "half past five"])
def test_parameter_that_ends_in_at_needs_an_offset(written: str) -> None:
    shown = _Shown(Language.VI, "any", "%(sent_at)s", {"sent_at": written})

    with pytest.raises(UnusableParameterError, match="ISO instant with offset"):
        shown["sent_at"]


def test_title_of_a_stage_keeps_its_capital_where_the_sentence_begins() -> None:
    stage = {"vi": "Đăng ký ý tưởng", "en": "Idea registration"}

    def shown(template: str) -> str:
        return template % _Shown(Language.VI, "any", template, {"stage": stage, "title": stage})

    assert shown("%(stage)s xong") == "Đăng ký ý tưởng xong"
    assert shown("Xong %(stage)s") == "Xong đăng ký ý tưởng"
    assert shown("Xong %(title)s") == "Xong Đăng ký ý tưởng"
