"""Each sentence of the catalogues is said somewhere, and each code that the program says has a sentence."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from pathlib import Path

from babel.messages.pofile import read_po

ROOT = Path(__file__).parents[2]
SAYING = {"translate", "Wording", "in_both", "has_sentence"}
IN_TEMPLATE = re.compile(r"""say\(\s*["']([a-z_.]+)["'](\s*~)?""")
QUOTED = re.compile(r"""["']([\w.]+)["']""")


@cache
def catalogue() -> frozenset[str]:
    """Return every code; the Vietnamese and the English catalogue have the same ones by another test."""
    with files("notifications").joinpath("locale", "vi.po").open("rb") as source:
        read = read_po(source, locale="vi")
    return frozenset(entry.id if isinstance(entry.id, str) else entry.id[0] for entry in read if entry.id)


def trees() -> Iterator[ast.Module]:
    for package in ("ocop_workflow", "notifications", "state_machines", "flows"):
        for path in sorted((ROOT / package).rglob("*.py")):
            yield ast.parse(path.read_text(encoding="utf-8"))


@cache
def templates() -> str:
    paths = [*(ROOT / "ocop_workflow/web/templates").glob("*"), *(ROOT / "notifications/templates").glob("*")]
    return "\n".join(path.read_text(encoding="utf-8") for path in sorted(paths))


@cache
def texts() -> frozenset[str]:
    """Return the texts of the code, parts of composed ones too, without docstrings; and those of the templates."""
    found: set[str] = set(QUOTED.findall(templates()))
    for tree in trees():
        docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
                found.add(node.value)
    return frozenset(found)


def words() -> set[str]:
    """Return the words that a composed code can be made of: those of the code, and the ids of the rule sets."""
    config = "\n".join(path.read_text(encoding="utf-8") for path in sorted((ROOT / "config/rulesets").glob("*.yaml")))
    return {word for text in (*texts(), config) for word in re.split(r"[^a-z0-9_-]+", text) if word}


def said_in_code() -> Iterator[tuple[str, bool]]:
    """Yield each code that is said by name, and each beginning of a code that is composed (True)."""
    for tree in trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) in SAYING:
                for argument in node.args:
                    if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                        yield argument.value, False
                    elif isinstance(argument, ast.JoinedStr) and isinstance(argument.values[0], ast.Constant):
                        yield str(argument.values[0].value), True
    for code, composed in IN_TEMPLATE.findall(templates()):
        yield code, bool(composed)


def test_each_sentence_is_said_somewhere() -> None:
    """By its whole code, or by a code that is composed of a beginning and of words of the program."""
    beginnings = {text for text in texts() if re.fullmatch(r"[a-z_]+(\.[a-z_]+)*\.([a-z_]+_)?", text)}
    beginnings |= {code for code, composed in said_in_code() if composed}
    known = words()

    def is_composed(code: str) -> bool:
        rests = [code.removeprefix(start) for start in beginnings if code.startswith(start)]
        return any(set(rest.split(".")) <= known for rest in rests)

    assert {code for code in catalogue() - texts() if not is_composed(code)} == set()


def test_each_code_that_is_said_has_a_sentence() -> None:
    codes = {(code, composed) for code, composed in said_in_code() if re.fullmatch(r"[a-z_]+\.[a-z_.]*", code)}
    there = catalogue()

    assert len(codes) > 150
    assert {code for code, composed in codes if not composed and code not in there} == set()
    assert {code for code, composed in codes if composed and not any(k.startswith(code) for k in there)} == set()
