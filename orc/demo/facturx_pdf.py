"""Factur-X: the invoice's PDF, its CII XML attached by the factur-x library, dates frozen."""

from __future__ import annotations

import io
import logging
import re
from xml.sax.saxutils import escape

import pikepdf
from facturx import generate_from_binary

from orc.demo.factures import Facture, make_facture_pdf, tva_number
from orc.demo.montants import format_flux
from orc.demo.tiers import Tiers

_RSM = "urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100"
_RAM = "urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100"
_UDT = "urn:un:unece:uncefact:data:standard:UnqualifiedDataType:100"
_DATE = "D:20220103090000Z"
_ISO = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[^<\"' ]*")


def _partie(nom: str, role: str, siret: str, tva: str = "") -> str:
    registre = (
        f'<ram:SpecifiedTaxRegistration><ram:ID schemeID="VA">{tva}</ram:ID>'
        "</ram:SpecifiedTaxRegistration>" if tva else ""
    )  # fmt: skip
    adresse = (
        "<ram:PostalTradeAddress><ram:CountryID>FR</ram:CountryID></ram:PostalTradeAddress>"
        if tva else ""
    )  # fmt: skip
    return (
        f"<ram:{role}><ram:Name>{escape(nom)}</ram:Name><ram:SpecifiedLegalOrganization>"
        f'<ram:ID schemeID="0002">{siret}</ram:ID></ram:SpecifiedLegalOrganization>'
        f"{adresse}{registre}</ram:{role}>"
    )


def make_cii(facture: Facture) -> bytes:
    """The CII XML, profile MINIMUM."""
    t: Tiers = facture.fournisseur
    ttc = format_flux(facture.ht + facture.tva)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        f'<rsm:CrossIndustryInvoice xmlns:rsm="{_RSM}" xmlns:ram="{_RAM}" xmlns:udt="{_UDT}">'
        "<rsm:ExchangedDocumentContext><ram:GuidelineSpecifiedDocumentContextParameter>"
        "<ram:ID>urn:factur-x.eu:1p0:minimum</ram:ID>"
        "</ram:GuidelineSpecifiedDocumentContextParameter></rsm:ExchangedDocumentContext>"
        f"<rsm:ExchangedDocument><ram:ID>{escape(facture.numero)}</ram:ID>"
        "<ram:TypeCode>380</ram:TypeCode><ram:IssueDateTime><udt:DateTimeString format=\"102\">"
        f"{facture.date:%Y%m%d}</udt:DateTimeString></ram:IssueDateTime></rsm:ExchangedDocument>"
        "<rsm:SupplyChainTradeTransaction><ram:ApplicableHeaderTradeAgreement>"
        f"{_partie(t.nom, 'SellerTradeParty', t.siret, tva_number(t.siret))}"
        f"{_partie(facture.budget.collectivite.nom, 'BuyerTradeParty', facture.budget.siret)}"
        "</ram:ApplicableHeaderTradeAgreement><ram:ApplicableHeaderTradeDelivery/>"
        "<ram:ApplicableHeaderTradeSettlement><ram:InvoiceCurrencyCode>EUR"
        "</ram:InvoiceCurrencyCode><ram:SpecifiedTradeSettlementHeaderMonetarySummation>"
        f"<ram:TaxBasisTotalAmount>{format_flux(facture.ht)}</ram:TaxBasisTotalAmount>"
        f'<ram:TaxTotalAmount currencyID="EUR">{format_flux(facture.tva)}</ram:TaxTotalAmount>'
        f"<ram:GrandTotalAmount>{ttc}</ram:GrandTotalAmount>"
        f"<ram:DuePayableAmount>{ttc}</ram:DuePayableAmount>"
        "</ram:SpecifiedTradeSettlementHeaderMonetarySummation>"
        "</ram:ApplicableHeaderTradeSettlement></rsm:SupplyChainTradeTransaction>"
        "</rsm:CrossIndustryInvoice>"
    ).encode()  # fmt: skip


def make_facturx(facture: Facture) -> bytes:
    """The PDF with its XML attached, the same bytes every day."""
    logging.getLogger("factur-x").setLevel(logging.ERROR)
    pdf = generate_from_binary(make_facture_pdf(facture), make_cii(facture), level="minimum")
    return _freeze(pdf)


def _freeze(pdf: bytes) -> bytes:
    """Dates set, streams left plain, identifier from the content: nothing depends on the day."""
    sortie = io.BytesIO()
    with pikepdf.open(io.BytesIO(pdf)) as document:
        for objet in document.objects:
            if isinstance(objet, pikepdf.Dictionary | pikepdf.Stream):
                _set_dates(objet)
        meta = document.Root.get("/Metadata")
        if isinstance(meta, pikepdf.Stream):
            meta.write(_ISO.sub(b"2022-01-03T09:00:00+00:00", meta.read_bytes()))
        document.save(sortie, deterministic_id=True, compress_streams=False,
                      stream_decode_level=pikepdf.StreamDecodeLevel.generalized,
                      object_stream_mode=pikepdf.ObjectStreamMode.disable)  # fmt: skip
    return sortie.getvalue()


def _set_dates(objet: pikepdf.Object) -> None:
    for cle in ("/CreationDate", "/ModDate"):
        if cle in objet:
            objet[cle] = pikepdf.String(_DATE)
    parametres = objet.get("/Params")
    if isinstance(parametres, pikepdf.Dictionary):
        _set_dates(parametres)
