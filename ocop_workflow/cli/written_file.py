"""Writing a result to a file that was named, or to the standard output for `-`."""

import sys
from pathlib import Path

from ocop_workflow.cli.output import error_console
from ocop_workflow.errors import InputError

STANDARD_OUTPUT = Path("-")


def write_file(path: Path, content: bytes, *, said: str) -> None:
    """Write bytes to a file and say so, or print them for `-`.

    Args:
        path: The file; one that is there already is replaced.
        content: What to write.
        said: What the file is.

    Raises:
        InputError: The file can't be written.
    """
    if path == STANDARD_OUTPUT:
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
        return
    try:
        path.write_bytes(content)
    except OSError as error:
        raise InputError(f"{path} can't be written ({error.strerror}); name another file") from error
    error_console.print(f"{said}: {path}", highlight=False, markup=False, soft_wrap=True)
