"""What click says of mistyped words, in Chinese. Loaded when somebody mistypes, not before.

click words its exceptions in English, and hands out the words alone: what it says of a value is read back by pattern.
Where a pattern does not know a sentence, the sentence stays as it is behind Chinese words for where it belongs.
"""

from __future__ import annotations

import re
from typing import IO, Any

import click

from emergency.commands.base import Misused
from emergency.core.near import nearest_zh

_KINDS = {"integer": "整数", "integer range": "整数", "float": "数", "float range": "数"}
_THINGS = {"File": "文件", "Directory": "文件夹", "Path": "路径"}
_VALUES: tuple[tuple[str, str], ...] = (
    (r"'(?P<value>.*)' is not one of (?P<choices>.*)\.", "没有“{value}”这个选择。可用:{choices}。"),
    (r"'(?P<value>.*)' is not a valid boolean\..*", "“{value}”不行;请写 yes 或 no。"),
    (r"'(?P<value>.*)' is not a valid (?P<kind>.*)\.", "“{value}”不是{kind}。"),
    (r"(?P<value>.*) is not in the range (?P<range>.*)\.", "{value} 不行;请写 {range}。"),
    (r"'(?P<value>.*)' does not match the formats? (?P<formats>.*)\.", "“{value}”不是日期;请写成 2026-12-05。"),
    (r"(?P<thing>.*) '(?P<value>.*)' does not exist\.", "没有{thing}“{value}”。请核对路径。"),
    (r"(?P<thing>.*) '(?P<value>.*)' is a directory\.", "“{value}”是文件夹,这里要文件。"),
    (r"(?P<thing>.*) '(?P<value>.*)' is a file\.", "“{value}”是文件,这里要文件夹。"),
    (r"(?P<thing>.*) '(?P<value>.*)' is not readable\.", "{thing}“{value}”没有读取权限。"),
    (r"(?P<thing>.*) '(?P<value>.*)' is not writable\.", "{thing}“{value}”没有写入权限。"),
)
_REST: tuple[tuple[str, str], ...] = (
    (r"Got unexpected extra arguments? \((?P<value>.*)\)", "多了“{value}”。名字里有空格时,请加引号。"),
    (r"Option '(?P<value>.*)' requires an argument\.", "选项 {value} 后面缺少内容。"),
    (r"Option '(?P<value>.*)' requires (?P<n>\d+) arguments\.", "选项 {value} 后面要写 {n} 项。"),
    (r"Option '(?P<value>.*)' does not take a value\.", "选项 {value} 后面不写内容。"),
    (r"Argument '(?P<value>.*)' takes (?P<n>\d+) values\.", "参数 {value} 要写 {n} 项。"),
    (r"Missing command\.", "缺少命令。"),
)


class Said(click.UsageError):
    """A usage error that shows itself in Chinese; its exit status is that of every usage error."""

    def __init__(self, error: click.UsageError) -> None:
        super().__init__(in_chinese(error), error.ctx)

    def show(self, file: IO[Any] | None = None) -> None:
        """Print usage, where help is, and what is wrong, as click does in English."""
        if self.ctx is not None:
            usage = self.ctx.get_usage().replace("Usage: ", "用法: ", 1)
            click.echo(f"{usage}\n帮助: {self.ctx.command_path} --help\n", file=file, err=True)
        click.echo(f"错误: {self.message}", file=file, err=True)


def in_chinese(error: click.UsageError) -> str:
    """Return what a usage error says, in Chinese: what is wrong, where, and what there is instead."""
    match error:
        case Misused():
            return error.zh
        case click.NoSuchOption():
            meant = " 或 ".join(error.possibilities or ())
            return f"没有选项 {error.option_name}。" + (f"是不是 {meant}?" if meant else "")
        case click.MissingParameter():
            return _missing(error)
        case click.BadParameter():
            where = _where(error)
            return f"{where}:{_by(_VALUES, error.message)}" if where else _by(_VALUES, error.message)
    return _by(_REST, error.message)


def no_command(word: str, known: list[str]) -> str:
    """Return that there is no such command, and which one may have been meant."""
    return f"没有命令“{word}”。{nearest_zh(word, known)}"


def _missing(error: click.MissingParameter) -> str:
    kind = "选项" if isinstance(error.param, click.Option) else "参数"
    choices = error.param.type.choices if error.param and isinstance(error.param.type, click.Choice) else ()
    listed = f"可用:{'、'.join(map(str, choices))}。" if choices else ""
    return f"缺少{kind} {_where(error)}。{listed}"


def _where(error: click.BadParameter) -> str:
    """Return what the value stands behind or under: the option as it is typed, the argument as the usage names it."""
    if isinstance(error.param, click.Option):
        return " / ".join(error.param.opts)
    if error.param is not None and isinstance(error.param.type, click.Choice):
        return str(error.param.name).upper()
    if error.param is not None and error.ctx is not None:
        return error.param.make_metavar(error.ctx).strip("[]").removesuffix("...")
    return ""


def _by(patterns: tuple[tuple[str, str], ...], message: str) -> str:
    for pattern, zh in patterns:
        found = re.fullmatch(pattern, message, re.DOTALL)
        if found:
            return zh.format(**{key: _word(key, value) for key, value in found.groupdict().items()})
    return message


def _range(text: str) -> str:
    """Return `x>=1` or `0<=x<=60`, as click writes a range, in words."""
    low, high = re.search(r"x>=(.+)|^(.+?)<=x", text), re.search(r"x<=(.+)", text)
    least = next(filter(None, low.groups())) if low else ""
    if least and high:
        return f"{least} 到 {high[1]}"
    return f"{least} 或以上" if least else f"{high[1]} 或以下" if high else text


def _word(key: str, value: str) -> str:
    match key:
        case "kind":
            return _KINDS.get(value, value)
        case "thing":
            return _THINGS.get(value, value)
        case "range":
            return _range(value)
        case "choices":
            return "、".join(re.findall(r"'(.*?)'", value))
    return value
