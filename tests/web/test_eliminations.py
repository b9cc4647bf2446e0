"""Pages and calls of bordereaux d'élimination: each rôle sees and does what is its own."""

import base64
import html
import re
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import date, timedelta
from hashlib import sha256
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from sqlalchemy import select, update

from orc.errors import Invalid
from orc.models import BordereauElimination, DecisionCourante, LigneElimination
from orc.retention.decisions import REGLAGES
from orc.retention.jobs import decide_waiting
from tests.retention.actes import put_gel
from tests.retention.eliminables import COMMUNE, Monde
from tests.web.serving import Navigateur, open_navigateur, serve
from tests.web.une_elimination import Archive, open_archive
from web.pages.eliminations_gestes import read_metrage

RACINE = "/destruction/bordereaux"
HIER = date.today() - timedelta(days=1)  # noqa: DTZ011 - the civil day of the place
PDF = ("pv.pdf", b"%PDF-1.7 proces-verbal", "application/pdf")


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    with open_archive(tmp_path_factory.mktemp("eliminations")) as opened:
        yield opened


@pytest.fixture(scope="module")
def monde(archive: Archive) -> Monde:
    return archive.monde


@pytest.fixture(scope="module")
def ouvrir(archive: Archive) -> Iterator[dict[str, Navigateur]]:
    """A browser per person, logged in when first asked for."""

    class Navigateurs(dict[str, Navigateur]):
        def __missing__(self, nom: str) -> Navigateur:
            self[nom] = stack.enter_context(open_navigateur(address, nom))
            return self[nom]

    with ExitStack() as stack:
        address = stack.enter_context(serve(archive.orc))
        yield Navigateurs()


def send(
    qui: Navigateur, ident: int, geste: str, /, *, piece: bool = False, **fields: object
) -> httpx.Response:
    """Send a form as the page that holds it would."""
    path = f"{RACINE}/{ident}/{geste}"
    form = qui.get(path if "/" in geste else f"{RACINE}/{ident}")
    assert form.status_code == 200, form.text
    pas = re.search(r'name="pas" value="(\d+)"', form.text)
    assert pas is not None, "aucun formulaire"
    data = {"jeton": qui.read_jeton(RACINE), "pas": pas[1], **fields}
    return qui.client.post(path, data=data, files={"piece": PDF} if piece else None)


def do(qui: Navigateur, ident: int, geste: str, /, **fields: object) -> str:
    """The same, done; the page that comes after."""
    answer = send(qui, ident, geste, **fields)  # type: ignore[arg-type]  # fields of a form
    assert answer.status_code == 303, answer.text
    return html.unescape(qui.get(answer.headers["location"]).text)


def create(qui: Navigateur, intitule: str = "Factures 2023") -> int:
    answer = qui.post(RACINE, page=RACINE, siren=COMMUNE, intitule=intitule)
    assert answer.status_code == 303, answer.text
    return int(re.findall(r"/(\d+)\?", answer.headers["location"])[0])


def find_line(monde: Monde, ident: int, id_unique: str) -> int:
    with monde.database.reading() as session:
        query = select(LigneElimination.id).filter_by(bordereau_id=ident, id_unique=id_unique)
        return session.scalars(query).one()


def end_delai(monde: Monde, ident: int) -> None:
    """Time passes."""
    with monde.database.writing() as session:
        session.execute(
            update(BordereauElimination)
            .where(BordereauElimination.id == ident)
            .values(delai_jusqu_a=HIER)
        )


def test_a_long_list_is_verified_before_it_goes_on(
    ouvrir: dict[str, Navigateur], archive: Archive
) -> None:
    settings = archive.orc.database.info[REGLAGES]
    archive.orc.database.info[REGLAGES] = replace(settings, elimination_lignes_du_geste=1)
    maire = ouvrir["maire"]
    ident = create(maire)
    do(maire, ident, "ajout", exercice_min="2023")
    orc = archive.orc
    with orc.database.writing() as session:
        session.execute(update(DecisionCourante).values(jour=HIER))
    page = html.unescape(maire.get(f"{RACINE}/{ident}").text)
    assert "0 lignes sur 6 sont vérifiées aujourd’hui" in page
    assert "à vérifier d’abord" in html.unescape(maire.get(f"{RACINE}/{ident}/faire/analyser").text)
    assert "n’a pas été fait" in do(maire, ident, "faire/analyser")
    with orc.database.writing() as session:
        session.execute(update(DecisionCourante).values(jour=HIER))
    sent = maire.post(f"{RACINE}/{ident}/verification", page=f"{RACINE}/{ident}")
    assert sent.headers["location"].endswith("?fait=verification#verification")
    decide_waiting(orc.database, orc.settings)
    assert "La liste peut avancer" in maire.get(f"{RACINE}/{ident}").text
    assert "Chaque ligne a été vérifiée" in do(maire, ident, "faire/analyser")
    do(maire, ident, "faire/abandonner", motif="Essai")
    nothing = maire.post(f"{RACINE}/{ident}/verification", page=RACINE)
    assert nothing.status_code == 409
    archive.orc.database.info[REGLAGES] = settings


def test_typologies_of_one_name_are_told_apart_by_their_rule(
    ouvrir: dict[str, Navigateur], monde: Monde
) -> None:
    secretaire, archiviste = ouvrir["secretaire"], ouvrir["archiviste"]
    ident = create(secretaire)
    do(secretaire, ident, "ajout", exercice_min="2023")
    line = find_line(monde, ident, "PJ00002")
    with monde.database.writing() as session:
        changed = session.get_one(LigneElimination, line)
        changed.regle = "PJ-AUTRE (1 an) : essai"
        typologie = changed.typologie
    do(secretaire, ident, "faire/analyser")
    secretaire.prove("/destruction")
    do(secretaire, ident, "signer/proposer")
    do(secretaire, ident, "faire/demander_visa")
    page = html.unescape(archiviste.get(f"{RACINE}/{ident}").text)
    links = re.findall(r'href="([^"]+typologie=[^"]+)#lignes"', page)
    mine = f"{RACINE}/{ident}?{urlencode({'typologie': typologie})}"
    shown = {link: archiviste.get(link).text.count('name="ligne"') for link in links}
    assert [n for link, n in shown.items() if link.endswith("&regle=PJ-AUTRE")] == [1]
    assert sorted(n for link, n in shown.items() if link.split("&")[0] in mine) == [1, 3]
    chosen = {"typologie": typologie, "regle": "PJ-AUTRE", "portee": "typologie"}
    said = send(archiviste, ident, "lignes", quoi="excepter", motif="À garder", **chosen)
    assert said.headers["location"].endswith("&regle=PJ-AUTRE&fait=excepter#lignes")
    assert html.unescape(archiviste.get(f"{RACINE}/{ident}").text).count("Refus préparé") == 1
    do(secretaire, ident, "faire/abandonner", motif="Fin")


def test_a_list_of_what_may_go_leads_to_a_bordereau_of_it(
    ouvrir: dict[str, Navigateur],
) -> None:
    listed = f"/destruction?siren={COMMUNE}&exercice=2023&statut=eligible"
    form = f"{RACINE}?siren={COMMUNE}&exercice=2023"
    assert f'href="{form}#nouveau"' in html.unescape(ouvrir["maire"].get(listed).text)
    assert "#nouveau" not in ouvrir["comptable"].get(listed).text
    assert "#nouveau" not in ouvrir["maire"].get(listed.replace("eligible", "refus")).text
    page = ouvrir["maire"].get(form).text
    assert f'<option value="{COMMUNE}" selected>' in page
    assert 'value="Pièces justificatives de 2023"' in page
    fields = {"siren": COMMUNE, "intitule": "Essai", "exercice": "2023"}
    made = ouvrir["maire"].post(RACINE, page=RACINE, **fields)
    page = ouvrir["maire"].get(made.headers["location"]).text
    assert page.count('value="2023"') == 2


def test_the_whole_story_by_forms(ouvrir: dict[str, Navigateur], monde: Monde) -> None:
    maire, archiviste = ouvrir["maire"], ouvrir["archiviste"]
    ident = create(maire)
    assert "ajoutées à la liste" in do(maire, ident, "ajout", exercice_min="2023")
    assert "Signer la proposition" in do(maire, ident, "faire/analyser")
    asked = maire.get(f"{RACINE}/{ident}/signer/proposer")
    assert asked.headers["location"].startswith("/preuve?suite=")
    maire.prove("/destruction")
    assert "figée" in do(maire, ident, "signer/proposer", piece=True, observations="Rien")
    assert "proposé, dont demander le visa" in maire.get("/").text
    printed = f"/destruction/rapports/apercu/bordereau_elimination?bordereau={ident}"
    assert printed in maire.get(f"{RACINE}/{ident}/faire/demander_visa").text
    do(maire, ident, "faire/demander_visa")
    attendus = archiviste.get(RACINE).text.split("Tous les bordereaux")[0]
    assert f'href="{RACINE}/{ident}"' in attendus
    assert "1\u00a0bordereau d’élimination à viser" in html.unescape(archiviste.get("/").text)
    assert "à viser" not in maire.get("/").text
    line = str(find_line(monde, ident, "PJ00002"))
    check_refusal_again(archiviste, ident, line)
    said = do(archiviste, ident, "lignes", quoi="excepter", ligne=line, motif="Procès en cours")
    assert "Refus préparé" in said
    assert "Refus préparé" not in maire.get(f"{RACINE}/{ident}").text
    archiviste.prove("/destruction")
    said = do(archiviste, ident, "signer/viser", reference="AD33 17")
    assert "visé en partie" in said
    assert "Procès en cours" in maire.get(f"{RACINE}/{ident}").text
    do(maire, ident, "faire/ouvrir_delai")
    assert "Attester la destruction" not in maire.get(f"{RACINE}/{ident}").text
    assert "au délai achevé" not in maire.get("/").text
    end_delai(monde, ident)
    assert "au délai achevé" in maire.get("/").text
    assert "au délai achevé" not in archiviste.get("/").text
    with monde.database.writing() as session:
        put_gel(session, pj=(monde.pj["PJ00003"],))
    today = (HIER + timedelta(days=1)).isoformat()
    refused = send(maire, ident, "signer/attester", methode="Broyage", detruite_le=today)
    assert refused.status_code == 422
    assert "procès-verbal" in refused.text
    assert f'name="detruite_le" type="date" value="{today}"' in refused.text
    attestation = {"methode": "Broyage", "detruite_le": today, "metrage": "1,25"}
    said = do(maire, ident, "signer/attester", piece=True, **attestation)
    assert "Vous n’avez pas attesté : des lignes ne peuvent plus partir." in said
    assert f'href="/destruction/pj/{monde.pj["PJ00003"]}"' in said
    do(maire, ident, "signer/attester", piece=True, **attestation)
    again = maire.get(f"{RACINE}/{ident}/signer/contresigner")
    assert again.status_code == 409
    assert "une autre personne contresigne" in again.text
    check_end(ouvrir, monde, ident)
    registre = html.unescape(ouvrir["comptable"].get(f"{RACINE}/registre?q=PJ0000").text)
    assert [n for n in range(1, 7) if f"PJ0000{n}.pdf" in registre] == [1, 4, 5, 6]
    check_documents(ouvrir["comptable"], ident)


def check_refusal_again(archiviste: Navigateur, ident: int, line: str) -> None:
    """A refusal without its motif, or of nothing, is shown again as it was filled."""
    refused = send(archiviste, ident, "lignes", quoi="excepter", ligne=line, statut="retenue")
    assert refused.status_code == 422
    page = html.unescape(refused.text)
    assert re.findall(r'name="ligne" value="(\d+)"[^>]* checked', page) == [line]
    assert "Dites pourquoi ces lignes sont refusées" in page.split('id="motif-erreur">')[1]
    assert '<input type="hidden" name="statut" value="retenue">' in page
    refused = send(archiviste, ident, "lignes", quoi="excepter", motif="Procès")
    page = html.unescape(refused.text)
    assert "Cochez d’abord des lignes" in page.split('id="portee-erreur">')[1]
    assert 'name="motif" type="text" value="Procès"' in page


def check_end(ouvrir: dict[str, Navigateur], monde: Monde, ident: int) -> None:
    """From the first attestation to the register."""
    maire, archiviste, secretaire = (ouvrir[n] for n in ("maire", "archiviste", "secretaire"))
    assert "1\u00a0bordereau d’élimination à contresigner" in html.unescape(
        secretaire.get("/").text
    )
    secretaire.prove("/destruction")
    do(secretaire, ident, "signer/contresigner")
    assert "à certifier" in archiviste.get("/").text
    assert "à certifier" not in maire.get("/").text
    said = do(archiviste, ident, "signer/certifier")
    assert "Certifié" in said
    assert "1,250 m linéaire" in said
    assert f'href="/destruction/rapports/apercu/certificat?bordereau={ident}"' in said
    for path in ("/destruction", f"/destruction?siren={COMMUNE}"):
        assert "De 4\u00a0pièces justificatives la copie" in html.unescape(
            archiviste.get(path).text
        )
    explained = html.unescape(archiviste.get(f"/destruction/pj/{monde.pj['PJ00001']}").text)
    assert f'<a href="{RACINE}/{ident}">bordereau BE-' in explained
    explained = archiviste.get(f"/destruction/pj/{monde.pj['PJ00002']}").text
    assert "est détruite depuis" not in explained
    # The one the archives refused may go still; the one a gel holds may not.
    etats = archiviste.get("/api/v1/destruction/etats").json()["etats"]
    mine = [e for e in etats if e["siren"] == COMMUNE]
    assert (sum(e["detruite"] for e in mine), sum(e["eligible"] for e in mine)) == (4, 1)


def check_documents(qui: Navigateur, ident: int) -> None:
    """Every document of the steps is given to who sees the bordereau, as an attachment."""
    page = qui.get(f"{RACINE}/{ident}").text
    liens = re.findall(rf'href="({RACINE}/{ident}/documents/\d+)"', page)
    assert len(liens) == 2
    for lien in liens:
        answer = qui.get(lien)
        assert answer.content == PDF[1]
        assert answer.headers["content-disposition"].startswith("attachment")
    liste = qui.get(f"{RACINE}/{ident}/liste.jsonl").content
    assert sha256(liste).hexdigest() in page
    attested = qui.get(f"{RACINE}/{ident}/liste.jsonl?attestee=oui").content
    assert len(attested) < len(liste)
    assert sha256(attested).hexdigest() in page.split("attesté détruit")[1].split("</div>")[0]


def test_an_act_that_is_not_possible_says_why(ouvrir: dict[str, Navigateur]) -> None:
    maire = ouvrir["maire"]
    ident = create(maire)
    for qui, geste, why in (
        ("maire", "faire/ouvrir_delai", "à l’état « Brouillon »"),
        ("archiviste", "faire/analyser", "n’est pas à vous"),
    ):
        answer = ouvrir[qui].get(f"{RACINE}/{ident}/{geste}")
        assert answer.status_code == 409
        assert why in answer.text
    do(maire, ident, "faire/abandonner", motif="Fin")


def test_what_one_may_not_see_does_not_exist(ouvrir: dict[str, Navigateur]) -> None:
    ident = create(ouvrir["maire"], "Secret")
    for nom, status in (("voisin", 404), ("agent", 403), ("juge", 403), ("administrateur", 403)):
        assert ouvrir[nom].get(f"{RACINE}/{ident}").status_code == status, nom
        assert "Secret" not in ouvrir[nom].get(RACINE).text
    page = ouvrir["comptable"].get(f"{RACINE}/{ident}")
    assert page.status_code == 200
    assert "Ce que vous pouvez faire" not in page.text
    assert "Préparer un bordereau" not in ouvrir["comptable"].get(RACINE).text


def test_a_stale_page_changes_nothing(ouvrir: dict[str, Navigateur]) -> None:
    maire = ouvrir["maire"]
    ident = create(maire)
    answer = maire.post(f"{RACINE}/{ident}/faire/abandonner", pas="0", motif="Erreur")
    assert answer.status_code == 409
    assert "Abandonné" in do(maire, ident, "faire/abandonner", motif="Erreur")


def test_forms_say_what_is_wrong_in_words(ouvrir: dict[str, Navigateur]) -> None:
    maire = ouvrir["maire"]
    missing = maire.post(RACINE, page=RACINE, siren=COMMUNE, intitule="")
    assert missing.status_code == 422
    assert "intitulé" in missing.text
    assert re.search(rf"<option value=\"{COMMUNE}\" selected>[^<]+ \({COMMUNE}\)<", missing.text)
    ident = create(maire)
    assert send(maire, ident, "faire/abandonner", motif="").status_code == 422
    assert send(maire, ident, "lignes", quoi="autre").status_code == 422
    wrong = send(maire, ident, "ajout", exercice_min="avant", type_pj="003")
    assert wrong.status_code == 422
    fields = html.unescape(wrong.text)
    assert 'value="avant" maxlength="4" autocomplete="off" aria-invalid="true"' in fields
    assert "pas « avant »" in fields.split('id="exercice_min-erreur">')[1].split("<")[0]
    assert 'value="003"' in fields
    none = send(maire, ident, "ajout", exercice_max="1999")
    assert none.status_code == 409
    assert "Aucune pièce justificative à ajouter" in none.text
    assert 'value="1999"' in none.text
    here = f"{RACINE}/{ident}"
    site = str(maire.client.base_url).rstrip("/")
    came = {"referer": f"{site}{here}"}
    lost = maire.client.get(f"{here}/faire/inconnu", headers=came)
    assert lost.status_code == 404
    assert f'href="{here}">Revenir à la page précédente' in lost.text
    for elsewhere in ("https://ailleurs.test/x", "//", "http://[", f"{site}/preuve"):
        lost = maire.client.get(f"{here}/faire/inconnu", headers={"referer": elsewhere})
        assert "Revenir à la page précédente" not in lost.text
    assert maire.get(f"{RACINE}/{ident}/faire/proposer").status_code == 404
    do(maire, ident, "faire/abandonner", motif="Fin")


@pytest.mark.parametrize(
    ("texte", "millimetres"), [("", None), ("1,25", 1250), ("3", 3000), ("0.005", 5)]
)
def test_a_metrage_is_read_as_it_is_written(texte: str, millimetres: int | None) -> None:
    assert read_metrage(texte) == millimetres


@pytest.mark.parametrize("texte", ["un", "1,2345", "-1", "1,x", "1,²", ","])
def test_a_metrage_that_is_none_is_refused(texte: str) -> None:
    with pytest.raises(Invalid):
        read_metrage(texte)


def test_programs_do_the_same_with_the_same_proofs(
    ouvrir: dict[str, Navigateur], monde: Monde
) -> None:
    base = "/api/v1/destruction/bordereaux"
    secretaire = ouvrir["secretaire"]
    jeton = secretaire.get("/api/v1/session").json()["jeton"]

    def call(path: str, status: int = 200, **body: object) -> dict[str, Any]:
        answer = secretaire.client.post(f"{base}{path}", json=body, headers={"x-jeton": jeton})
        assert answer.status_code == status, answer.text
        found: dict[str, Any] = answer.json()
        return found

    made = call("", siren=COMMUNE, intitule="Par programme")
    ident = made["id"]
    pj = [monde.pj["PJ00002"]]
    added = call(f"/{ident}/ajout", pas=1, pj=pj)
    assert added["lignes"] == 1
    line = secretaire.get(f"{base}/{ident}/lignes").json()["lignes"][0]
    call(f"/{ident}/retrait", pas=2, lignes=[line["id"]])
    call(f"/{ident}/ajout", pas=3, exercice_min=2023)
    assert call(f"/{ident}/faire/analyser", pas=4)["etat"] == "analysee"
    detail = secretaire.get(f"{base}/{ident}").json()
    assert "proposer" in detail["possibles"]
    assert detail["etapes"][0]["geste"] == "creer"
    secretaire.prove("/destruction")
    document = {"nom": "b.pdf", "contenu": "pas du base64 !"}
    call(f"/{ident}/signer/proposer", 422, pas=5, document=document)
    document["contenu"] = base64.b64encode(PDF[1]).decode()
    assert call(f"/{ident}/signer/proposer", pas=5, document=document)["etat"] == "proposee"
    call(f"/{ident}/faire/proposer", 404, pas=6)
    call(f"/{ident}/exceptions", 409, pas=6, tout=True, motif="Non")
    call(f"/{ident}/faire/abandonner", pas=6, motif="Fin")
    listed = secretaire.get(f"{base}?etat=abandonnee").json()
    assert ident in [b["id"] for b in listed["bordereaux"]]
    assert secretaire.get(f"{base}/registre?q=PJ").status_code == 200


@pytest.mark.parametrize("ligne", ["²", "9" * 30, "9" * 5000, "-1", "\u0663"])
def test_what_is_no_line_takes_no_line_out(ouvrir: dict[str, Navigateur], ligne: str) -> None:
    ident = create(ouvrir["maire"])
    sent = {"jeton": ouvrir["maire"].read_jeton(RACINE), "pas": "1", "quoi": "retirer"}
    path = f"{RACINE}/{ident}/lignes"
    answer = ouvrir["maire"].client.post(path, data={**sent, "ligne": ligne})
    assert answer.status_code == 422, answer.text
    assert "Cochez d’abord" in answer.text


@pytest.mark.parametrize("body", [{"pj": [2**63]}, {"exercice_min": 10**30}, {"pj": [-1]}])
def test_a_program_gives_no_number_that_sql_does_not_hold(
    ouvrir: dict[str, Navigateur], body: dict[str, object]
) -> None:
    ident = create(ouvrir["maire"])
    headers = {"x-jeton": ouvrir["maire"].read_jeton(RACINE)}
    for path in ("ajout", "retrait"):
        url = f"/api/v1{RACINE}/{ident}/{path}"
        sent = {"lignes": body.get("pj", []), **body, "pas": 1}
        answer = ouvrir["maire"].client.post(url, json=sent, headers=headers)
        assert answer.status_code in (409, 422), answer.text
