"""French words for the names of XML elements: whole names of invoices, and words of camelCase ones.

Data only, and the function that reads a name with it.
"""

import re

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_WORDS = {
    "a": "à", "adr": "adresse", "agrement": "agrément", "app": "application", "cat": "catégorie",
    "civilite": "civilité", "cle": "clé", "cod": "code", "compl": "complément",
    "complementaire": "complémentaire", "cotis": "cotisation", "cpt": "compte", "cpte": "compte",
    "cre": "créance", "creance": "créance", "cumul": "cumul", "debiteur": "débiteur",
    "debut": "début", "deduction": "déduction", "dest": "destinataire", "div": "divers",
    "divers": "divers", "domicilie": "domicilié", "donnees": "données", "dte": "date",
    "dpt": "département", "emetteur": "émetteur", "emission": "émission", "ech": "échéance",
    "echeance": "échéance", "echelon": "échelon", "emp": "employeur", "etab": "établissement",
    "evenement": "évènement", "evt": "évènement", "geo": "géographique", "guic": "guichet",
    "hor": "horaire", "id": "identifiant", "indem": "indemnité", "indemnite": "indemnité",
    "indiv": "individuel", "int": "international", "jur": "juridique", "lib": "libellé",
    "libelle": "libellé", "ligne": "ligne", "matricule": "matricule", "metier": "métier",
    "mt": "montant", "mts": "montants", "nat": "nature", "nb": "nombre", "nbr": "nombre",
    "no": "numéro", "num": "numéro", "numero": "numéro", "obj": "objet", "org": "organisme",
    "paiement": "paiement", "paye": "paie", "pce": "pièce", "pec": "prise en charge",
    "periode": "période", "periodicite": "périodicité", "pj": "pièce jointe",
    "prenom": "prénom", "presta": "prestation", "prest": "prestation", "quantite": "quantité",
    "quotite": "quotité", "recepteur": "récepteur", "ref": "référence", "regl": "règlement",
    "reglement": "règlement", "rem": "rémunération", "remuneration": "rémunération",
    "repartition": "répartition", "res": "résidence", "resid": "résidence", "sal": "salarié",
    "secu": "sécurité sociale", "sup": "supplémentaire", "suppl": "supplémentaire",
    "fam": "familial", "tel": "téléphone", "tit": "titulaire", "titulaire": "titulaire",
    "trait": "traitement", "trav": "travail", "tx": "taux", "typ": "type", "unite": "unité",
    "ver": "version", "verst": "versement",
}  # fmt: skip
_NAMES = {
    "CP": "Code postal", "Adr1": "Adresse", "Adr2": "Adresse", "Adr3": "Adresse",
    "TitCpte": "Titulaire du compte", "LibBanc": "Banque", "IdVer": "Version",
    "MtNetAPayer": "Net à payer", "TotalAPayer": "Total à payer", "CodCol": "Code collectivité",
    "CodBud": "Code budget", "IdColl": "Collectivité", "IdPost": "Poste comptable",
    "DteStr": "Date du flux", "NomFic": "Nom du flux", "PayeIndivMensuel": "Bulletin de paie",
    "DonneesIndiv": "Données individuelles",
    "FactureIndiv": "Facture", "QuotiteTrav": "Quotité de travail", "SupFam":
    "Supplément familial", "IndemResid": "Indemnité de résidence", "TraitBrut": "Traitement brut",
    "Statut": "Statut", "NIR": "NIR", "CPPFactureMixteUnitaire": "Facture",
    # Cross Industry Invoice (Factur-X, ZUGFeRD)
    "CrossIndustryInvoice": "Facture", "ExchangedDocument": "Document",
    "ExchangedDocumentContext": "Contexte", "ID": "Identifiant", "GlobalID": "Identifiant",
    "TypeCode": "Code type", "IssueDateTime": "Date d’émission", "DateTimeString": "Date",
    "IncludedNote": "Note", "Content": "Contenu", "SellerTradeParty": "Vendeur",
    "BuyerTradeParty": "Acheteur", "PayeeTradeParty": "Bénéficiaire", "Name": "Nom",
    "PersonName": "Nom", "SpecifiedLegalOrganization": "Immatriculation",
    "PostalTradeAddress": "Adresse", "LineOne": "Adresse", "LineTwo": "Adresse",
    "LineThree": "Adresse", "PostcodeCode": "Code postal", "CityName": "Ville",
    "CountryID": "Pays", "SpecifiedTaxRegistration": "Numéro de TVA",
    "BuyerReference": "Référence de l’acheteur", "IssuerAssignedID": "Référence",
    "BuyerOrderReferencedDocument": "Bon de commande", "ContractReferencedDocument": "Contrat",
    "SupplyChainTradeTransaction": "Transaction", "ApplicableHeaderTradeAgreement": "Accord",
    "ApplicableHeaderTradeDelivery": "Livraison", "ApplicableHeaderTradeSettlement": "Règlement",
    "IncludedSupplyChainTradeLineItem": "Ligne", "LineID": "Numéro de ligne",
    "SpecifiedTradeProduct": "Produit", "Description": "Description",
    "ChargeAmount": "Prix", "BilledQuantity": "Quantité", "LineTotalAmount": "Total HT des lignes",
    "TaxBasisTotalAmount": "Total HT", "TaxTotalAmount": "Total TVA", "BasisAmount": "Base HT",
    "CalculatedAmount": "Montant de TVA", "RateApplicablePercent": "Taux de TVA",
    "GrandTotalAmount": "Total TTC", "DuePayableAmount": "Net à payer",
    "TotalPrepaidAmount": "Acompte", "InvoiceCurrencyCode": "Devise",
    "DueDateDateTime": "Échéance", "IBANID": "IBAN", "BICID": "BIC",
    "PaymentReference": "Référence de paiement", "ApplicableTradeTax": "TVA",
    "SpecifiedTradePaymentTerms": "Conditions de paiement",
    "SpecifiedTradeSettlementPaymentMeans": "Moyen de paiement",
    "SpecifiedTradeSettlementHeaderMonetarySummation": "Totaux",
    "ActualDeliverySupplyChainEvent": "Livraison", "OccurrenceDateTime": "Date",
    # UBL
    "Invoice": "Facture", "CreditNote": "Avoir", "IssueDate": "Date d’émission",
    "DueDate": "Échéance", "InvoiceTypeCode": "Code type", "Note": "Note",
    "DocumentCurrencyCode": "Devise", "AccountingSupplierParty": "Fournisseur",
    "AccountingCustomerParty": "Client", "Party": "Partie", "PartyName": "Nom",
    "RegistrationName": "Raison sociale", "CompanyID": "Immatriculation",
    "EndpointID": "Adresse électronique", "StreetName": "Adresse",
    "AdditionalStreetName": "Adresse", "PostalZone": "Code postal",
    "IdentificationCode": "Pays", "InvoiceLine": "Ligne", "Item": "Article",
    "InvoicedQuantity": "Quantité", "PriceAmount": "Prix", "LineExtensionAmount": "Total HT",
    "TaxExclusiveAmount": "Total HT", "TaxInclusiveAmount": "Total TTC",
    "PayableAmount": "Net à payer", "TaxAmount": "Montant de TVA",
    "TaxableAmount": "Base HT", "Percent": "Taux", "OrderReference": "Bon de commande",
    "ContractDocumentReference": "Contrat", "LegalMonetaryTotal": "Totaux",
    "TaxTotal": "TVA", "PaymentMeans": "Moyen de paiement",
}  # fmt: skip


def make_label(name: str) -> str:
    """« Montant net à payer » for MtNetAPayer; a name without known words is only split."""
    if known := _NAMES.get(name):
        return known
    words = split_name(name)
    spelled = [_WORDS.get(word.lower(), word if word.isupper() else word.lower()) for word in words]
    label = " ".join(spelled) or name
    return label[:1].upper() + label[1:]


def split_name(name: str) -> list[str]:
    """The words of a camelCase name: NIRAssure is NIR, Assure; MtTotalHT is Mt, Total, HT."""
    return _WORD.findall(name)
