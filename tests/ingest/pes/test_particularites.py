"""What real flows do that the norm does not say: each is read, and said when it is wrong."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest

from orc.domain import Sens
from orc.ingest.pes.encapsule import read_facture_encapsulee
from orc.ingest.pes.limits import FluxIllisible
from orc.ingest.pes.values import (
    Anomalie,
    Bordereau,
    Concession,
    Entete,
    Facture,
    FinBordereau,
    Forme,
    Gravite,
    Piece,
    PieceJustificative,
)
from orc.ingest.pes.values_retour import (
    ClientRetour,
    Element,
    ElementAcquit,
    FinFlux,
    LienPj,
    OrmcGlobal,
    PieceRetour,
)
from orc.silo.payload import EtatContenu, read_contenu

T = TypeVar("T")
Read = Callable[..., list[Element]]
Make = Callable[..., str]
ISO = '<?xml version="1.0" encoding="ISO-8859-1"?>'


def only(elements: list[Element], kind: type[T]) -> list[T]:
    return [element for element in elements if isinstance(element, kind)]


def codes(elements: list[Element]) -> list[str]:
    return [anomalie.code for anomalie in only(elements, Anomalie)]


def test_a_plain_flow_has_no_anomaly_and_keys_are_padded(read: Read, make_flux: Make) -> None:
    elements = read(make_flux())
    assert codes(elements) == []
    entete = only(elements, Entete)[0]
    assert (entete.id_post, entete.cod_col, entete.cod_bud) == ("004403", "012", "00")
    assert (entete.siren, entete.nom_fic) == ("214400011", "flux un")
    assert [type(element).__name__ for element in elements] == [
        "Entete",
        "Bordereau",
        "Piece",
        "FinBordereau",
        "FinFlux",
    ]


@pytest.mark.parametrize("prefixe", ["n:", "p:", "helios:", ""])
def test_prefixes_do_not_matter(read: Read, make_flux: Make, prefixe: str) -> None:
    assert len(only(read(make_flux(prefixe=prefixe)), Piece)) == 1


@pytest.mark.parametrize(
    ("declared", "real", "said"),
    [
        ("UTF-8", "utf-8", False),
        ("ISO-8859-1", "latin-1", False),
        ("ISO-8859-1", "cp1252", False),
        ("iso-8859-15", "iso-8859-15", False),
        ("windows-1252", "cp1252", False),
        ("UTF-8", "cp1252", True),
        ("UTF-8", "latin-1", True),
        ("ISO-8859-1", "utf-8", True),
        ("UTF-16", "utf-8", True),
        ("ebcdic-de-Gaulle", "utf-8", True),
        ("ebcdic-de-Gaulle", "cp1252", True),
    ],
)
def test_accents_are_right_whatever_the_declaration_says(
    read: Read, make_flux: Make, declared: str, real: str, said: bool
) -> None:
    oe, euro = ("o", "E") if real == "latin-1" else ("œ", "€")
    objet = f"Électricité du c{oe}ur, 3 {euro}"
    text = make_flux(declaration=f'<?xml version="1.0" encoding="{declared}"?>')
    elements = read(text.replace("Électricité de l’école", objet).encode(real))
    assert [piece.objet for piece in only(elements, Piece)] == [objet]
    assert ("encodage_faux" in codes(elements)) is said
    assert len(only(elements, Entete)) == len(only(elements, Bordereau)) == 1


def test_a_false_utf8_repeats_nothing_however_late_it_shows(read: Read, make_flux: Make) -> None:
    late = '<PES_Marche><Marches><Marche><Objet V="caf\u00e9"/></Marche></Marches></PES_Marche>'
    pieces = "".join(
        f'<Piece><BlocPiece><InfoPce><IdPce V="{n}"/><TypPce V="01"/><NatPce V="01"/>'
        "</InfoPce></BlocPiece></Piece>"
        for n in range(2000)
    )
    text = make_flux(pieces=pieces, fin=late)
    elements = read(text.encode("latin-1"))
    assert [piece.numero for piece in only(elements, Piece)] == [str(n) for n in range(2000)]
    assert len(only(elements, FinFlux)) == 1


def test_a_bom_a_comment_or_blanks_may_come_before_the_root(read: Read, make_flux: Make) -> None:
    text = make_flux()
    head, body = text.split("?>", 1)
    for octets in (
        b"\xef\xbb\xbf" + text.encode(),
        f"{head}?><!-- XMLSpy <Fichier> -->{body}".encode(),
        b"\r\n  " + text.encode(),
        b"\xef\xbb\xbf" + make_flux(declaration=ISO).encode(),
    ):
        assert [piece.numero for piece in only(read(octets), Piece)] == ["7"]


def test_what_follows_the_root_is_said_and_loses_nothing(read: Read, make_flux: Make) -> None:
    elements = read(make_flux() + "\0\0\0reste")
    fin = elements[-1]
    assert isinstance(fin, FinFlux)
    assert fin.complet
    assert codes(elements) == ["suite_ignoree"]


def test_the_range_of_each_pj_gives_its_bytes_whatever_the_layout(
    read: Read, make_flux: Make, make_pj: Make, encode: Callable[[bytes], bytes]
) -> None:
    originals = {f"PJ{n}": f"%PDF-1.4 {n}".encode() * (n * 40) for n in range(1, 9)}
    texts: dict[str, str] = {}
    for n, (ident, octets) in enumerate(originals.items()):
        line = encode(octets).decode()
        width = (len(line), 64, 76)[n % 3]
        end = ("\n", "\r\n", "&#13;\n")[n % 3]
        texts[ident] = end.join(line[i : i + width] for i in range(0, len(line), width))
    texts["PJ4"] = f"\n    <![CDATA[{texts['PJ4']}]]>\n  "
    texts["PJ5"] = f"\n      {texts['PJ5']}\n  "
    pjs = "\n".join(make_pj(ident=ident, texte=text) for ident, text in texts.items())
    for declaration in (ISO, '<?xml version="1.0" encoding="iso-8859-15"?>\n', "\n<!-- -->"):
        octets_flux = make_flux(pjs=pjs, declaration=declaration).encode()
        found = only(read(octets_flux), PieceJustificative)
        assert [pj.id_unique for pj in found] == list(originals)
        for pj in found:
            brut = octets_flux[pj.offset : pj.offset + pj.longueur]
            assert read_contenu(brut).octets == originals[pj.id_unique], pj
            assert pj.sha256 == hashlib.sha256(originals[pj.id_unique]).hexdigest()
            assert (pj.etat, pj.type_reel) == (EtatContenu.OK, "application/pdf")


@pytest.mark.parametrize(
    ("texte", "etat"),
    [
        ("", EtatContenu.VIDE),
        ("   \n ", EtatContenu.VIDE),
        ("Ceci est un test, pas du base64 !", EtatContenu.PAS_BASE64),
        ("H4sIAAAAAAACA6VW", EtatContenu.TRONQUE),
        ("JVBERi0xLjQKJVBERi0xLjQK", EtatContenu.PAS_GZIP),
        ("<xenc:EncryptedData><x/></xenc:EncryptedData>", EtatContenu.CHIFFRE),
    ],
)
def test_a_pj_that_cannot_be_read_has_a_state_and_a_reason(
    read: Read, make_flux: Make, make_pj: Make, texte: str, etat: EtatContenu
) -> None:
    elements = read(make_flux(pjs=make_pj(texte=texte) + make_pj(ident="PJ2")))
    bad, good = only(elements, PieceJustificative)
    assert (bad.etat, good.etat) == (etat, EtatContenu.OK)
    assert bad.motif
    assert f"contenu_{etat.value}" in codes(elements)


def test_a_payload_with_a_comment_is_kept_and_the_next_ones_are_read(
    read: Read, make_flux: Make, make_pj: Make
) -> None:
    pjs = make_pj(texte="H4sI<!-- x -->AAAA") + make_pj(ident="PJ2")
    bad, good = only(read(make_flux(pjs=pjs)), PieceJustificative)
    assert bad.etat is not EtatContenu.OK
    assert bad.longueur > 0
    assert good.etat is EtatContenu.OK


def test_a_pj_without_fichier_mime_or_identifier_is_kept(
    read: Read, make_flux: Make, make_pj: Make
) -> None:
    pjs = (
        '<PJ><IdUnique V="SANS"/><NomPJ V="a.pdf"/></PJ><PJ><Contenu><Fichier/></Contenu></PJ>'
        + make_pj(ident="").replace(' MIMEType="application/pdf"', "")
    )
    elements = read(make_flux(pjs=pjs))
    found = only(elements, PieceJustificative)
    assert [pj.id_unique for pj in found] == ["SANS", "", ""]
    assert [pj.etat for pj in found] == [EtatContenu.VIDE, EtatContenu.VIDE, EtatContenu.OK]
    assert {"id_unique_absent", "mime_absent", "contenu_vide"} <= set(codes(elements))


def test_the_same_identifier_twice_is_said(read: Read, make_flux: Make, make_pj: Make) -> None:
    elements = read(make_flux(pjs=make_pj() + make_pj()))
    assert codes(elements) == ["id_unique_double"]
    assert len(only(elements, PieceJustificative)) == 2


def test_a_pj_says_which_piece_it_belongs_to(read: Read, make_flux: Make, make_pj: Make) -> None:
    refs = (
        '<RefCompta><Domaine V="01"/><Exercice V="2018"/><TypeObjet V="1"/>'
        '<Identifiant V="004399"/><ComplementIdentifiant V="2"/></RefCompta>'
        '<RefCompta><Domaine V="02"/><Exercice V="18"/><TypeObjet V="06"/></RefCompta>'
    )
    elements = read(make_flux(pjs=make_pj(refs=refs)))
    first, second = only(elements, PieceJustificative)[0].ref_comptas
    assert (first.domaine, first.exercice, first.type_objet) == ("01", 2018, "01")
    assert (first.identifiant, first.complement) == ("4399", "2")
    assert (second.exercice, second.identifiant) == (0, "")
    assert codes(elements) == ["exercice_illisible"]


def test_bad_values_are_said_with_path_and_line_and_the_rest_goes_on(
    read: Read, make_flux: Make
) -> None:
    text = make_flux().replace('V="2023-04-05"/><TypBord V="01"', 'V="05/04/23"/>\n<TypBord V="77"')
    text = text.replace('<MtHT V="100.00"/>', '\n<MtHT V="cent"/><MtTVA V="1e5"/>')
    elements = read(text)
    said = {anomalie.code: anomalie for anomalie in only(elements, Anomalie)}
    assert set(said) == {
        "date_illisible",
        "code_inconnu",
        "montant_illisible",
        "montant_ht_different",
    }
    assert said["code_inconnu"].ligne == 2
    assert said["montant_illisible"].ligne == 3
    assert said["montant_illisible"].chemin == (
        "/PES_Aller/PES_DepenseAller/Bordereau[1]/Piece[1]/LigneDePiece[1]"
        "/BlocLignePiece/InfoLignePce/MtTVA"
    )
    (piece,) = only(elements, Piece)
    assert piece.lignes[0].montant_ht is None
    assert only(elements, Bordereau)[0].type_bordereau == "77"


def test_a_nir_is_masked_and_never_told(read: Read, make_flux: Make) -> None:
    nir = "1850578006084"
    tiers = (
        f'<Tiers><InfoTiers><IdTiers V="{nir}"/><NatIdTiers V="04"/><CatTiers V="01"/>'
        '<NatJur V="01"/><Nom V="DUPONT"/></InfoTiers></Tiers>'
    )
    undeclared = tiers.replace('<NatIdTiers V="04"/>', "")
    text = make_flux().replace("</LigneDePiece>", tiers + undeclared + "</LigneDePiece>")
    elements = read(text)
    assert nir not in repr(elements)
    assert all(t.nir_masque for t in only(elements, Piece)[0].lignes[0].tiers)


def test_a_flow_without_header_goes_on_and_says_so(read: Read, make_flux: Make) -> None:
    elements = read(make_flux(entete=""))
    assert len(only(elements, Piece)) == 1
    said = {anomalie.code: anomalie.gravite for anomalie in only(elements, Anomalie)}
    assert said["entete_absente"] is Gravite.ERREUR
    assert isinstance(elements[0], Entete)


def test_a_piece_before_its_bordereau_header_is_kept(read: Read, make_flux: Make) -> None:
    elements = read(make_flux(bloc=""))
    assert len(only(elements, Piece)) == len(only(elements, Bordereau)) == 1
    assert "bordereau_sans_bloc" in codes(elements)


def test_a_header_of_depense_inside_a_recette_is_said(read: Read, make_flux: Make) -> None:
    text = make_flux().replace("PES_DepenseAller>", "PES_RecetteAller>")
    elements = read(text)
    assert "entete_croisee" in codes(elements)
    (piece,) = only(elements, Piece)
    assert (piece.sens, piece.numero, piece.montant_ht) == (Sens.RECETTE, "7", 10_000)


def test_blocks_unknown_to_orc_are_skipped_and_named(read: Read, make_flux: Make) -> None:
    fin = "<PES_RoleAller><Role><Piece><IdPce V='1'/></Piece></Role></PES_RoleAller><Autre/>"
    elements = read(make_flux(fin=fin))
    assert codes(elements) == ["bloc_non_lu"]
    assert len(only(elements, Piece)) == 1


ALLER = "http://www.minefi.gouv.fr/cp/helios/pes_v2/Rev0/aller"
FACTURE = (
    '<PES_Facture><IdVer V="2"/><Annee V="2023"/><TypeFact V="09"/><Date V="2023-05-01"/>'
    '<Emetteur><InfoTiers><CatTiers V="23"/><NatJur V="09"/><Nom V="VILLE"/></InfoTiers></Emetteur>'
    '<FactureIndiv><DateEmission V="2023-05-01"/><NumeroFacture V="A-17"/><Debiteur><InfoTiers>'
    '<Nom V="DURAND"/></InfoTiers></Debiteur><Objet V="Cantine"/><LigneFacture><Libelle V="Repas"/>'
    '<Quantite V="3"/><MtHT V="12.00"/></LigneFacture><TotalAPayer><MtTotalTTC V="12.00"/>'
    '</TotalAPayer><RefTitre><Exercice V="2023"/><NumBordereau V="5"/><NumTitre V="0088"/>'
    '<NumLigne V="1"/></RefTitre></FactureIndiv>'
    '<FactureIndiv><NumeroFacture V="A-18"/></FactureIndiv></PES_Facture>'
)


@pytest.mark.parametrize(
    "text", [f'<n:PES_Aller xmlns:n="{ALLER}">{FACTURE}</n:PES_Aller>', FACTURE]
)
def test_a_facture_inside_a_pj_is_read_alone(text: str) -> None:
    first, second = read_facture_encapsulee(text.encode())
    assert isinstance(first, Facture)
    assert isinstance(second, Facture)
    assert (first.numero, first.objet, first.montant_ttc) == ("A-17", "Cantine", 1_200)
    assert (first.titre_numero, first.titre_bordereau, first.titre_exercice) == ("88", "5", 2023)
    assert first.emetteur is not None
    assert second.emetteur is not None
    assert second.emetteur.nom == "VILLE"
    assert first.debiteur is not None
    assert first.lignes[0].libelle == "Repas"


def test_a_pj_that_is_no_facture_gives_one_anomaly() -> None:
    (anomalie,) = read_facture_encapsulee(b"%PDF-1.4")
    assert isinstance(anomalie, Anomalie)
    assert anomalie.code == "facture_illisible"
    assert read_facture_encapsulee(b"") != []


def test_acquits_of_pes_v1_say_yes_or_no_for_the_whole_flow(read: Read) -> None:
    corps = '<Enveloppe><Parametres><NomFic V="F1"/></Parametres></Enveloppe><Motif V="Refusé"/>'
    for racine, ok in (("PES_Acquit", True), ("PES_NonAcquit", False)):
        text = f'<n:{racine} xmlns:n="http://www.minefi.gouv.fr/cp/helios/pes">{corps}</n:{racine}>'
        elements = read(text)
        (acquit,) = only(elements, ElementAcquit)
        entete = only(elements, Entete)[0]
        assert (entete.forme, entete.nom_fic, acquit.ok) == (Forme.ACQUIT_PES_V1, "F1", ok)


def test_a_pes_acquit_written_in_lower_case_is_read_as_one(read: Read) -> None:
    text = (
        "<PES_Acquit><ACQUIT><ElementACQUIT><DomaineAck V='4'/><EtatAck V='1'/>"
        "<IdUnique V='X1'/></ElementACQUIT></ACQUIT></PES_Acquit>"
    )
    (acquit,) = only(read(text), ElementAcquit)
    assert (acquit.ok, acquit.id_unique) == (True, "X1")


def test_payments_and_recoveries_of_a_retour_are_read(read: Read) -> None:
    text = (
        '<n:PES_Retour xmlns:n="u"><PES_DepenseRetour><EnTeteDepense><TypRestit V="02"/>'
        '</EnTeteDepense><Bordereau><BlocBordereau><Exer V="2022"/><IdBord V="3"/><TypBord V="01"/>'
        '</BlocBordereau><Piece><InfoPiece><IdPce V="9"/><EtatPce V="05"/><ObsEtat V="01-16"/>'
        "</InfoPiece><LigneDePiece><BlocLignePiece><InfoLignePiece>"
        '<IdLigne V="1"/><EtatLigPce V="01"/><MtHT V="10"/><CessOpp V="01"/></InfoLignePiece>'
        '<InfoPaiement><NbrPay V="2"/><MtPayTot V="10"/></InfoPaiement></BlocLignePiece>'
        '<PaiementEmargement><OrgEma V="01"/><DtePay V="2022-05-01"/><MtPay V="4"/>'
        '</PaiementEmargement><PaiementEmargement><OrgEma V="03"/><DtePay V="2022-06-01"/>'
        '<MtPay V="6.00"/></PaiementEmargement></LigneDePiece></Piece></Bordereau>'
        "</PES_DepenseRetour><PES_RecetteRetour><EnTeteRecette/>"
        '<BordereauORMCGlobal><Exer V="2022"/><IdBord V="77"/><MtTTC V="9.5"/>'
        "</BordereauORMCGlobal></PES_RecetteRetour><PES_ClientRetour>"
        '<EnTeteClient><DateCalcul V="2023-01-31"/></EnTeteClient><Client><RefTiers V="C1"/>'
        '<ResteARecouvrer><CodProdLoc V="300"/><Rar V="1.5"/><RarFrais V="0"/></ResteARecouvrer>'
        "</Client></PES_ClientRetour></n:PES_Retour>"
    )
    elements = read(text)
    (piece,) = only(elements, PieceRetour)
    assert piece.motifs == ("01", "16")
    emargements = piece.lignes[0].emargements
    assert [(ema.origine, ema.montant) for ema in emargements] == [("01", 400), ("03", 600)]
    assert only(elements, OrmcGlobal)[0].montant_ttc == 950
    (client,) = only(elements, ClientRetour)
    assert (str(client.date_calcul), client.restes[0].principal) == ("2023-01-31", 150)


def test_links_of_the_legal_archive_are_read(read: Read) -> None:
    text = (
        '<liensPj xmlns="http://www.minefi.gouv.fr/cp/helios/liensPj"><collectivite '
        'siret="21440001100017" codique="044003" codeCollectivite="012" codeBudget="00" '
        'exercice="2019"/><liens><lien domaine="01" typeObjet="01" identifiant="12" '
        'idUnique="A1" statut="0" nomPj="a.pdf"/></liens></liensPj>'
    )
    elements = read(text)
    (lien,) = only(elements, LienPj)
    assert (lien.id_unique, lien.exercice, lien.identifiant) == ("A1", 2019, "12")
    assert only(elements, Entete)[0].id_coll == "21440001100017"


def test_a_signature_of_the_whole_flow_is_told_at_its_end(read: Read, make_flux: Make) -> None:
    fin = '<ds:Signature xmlns:ds="d"><SigningTime>2020-01-01</SigningTime></ds:Signature>'
    elements = read(make_flux(fin=fin))
    last = elements[-1]
    assert isinstance(last, FinFlux)
    assert last.signature is not None
    assert not only(elements, FinBordereau)[0].signe


def test_declared_numbers_that_differ_are_said(read: Read, make_flux: Make) -> None:
    text = make_flux().replace('<NbrPce V="1"/>', '<NbrPce V="2"/><MtBordTVA V="3"/>')
    assert codes(read(text)) == ["nb_pieces_different", "montant_tva_different"]


def test_a_titre_has_its_own_fields(read: Read) -> None:
    text = (
        f'<n:PES_Aller xmlns:n="{ALLER}"><PES_RecetteAller><EnTeteRecette/><Bordereau>'
        '<BlocBordereau><Exer V="2023"/><IdBord V="0012"/><TypBord V="06"/><NbrPce V="1"/>'
        '<MtBordHt V="20.50"/></BlocBordereau><Piece><BlocPiece><IdPce V="3"/><TypPce V="15"/>'
        '<NatPce V="01"/><IdRol V="0044"/><DteAsp V="2023-06-01"/><Edition V="01"/>'
        '<ObjPce V="Eau"/><DebFact V="2023-01-01"/><FinFact V="2023-06-30"/>'
        '<NumeroEngagement V="E1"/><PJRef><Support V="02"/></PJRef></BlocPiece><LigneDePiece>'
        '<BlocLignePiece><InfoLignePiece><IdLigne V="1"/><ObjLignePce V="Abonnement"/>'
        '<CodProdLoc V="300"/><Nature V="7011"/><Majo V="1"/><TvaIntraCom V="0"/>'
        '<MtHT V="20.50"/><PJRef><Support V="01"/><IdUnique V="Z9"/></PJRef></InfoLignePiece>'
        '<InfoPrelevementSEPA><NatPrel V="01"/><PerPrel V="04"/><DtePrel V="2023-07-01"/>'
        '<MtPrel V="20.50"/><SequencePres V="03"/></InfoPrelevementSEPA>'
        '<RattachPiece><NatPceOrig V="01"/><ExerRat V="2022"/><IdPceOrig V="0017"/></RattachPiece>'
        '</BlocLignePiece><Tiers><InfoTiers><Nom V="A"/></InfoTiers></Tiers>'
        '<Tiers><InfoTiers><Nom V="B"/></InfoTiers></Tiers></LigneDePiece></Piece></Bordereau>'
        "</PES_RecetteAller></n:PES_Aller>"
    )
    (piece,) = only(read(text), Piece)
    recette, ligne = piece.recette, piece.lignes[0]
    assert recette is not None
    assert (recette.role, recette.edition, recette.numero_engagement) == ("44", "01", "E1")
    assert str(recette.fin_periode) == "2023-06-30"
    assert [(ref.support, ref.id_unique) for ref in piece.pj_refs] == [("02", ""), ("01", "Z9")]
    assert [tiers.nom for tiers in ligne.tiers] == ["A", "B"]
    assert (ligne.majorable, ligne.objet, ligne.montant_ht) == (True, "Abonnement", 2_050)
    assert ligne.prelevement is not None
    assert ligne.rattachement is not None
    assert ligne.rattachement.numero_piece == "17"


def test_an_empty_file_is_refused(tmp_path: Path, read: Read) -> None:
    del tmp_path
    with pytest.raises(FluxIllisible, match="vide"):
        read(b"")


def test_a_concession_keeps_its_value_and_its_concessionnaires(read: Read, make_flux: Make) -> None:
    fin = (
        "<PES_Marche><EnTeteMarche/><Concessions><Concession><IdentifiantConcession>"
        '<IdContrat V="2022DSP1"/><SequenceEnvoi V="1"/></IdentifiantConcession><Concessionnaires>'
        '<Concessionnaire><NatIdConcessionnaire V="01"/><IdConcessionnaire V="99999999900017"/>'
        '<DenominationSociale V="EAUX"/></Concessionnaire></Concessionnaires>'
        '<NatureConcession V="04"/><Objet V="Eau potable"/><ValeurGlobale V="1000000"/>'
        '<ModificationsConcession><ModificationConcession><ObjetModification V="Avenant 1"/>'
        "</ModificationConcession></ModificationsConcession></Concession></Concessions></PES_Marche>"
    )
    elements = read(make_flux(fin=fin))
    (concession,) = only(elements, Concession)
    assert (concession.identifiant, concession.montant_ht) == ("2022DSP1", 100_000_000)
    assert [(acteur.role, acteur.nom) for acteur in concession.acteurs] == [
        ("concessionnaire", "EAUX")
    ]
    assert concession.objets_modifications == ("Avenant 1",)


def test_a_second_fichier_or_an_odd_identifier_is_said(
    read: Read, make_flux: Make, make_pj: Make
) -> None:
    second = "</Fichier><Fichier MIMEType='a/b'>AAAA</Fichier></Contenu>"
    pjs = make_pj(ident="A B").replace("</Fichier></Contenu>", second) + make_pj(ident="PJ2")
    elements = read(make_flux(pjs=pjs))
    first, other = only(elements, PieceJustificative)
    assert (first.etat, first.mime_declare) == (EtatContenu.OK, "application/pdf")
    assert other.etat is EtatContenu.OK
    assert {"fichier_ignore", "id_unique_invalide"} == set(codes(elements))
