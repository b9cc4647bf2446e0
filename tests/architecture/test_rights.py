"""What protects the archive whoever writes the next page: rights, and no hidden setting."""

import ast

ASKING = {"search", "count", "suggest"}


def called_name(node: ast.Call) -> str:
    if isinstance(node.func, ast.Attribute):
        return node.func.attr
    return node.func.id if isinstance(node.func, ast.Name) else ""


def test_only_access_makes_a_clearance(sources) -> None:
    makers = [
        source.at(node)
        for source in sources
        if not source.name.startswith(("orc/access", "orc/demo/"))
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Call) and called_name(node) == "Clearance"
    ]
    assert not makers


def test_whatever_asks_the_index_must_be_given_a_clearance(orc_sources) -> None:
    asking = [
        (source.at(node), node)
        for source in orc_sources
        if source.name.startswith(("orc/index/engines/", "orc/index/port"))
        for node in ast.walk(source.tree)
        if isinstance(node, ast.FunctionDef) and node.name in ASKING
    ]
    assert asking, "aucun moteur trouvé : ce test ne vérifierait rien"
    assert not [where for where, node in asking if not demands_clearance(node)]


def demands_clearance(node: ast.FunctionDef) -> bool:
    """Keyword only, and without a default."""
    wanted = zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True)
    return any(arg.arg == "clearance" and default is None for arg, default in wanted)


def test_only_bootstrap_reads_the_environment(sources) -> None:
    names = {"environ", "environb", "getenv"}
    readers = []
    for source in sources:
        if source.name.startswith("orc/bootstrap"):
            continue
        for node in ast.walk(source.tree):
            if isinstance(node, ast.ImportFrom) and node.module == "os":
                read = bool(names & {alias.name for alias in node.names})
            else:
                read = isinstance(node, ast.Attribute) and ast.unparse(node) in {
                    f"os.{name}" for name in names
                }
            if read:
                readers.append(source.at(node))
    assert not readers
