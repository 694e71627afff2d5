"""The shell commands and inline code of a Markdown file."""

import re
import shlex
from collections.abc import Iterator

_BLOCK = re.compile(r"^( *)```(?:sh|bash|console)\n(.*?)^\1```$", re.DOTALL | re.MULTILINE)
_HEREDOC = re.compile(r"<<'?(\w+)'?")
_CODE = re.compile(r"`([^`\n]+)`")


def shell_commands(text: str) -> Iterator[str]:
    """Yield the commands of all fenced shell blocks in their order; one may have several lines."""
    for indent, block in _BLOCK.findall(text):
        lines = iter(re.sub(f"(?m)^{indent}", "", block).splitlines())
        for line in lines:
            command = line
            while not _is_whole(command):
                command += f"\n{next(lines)}"
            if words(command):
                yield command


def words(command: str) -> list[str]:
    """Return the words of a command without its comment."""
    return shlex.split(command, comments=True)


def inline_code(text: str) -> list[str]:
    """Return all inline code of the prose."""
    return _CODE.findall(re.sub(r"(?ms)^ *```.*?^ *```$", "", text))


def _is_whole(command: str) -> bool:
    if heredoc := _HEREDOC.search(command):
        return command.endswith(f"\n{heredoc[1]}")
    try:
        shlex.split(command, comments=True)
    except ValueError:  # A quotation goes on in the next line.
        return False
    return not command.endswith("\\")
