"""YAML read with the core scalars of YAML 1.2, and the line of everything."""

from pathlib import Path

import pytest
import yaml

from ocop_workflow.config_files import InvalidFilesError, documents, read_document


def document(tmp_path: Path, text: str) -> documents.Document:
    path = tmp_path / "document.yaml"
    path.write_text(text, encoding="utf-8")
    return read_document(path)


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("07:30", "07:30"),
        ("2018-03", "2018-03"),
        ("2018-03-01", "2018-03-01"),
        ("on", "on"),
        ("yes", "yes"),
        ("No", "No"),
        ("1_000", "1_000"),
        ("1:30:00", "1:30:00"),
        (".nan", ".nan"),
        ("'2018'", "2018"),
        ('"true"', "true"),
        ("2018", 2018),
        ("-7", -7),
        ("+1", 1),
        ("0o17", 15),
        ("0x1F", 31),
        ("89.5", 89.5),
        ("1e2", 100.0),
        ("true", True),
        ("False", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("9" * 41, "9" * 41),
    ],
)
def test_read_document_follows_the_core_schema(tmp_path: Path, written: str, value: object) -> None:
    found = document(tmp_path, f"key: {written}\n").data["key"]

    assert found == value
    assert type(found) is type(value)


def test_read_document_reads_alike_without_libyaml(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "a: {b: [1, 07:30, 'x']}\n2018:\n  - on\n"
    fast = document(tmp_path, text)
    monkeypatch.setattr(documents, "_Loader", yaml.SafeLoader)

    slow = document(tmp_path, text)

    assert (slow.data, slow.lines) == (fast.data, fast.lines)


def test_read_document_passes_over_a_byte_order_mark(tmp_path: Path) -> None:
    path = tmp_path / "bom.yaml"
    path.write_bytes(b"\xef\xbb\xbfid: small\n")

    assert read_document(path).data == {"id": "small"}


TEXT = """id: small
years:
  2018:
    rounds:
      - id: r1
        due:
          by: 2018-03
      - id: r2
"""


@pytest.mark.parametrize(
    ("loc", "line"),
    [
        ((), 1),
        (("id",), 1),
        (("years", 2018, "rounds", 0, "id"), 5),
        (("years", 2018, "rounds", 0, "due", "by"), 7),
        (("years", 2018, "rounds", 0, "due", "date", "by", "by"), 7),  # names of forms are passed over
        (("years", 2018, "rounds", 1, "source"), 8),  # missing: its nearest known parent
        (("nothing",), 1),
    ],
)
def test_line_of_gives_the_nearest_known_line(tmp_path: Path, loc: tuple[str | int, ...], line: int) -> None:
    assert document(tmp_path, TEXT).line_of(loc) == line


def test_read_document_names_the_line_of_a_forbidden_character(tmp_path: Path) -> None:
    with pytest.raises(InvalidFilesError) as refusal:
        document(tmp_path, "id: small\nname: a\x07b\n")

    assert refusal.value.faults[0].sentence.startswith("the file is not valid YAML (")


def test_read_document_shows_at_most_eighty_characters_of_a_value(tmp_path: Path) -> None:
    long = "k" * 300

    with pytest.raises(InvalidFilesError) as refusal:
        document(tmp_path, f"{long}: 1\n{long}: 2\n")

    assert "k" * 79 + "…" in str(refusal.value)
    assert "k" * 80 not in str(refusal.value)
