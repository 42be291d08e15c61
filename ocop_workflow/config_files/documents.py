"""Reading one YAML file: data, the line of everything in it, and refusals in plain words.

Scalars follow the core schema of YAML 1.2, so `07:30`, `2018-03`, `on` and `no` stay text. Anchors, aliases and
tags are refused: a plan says each thing once, in the open.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import yaml

from ocop_workflow.config_files.faults import Fault, InvalidFilesError, shortened

LARGEST_FILE_BYTES = 1_000_000
DEEPEST_NESTING = 40

Location = tuple[str | int, ...]

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_NULL = re.compile(r"(?:null|Null|NULL|~)?")
_TRUE = re.compile(r"true|True|TRUE")
_FALSE = re.compile(r"false|False|FALSE")
_INTEGER = re.compile(r"[-+]?[0-9]{1,40}")
_OCTAL = re.compile(r"0o[0-7]{1,40}")
_HEXADECIMAL = re.compile(r"0x[0-9a-fA-F]{1,40}")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]{1,40}|[0-9]{1,40}(?:\.[0-9]{0,40})?)(?:[eE][-+]?[0-9]{1,3})?")


@dataclass(frozen=True, slots=True)
class Document:
    """A file's data, with the line on which each part of it begins."""

    path: Path
    data: Any
    lines: dict[Location, int]

    def line_of(self, loc: Location) -> int:
        """Return the line of the part at `loc`, or of its nearest known parent.

        Parts of `loc` that the file does not spell out, such as the name of a form, are passed over.
        """
        known: Location = ()
        for part in loc:
            known = (*known, part) if (*known, part) in self.lines else known
        return self.lines.get(known, 1)

    def fault(self, loc: Location, sentence: str) -> Fault:
        """Return a fault at `loc` in this file."""
        return Fault(str(self.path), self.line_of(loc), sentence)


def read_document(path: Path) -> Document:
    """Read one YAML file.

    Raises:
        InvalidFilesError: The file is missing, a folder, empty, too large, not UTF-8, not YAML, holds more than
            one document, anchors, aliases, tags or one key twice, or is nested too deep.
    """
    return _Reader(path).read()


def read_text(path: Path) -> str:
    """Return a file's text, without a byte order mark.

    Raises:
        InvalidFilesError: The file is missing, a folder, too large or not UTF-8.
    """
    try:
        size = path.stat().st_size
        if path.is_dir():
            _refuse(path, 1, "this is a folder; name the file inside it")
        if size > LARGEST_FILE_BYTES:
            _refuse(path, 1, f"the file has {size} bytes; keep it under {LARGEST_FILE_BYTES}, or split it")
        return path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        _refuse(path, 1, "there is no such file; check the name and the folder")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        _refuse(path, line, "the file is not UTF-8 text; save it in UTF-8")
    except OSError as error:
        _refuse(path, 1, f"the file can't be read ({error.strerror}); check its permissions")


def _refuse(path: Path, line: int, sentence: str) -> NoReturn:
    raise InvalidFilesError([Fault(str(path), line, sentence)])


class _Reader:
    """Builds the data of one file from YAML's events."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lines: dict[Location, int] = {}
        self._events: Any = iter(())  # yaml.parse's iterator, once read() has begun

    def read(self) -> Document:
        text = read_text(self._path)
        try:
            self._events = yaml.parse(text, Loader=_Loader)
            data = self._document()
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
            position = getattr(error, "position", None)
            line = mark.line + 1 if mark is not None else text[: position or 0].count("\n") + 1
            problem = shortened(getattr(error, "problem", None) or "a character that YAML does not allow").strip('"')
            _refuse(self._path, line, f"the file is not valid YAML ({problem}); mend this line or the one before")
        return Document(self._path, data, self._lines)

    def _document(self) -> Any:
        data = None
        documents = 0
        for event in self._events:
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    self._refuse(event, 'the file holds more than one document; remove the line "---"')
            elif isinstance(event, yaml.NodeEvent):
                data = self._node(event, ())
        if data is None:
            _refuse(self._path, 1, "the file is empty; write the document, or remove the file")
        return data

    def _node(self, event: yaml.Event, loc: Location) -> Any:
        self._check(event)
        self._lines.setdefault(loc, _line_of(event))
        if isinstance(event, yaml.ScalarEvent):
            return _scalar(event)
        if len(loc) >= DEEPEST_NESTING:
            self._refuse(event, f"the file is nested deeper than {DEEPEST_NESTING} levels; flatten it")
        return self._mapping(loc) if isinstance(event, yaml.MappingStartEvent) else self._sequence(loc)

    def _check(self, event: yaml.Event) -> None:
        if isinstance(event, yaml.AliasEvent):
            self._refuse(event, "aliases are not allowed; write the value out")
        if getattr(event, "anchor", None) is not None:
            self._refuse(event, "anchors are not allowed; write the value out where it is needed")
        if getattr(event, "tag", None) is not None:
            self._refuse(event, f"tags such as {shortened(getattr(event, 'tag', ''))} are not allowed; remove the tag")

    def _mapping(self, loc: Location) -> dict[str | int, Any]:
        data: dict[str | int, Any] = {}
        written: set[str] = set()
        for event in self._events:
            if isinstance(event, yaml.MappingEndEvent):
                break
            key = self._key(event)
            if str(key) in written:
                self._refuse(event, f"the key {shortened(key)} stands here twice; keep one")
            written.add(str(key))
            self._lines[(*loc, key)] = _line_of(event)
            data[key] = self._node(next(self._events), (*loc, key))
        return data

    def _key(self, event: yaml.Event) -> str | int:
        self._check(event)
        key = _scalar(event) if isinstance(event, yaml.ScalarEvent) else None
        if not isinstance(key, str | int) or isinstance(key, bool):
            self._refuse(event, "a key must be a plain text or a whole number; put it in quotes")
        return key

    def _sequence(self, loc: Location) -> list[Any]:
        data: list[Any] = []
        for event in self._events:
            if isinstance(event, yaml.SequenceEndEvent):
                break
            data.append(self._node(event, (*loc, len(data))))
        return data

    def _refuse(self, event: yaml.Event, sentence: str) -> NoReturn:
        _refuse(self._path, _line_of(event), sentence)


def _line_of(event: yaml.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark is not None else 1


def _scalar(event: yaml.ScalarEvent) -> Any:
    """Return the value of a scalar under the core schema; what is quoted or not plainly a number is text."""
    text: str = event.value
    value: Any = text
    if not event.implicit[0]:
        return value
    if _NULL.fullmatch(text):
        value = None
    elif _TRUE.fullmatch(text):
        value = True
    elif _FALSE.fullmatch(text):
        value = False
    elif _INTEGER.fullmatch(text):
        value = int(text)
    elif _OCTAL.fullmatch(text) or _HEXADECIMAL.fullmatch(text):
        value = int(text, 0)
    elif _FLOAT.fullmatch(text):
        value = float(text)
    return value
