"""The technical log: what its lines hold, and above all what they do not."""

import io
import json
import logging
from collections.abc import Iterator

import pytest

from orc.errors import Invalid
from orc.traces import bind, configure_traces, describe_fault

SECRET = "Madame Dupont-Secret"


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """The lines of a process configured in JSON; what logging was is put back after."""
    root = logging.getLogger()
    kept, level = root.handlers[:], root.level
    access = logging.getLogger("uvicorn.access").disabled
    written = io.StringIO()
    configure_traces("json", "info", written)
    yield written
    root.handlers[:] = kept
    root.setLevel(level)
    logging.getLogger("uvicorn.access").disabled = access


def read(lines: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in lines.getvalue().splitlines()]


def fail_with(text: str) -> None:
    raise ValueError(text)


def test_a_line_is_one_object_with_the_request_it_belongs_to(lines: io.StringIO) -> None:
    with bind(requete="abc123"):
        logging.getLogger("orc.web").info("requête", extra={"statut": 200})
    logging.getLogger("orc.ingest").warning("flux %s", 12)
    first, second = read(lines)
    assert list(first)[:4] == ["quand", "niveau", "source", "message"]
    assert (first["requete"], first["statut"], first["message"]) == ("abc123", 200, "requête")
    assert (second["niveau"], second["message"]) == ("warning", "flux 12")
    assert "requete" not in second


def test_a_fault_is_told_by_its_type_and_place_never_by_its_words(lines: io.StringIO) -> None:
    try:
        try:
            fail_with(SECRET)
        except ValueError as error:
            raise KeyError(SECRET) from error
    except KeyError:
        logging.getLogger("orc").exception("flux %s", 3)
    (line,) = read(lines)
    assert "KeyError" in str(line["faute"])
    assert "ValueError" in str(line["faute"])
    assert "fail_with" in str(line["faute"])
    assert SECRET not in lines.getvalue()


def test_a_fault_of_the_machine_says_which(lines: io.StringIO) -> None:
    assert "No space left" in describe_fault(OSError(28, "No space left on device"))
    assert SECRET not in describe_fault(FileNotFoundError(2, "No such file", SECRET))
    assert lines.getvalue() == ""


def test_the_access_log_of_the_server_and_chatty_libraries_say_nothing(lines: io.StringIO) -> None:
    logging.getLogger("uvicorn.access").info('"GET /recherche?q=%s"', SECRET)
    logging.getLogger("httpx").info("GET http://index/_search?q=%s", SECRET)
    assert lines.getvalue() == ""


def test_in_plain_text_a_line_is_one_line() -> None:
    written = io.StringIO()
    root = logging.getLogger()
    kept, level = root.handlers[:], root.level
    configure_traces("texte", "info", written)
    logging.getLogger("orc.web").info("requête\nfausse ligne", extra={"route": "/a b"})
    root.handlers[:] = kept
    root.setLevel(level)
    (line,) = written.getvalue().splitlines()
    assert line.endswith('info orc.web requête fausse ligne route="/a b"')


@pytest.mark.parametrize(("forme", "niveau"), [("xml", "info"), ("json", "bavard")])
def test_another_form_or_level_is_refused_in_french(forme: str, niveau: str) -> None:
    with pytest.raises(Invalid, match="attend"):
        configure_traces(forme, niveau)
