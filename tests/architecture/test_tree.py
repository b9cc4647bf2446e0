"""What may not be in the tree: addresses, paths of a machine, unexplained exceptions, mocks."""

import ast
import io
import re
import tokenize

import pytest

# Written in two pieces, since this file is in the tree too.
REGISTRIES = [
    ".".join(pieces)
    for pieces in [
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("npmjs", "org"),
        ("npmjs", "com"),
        ("yarnpkg", "com"),
        ("maven", "org"),
        ("maven.apache", "org"),
        ("crates", "io"),
        ("golang", "org"),
        ("debian", "org"),
        ("rubygems", "org"),
        ("docker", "io"),
    ]
]
PATHS_OF_A_MACHINE = ["/" + "work" + "/", "/" + "root" + "/", "/" + "home" + "/"]
EXCEPTION = re.compile(r"#\s*(noqa|type:\s*ignore|pragma:\s*no|nosec)")
WITH_REASON = re.compile(
    r"#\s*(noqa:\s*[A-Z]+\d+(,\s*[A-Z]+\d+)*|type:\s*ignore\[[a-z, -]+\]"
    r"|pragma:\s*no (cover|branch)|nosec\s+B\d+)\W+\w.{7,}"
)


@pytest.mark.parametrize("host", REGISTRIES)
def test_no_file_names_a_package_registry(host, tree_texts) -> None:
    assert not [name for name, text in tree_texts.items() if host in text]


@pytest.mark.parametrize("path", PATHS_OF_A_MACHINE)
def test_no_file_names_a_folder_of_somebody_s_machine(path, tree_texts) -> None:
    assert not [name for name, text in tree_texts.items() if path in text]


def test_every_exception_to_a_check_gives_its_reason(sources, test_sources) -> None:
    silent = [
        f"{source.name}:{token.start[0]} {token.string}"
        for source in [*sources, *test_sources]
        for token in tokenize.generate_tokens(io.StringIO(source.text).readline)
        if token.type == tokenize.COMMENT
        if EXCEPTION.search(token.string) and not WITH_REASON.search(token.string)
    ]
    assert not silent


def test_every_exception_in_the_configuration_gives_its_reason(root) -> None:
    lines = (root / "pyproject.toml").read_text(encoding="utf-8").splitlines()
    start = lines.index("ignore = [")
    end = lines.index("[tool.ruff.lint.pydocstyle]")
    rules = [line for line in lines[start:end] if re.search(r'"[A-Z]+[0-9]*"', line)]
    assert rules
    assert not [line for line in rules if "#" not in line]


def test_every_skipped_or_expected_failure_gives_its_reason(test_sources) -> None:
    silent = []
    for source in test_sources:
        calls = {id(n.func): n for n in ast.walk(source.tree) if isinstance(n, ast.Call)}
        for node in ast.walk(source.tree):
            if not isinstance(node, ast.Attribute) or node.attr not in {"skip", "skipif", "xfail"}:
                continue
            call = calls.get(id(node))
            named = call is not None and any(k.arg == "reason" for k in call.keywords)
            said = ast.unparse(node) in {"pytest.skip", "pytest.xfail"} and call and call.args
            if not named and not said:
                silent.append(source.at(node))
    assert not silent


def test_tests_use_real_objects(test_sources) -> None:
    faked = [
        source.at(node)
        for source in test_sources
        for node in ast.walk(source.tree)
        if (isinstance(node, ast.ImportFrom) and node.module in {"unittest.mock", "mock"})
        or (
            isinstance(node, ast.Import)
            and {a.name for a in node.names} & {"unittest.mock", "mock"}
        )
        or (isinstance(node, ast.arg) and node.arg == "mocker")
        or (isinstance(node, ast.Attribute) and ast.unparse(node) == "monkeypatch.setattr")
    ]
    assert not faked
