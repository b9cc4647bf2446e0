"""A function, a file, a docstring that no longer fits in one look is two things."""

import ast

import pytest

FUNCTION_LINES = 60
FILE_LINES = 500
TEST_FILE_LINES = 800
MODULE_DOCSTRING_LINES = 4


def length(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


def test_a_function_fits_in_sixty_lines(sources, test_sources) -> None:
    too_long = [
        f"{source.at(node)} {node.name} : {length(node)} lignes"
        for source in [*sources, *test_sources]
        for node in ast.walk(source.tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        if length(node) > FUNCTION_LINES
    ]
    assert not too_long


@pytest.mark.parametrize(
    ("which", "limit"), [("sources", FILE_LINES), ("test_sources", TEST_FILE_LINES)]
)
def test_a_file_fits_in_its_limit(which, limit, request) -> None:
    found = request.getfixturevalue(which)
    assert found
    assert not [s.name for s in found if len(s.text.splitlines()) > limit]


def test_a_module_says_in_a_few_lines_what_lives_in_it(sources) -> None:
    wrong = []
    for source in sources:
        lines = [line for line in (ast.get_docstring(source.tree) or "").splitlines() if line]
        if not 1 <= len(lines) <= MODULE_DOCSTRING_LINES:
            wrong.append(f"{source.name} : {len(lines)} lignes")
    assert not wrong


def test_everything_is_synchronous(sources) -> None:
    """One colour of function serves pages, API, CLI and jobs; ASGI's own glue is in web/app.py."""
    coloured = [
        source.at(node)
        for source in sources
        for node in ast.walk(source.tree)
        if isinstance(node, ast.AsyncFunctionDef) and source.name.startswith("orc/")
        # What fsspec's own loop runs; nothing above them sees it.
        if not source.name.startswith(("orc/remote/bucket.py", "orc/silo/protocols/"))
    ]
    assert not coloured
