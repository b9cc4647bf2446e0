"""Bordereaux d'élimination, from a draft to the register: states, acts, views. Nothing is deleted.

What is destroyed is the copy the collectivité kept: the silo is never touched.
"""

from orc.retention.eliminations.attestation import (
    Attestation,
    attest,
    certify,
    countersign,
    recuse,
)
from orc.retention.eliminations.courriers import remind_delais
from orc.retention.eliminations.etats import (
    LIBELLES_ETATS,
    LIBELLES_GESTES,
    PASSAGES,
    Camp,
    Etat,
    Geste,
)
from orc.retention.eliminations.gestes import Appel, Saisie, do_geste, find_geste
from orc.retention.eliminations.lignes import (
    LIBELLES_STATUTS,
    Criteres,
    StatutLigne,
    hash_list,
    write_list,
)
from orc.retention.eliminations.marche import Regles, Suite, get_bordereau, make_regles
from orc.retention.eliminations.preparation import (
    abandon,
    add_eligibles,
    add_pj,
    analyse,
    ask_visa,
    create_bordereau,
    invoke_autorisation,
    propose,
    remove_lines,
)
from orc.retention.eliminations.verification import (
    Avancement,
    AVerifier,
    read_avancement,
    start_verification,
)
from orc.retention.eliminations.visa import Choix, Reponse, answer_visa, except_lines, open_delai
from orc.retention.eliminations.vues import (
    BordereauVu,
    EtapeVue,
    LigneRegistre,
    LigneVue,
    Typologie,
    explain_refusal,
    find_etapes,
    find_lignes,
    find_possibles,
    find_typologies,
    open_document,
    read_bordereau,
    read_registre,
    select_bordereaux,
)

__all__ = [
    "LIBELLES_ETATS",
    "LIBELLES_GESTES",
    "LIBELLES_STATUTS",
    "PASSAGES",
    "AVerifier",
    "Appel",
    "Attestation",
    "Avancement",
    "BordereauVu",
    "Camp",
    "Choix",
    "Criteres",
    "EtapeVue",
    "Etat",
    "Geste",
    "LigneRegistre",
    "LigneVue",
    "Regles",
    "Reponse",
    "Saisie",
    "StatutLigne",
    "Suite",
    "Typologie",
    "abandon",
    "add_eligibles",
    "add_pj",
    "analyse",
    "answer_visa",
    "ask_visa",
    "attest",
    "certify",
    "countersign",
    "create_bordereau",
    "do_geste",
    "except_lines",
    "explain_refusal",
    "find_etapes",
    "find_geste",
    "find_lignes",
    "find_possibles",
    "find_typologies",
    "get_bordereau",
    "hash_list",
    "invoke_autorisation",
    "make_regles",
    "open_delai",
    "open_document",
    "propose",
    "read_avancement",
    "read_bordereau",
    "read_registre",
    "recuse",
    "remind_delais",
    "remove_lines",
    "select_bordereaux",
    "start_verification",
    "write_list",
]
