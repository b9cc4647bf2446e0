"""Names say what things do, in the language of the text that defines them."""

import ast
import re

MODULES_THAT_SAY_NOTHING = {"service", "services", "utils", "helpers", "manager", "common"}
# A library calls these methods by that name (SQLAlchemy's types, the standard HTML parser).
NAMED_BY_A_LIBRARY = re.compile(
    r"process_(bind_param|result_value)|handle_(starttag|endtag|startendtag|data)"
)
VERBS_THAT_SAY_NOTHING = re.compile(r"_*(process|handle|manage)(_|$)")
# Names of elements of the norm: they stop at the boundary, where orc/ingest/pes gives them ours.
PES_TAGS = frozenset(
    """
    IdBord DteBordEm TypBord NbrPce MtBordHT MtBordHt MtBordTVA MtCumulAnnuel IdPce TypPce
    NatPce InfoPce BlocPiece BlocBordereau BlocLignePiece LigneDePiece InfoLignePce IdLigne
    DteEch PJRef ObjPce CodServ ModRegl MtHT MtTVA MtFactHT NatPceOrig IdPceOrig IdTiers
    NatIdTiers CatTiers NatJur CpteBancaire EnTetePES DteStr IdPost IdColl CodCol CodColl
    CodBud LibelleColBud NomPJ EtatAck DomaineAck EtatPce DtePcePec DtePceRej
    MtPay DtePay OrgEma TypFic NomFic
    """.split()  # noqa: SIM905 -- sixty names read better as a paragraph
)
# Rendering the XML of the norm as text, for a reader, needs their labels.
PES_TAGS_ALLOWED = (
    "orc/ingest/pes/",
    "orc/ingest/extract/labels.py",
    "orc/ingest/extract/xml_text.py",
    "orc/demo/",
)


def names_of(tree: ast.Module):
    """Every name a module defines or uses, with its node."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node, node.name
        elif isinstance(node, ast.Name):
            yield node, node.id
        elif isinstance(node, ast.arg | ast.keyword) and node.arg:
            yield node, node.arg
        elif isinstance(node, ast.Attribute):
            yield node, node.attr


def test_a_module_is_named_after_what_it_does(sources) -> None:
    named = {source.name for source in sources if source.path.stem in MODULES_THAT_SAY_NOTHING}
    assert not named


def test_no_function_processes_handles_or_manages(sources) -> None:
    vague = [
        f"{source.at(node)} {node.name}"
        for source in sources
        for node in ast.walk(source.tree)
        if isinstance(node, ast.FunctionDef) and VERBS_THAT_SAY_NOTHING.match(node.name)
        if not NAMED_BY_A_LIBRARY.fullmatch(node.name)
    ]
    assert not vague


def test_identifiers_have_no_accent(sources, test_sources) -> None:
    accented = {
        f"{source.at(node)} {name}"
        for source in [*sources, *test_sources]
        for node, name in names_of(source.tree)
        if not name.isascii()
    }
    assert not accented


def test_a_tag_of_the_norm_appears_only_where_flows_are_read_or_made(sources) -> None:
    leaks = set()
    for source in sources:
        if source.name.startswith(PES_TAGS_ALLOWED):
            continue
        leaks |= {f"{source.at(n)} {name}" for n, name in names_of(source.tree) if name in PES_TAGS}
        leaks |= {
            f"{source.at(node)} {node.value!r}"
            for node in ast.walk(source.tree)
            if isinstance(node, ast.Constant) and node.value in PES_TAGS
        }
    assert not leaks
