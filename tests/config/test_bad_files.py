"""Each file under bad/ has one fault; its first line says on which line and with which sentence it is refused."""

import re
import shutil
from pathlib import Path

import pytest

from ocop_workflow.config_files import InvalidFilesError, load_plan_files, load_rule_set, read_document

HERE = Path(__file__).parent
BAD = sorted((HERE / "bad").glob("*.yaml"))


def expected_refusal(path: Path) -> tuple[int, str]:
    match = re.fullmatch(r"# (\d+): (.*)", path.read_text(encoding="utf-8").splitlines()[0])
    assert match is not None, path
    return int(match[1]), match[2]


def config_with(path: Path, tmp_path: Path) -> tuple[Path, Path]:
    """Return the small configuration with one file replaced, and the replaced file."""
    config = tmp_path / "config"
    shutil.copytree(HERE / "small", config)
    target = config / ("rulesets" if path.name.startswith("rule-set") else "cycles") / "small.yaml"
    shutil.copy(path, target)
    return config, target


def test_small_configuration_has_no_fault() -> None:
    files = load_plan_files(HERE / "small" / "cycles" / "small.yaml", HERE / "small")

    assert files.plan.id == "small"
    assert list(files.rule_sets) == ["small"]


@pytest.mark.parametrize("path", BAD, ids=lambda path: path.stem)
def test_load_plan_files_refuses_a_bad_file_with_its_line_and_sentence(path: Path, tmp_path: Path) -> None:
    line, sentence = expected_refusal(path)
    config, target = config_with(path, tmp_path)

    with pytest.raises(InvalidFilesError) as refusal:
        load_plan_files(config / "cycles" / "small.yaml", config)

    found = [(fault.line, fault.sentence) for fault in refusal.value.faults if fault.file == str(target)]
    assert found[:1] == [(line, sentence)]
    assert str(refusal.value).startswith(f"{target}:{line}: {sentence}")


@pytest.mark.parametrize("path", [p for p in BAD if p.stem != "rule-set-dead-end"], ids=lambda path: path.stem)
def test_load_plan_files_finds_nothing_else_in_a_file_with_one_fault(path: Path, tmp_path: Path) -> None:
    config, _ = config_with(path, tmp_path)

    with pytest.raises(InvalidFilesError) as refusal:
        load_plan_files(config / "cycles" / "small.yaml", config)

    assert len(refusal.value.faults) == 1


def test_load_rule_set_names_every_stage_of_a_dead_end(tmp_path: Path) -> None:
    config, _ = config_with(HERE / "bad" / "rule-set-dead-end.yaml", tmp_path)

    with pytest.raises(InvalidFilesError, match="dead end") as refusal:
        load_rule_set(config, "small")

    assert [fault.sentence.partition(":")[0] for fault in refusal.value.faults] == [
        'stage "idea" is a dead end',
        'stage "evaluation" is a dead end',
    ]


def test_read_document_refuses_a_missing_file(tmp_path: Path) -> None:
    assert refusal_of(tmp_path / "none.yaml") == "there is no such file; check the name and the folder"


def test_read_document_refuses_a_folder(tmp_path: Path) -> None:
    assert refusal_of(tmp_path) == "this is a folder; name the file inside it"


@pytest.mark.parametrize(("size", "refused"), [(1_000_000, False), (1_000_001, True)])
def test_read_document_refuses_a_file_over_one_megabyte(tmp_path: Path, size: int, *, refused: bool) -> None:
    path = tmp_path / "large.yaml"
    path.write_bytes(b"id: a #" + b"x" * (size - 7))

    if refused:
        assert refusal_of(path) == "the file has 1000001 bytes; keep it under 1000000, or split it"
    else:
        assert read_document(path).data == {"id": "a"}


def test_read_document_refuses_text_that_is_not_utf8(tmp_path: Path) -> None:
    path = tmp_path / "latin.yaml"
    path.write_bytes(b"id: a\nname: caf\xe9\n")

    with pytest.raises(InvalidFilesError) as refusal:
        read_document(path)

    assert str(refusal.value) == f"{path}:2: the file is not UTF-8 text; save it in UTF-8"


def test_read_document_refuses_a_file_without_a_single_byte(tmp_path: Path) -> None:
    path = tmp_path / "empty.yaml"
    path.touch()

    assert refusal_of(path) == "the file is empty; write the document, or remove the file"


@pytest.mark.parametrize(("depth", "refused"), [(39, False), (40, False), (41, True), (30_000, True)])
def test_read_document_refuses_nesting_deeper_than_forty(tmp_path: Path, depth: int, *, refused: bool) -> None:
    path = tmp_path / "deep.yaml"
    path.write_text("a: " + "[" * (depth - 1) + "]" * (depth - 1), encoding="utf-8")

    if refused:
        assert refusal_of(path) == "the file is nested deeper than 40 levels; flatten it"
    else:
        assert read_document(path).line_of(("a",)) == 1


def refusal_of(path: Path) -> str:
    with pytest.raises(InvalidFilesError) as refusal:
        read_document(path)
    return refusal.value.faults[0].sentence
