from __future__ import annotations

import re

import pytest

from guideway.cli import app


def said(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    with pytest.raises(SystemExit) as left:
        app(arguments)
    told = capsys.readouterr()
    return int(left.value.code or 0), told.out + told.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--what-if"], "nothing to change: give --defer, --budget or --limits"),
        (["--what-if", "--weeks", "4"], "nothing to change"),
        (["--what-if", "--weeks", "4", "--budget", "1"], "--weeks says by how much --defer"),
        (["--what-if", "--budget", "1", "--receipt", "r.json"], "--what-if writes nothing"),
        (["--budget", "20000"], "--budget asks a question about the plan: give --what-if, too"),
        (["--what-if", "--limits", "docs/pictures"], "the folder holds no rule book"),
        (["--defer", "3"], "--defer asks a question"),
    ],
)
def test_a_question_that_is_none_is_refused_before_anything_starts(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, text = said(["plan", *arguments], capsys)
    assert code == 2
    assert message in text


def test_every_example_of_the_help_is_a_question_the_command_takes(capsys: pytest.CaptureFixture[str]) -> None:
    code, text = said(["plan", "--help"], capsys)
    examples = re.findall(r"^  guideway (plan .*--what-if.*)$", text, re.MULTILINE)
    assert code == 0
    assert {word for example in examples for word in example.split()} >= {"--defer", "--budget", "--limits"}
    for example in examples:
        code, answer = said(
            [*example.split(), "--receipt", "r.json"], capsys
        )  # parsed, then refused: no lake is opened
        assert (code, "--what-if writes nothing" in answer) == (2, True)
