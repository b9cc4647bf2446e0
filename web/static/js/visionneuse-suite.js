// Next and previous result without going back: the page of results leaves its list in the session.

const KEY = "orc-resultats";

function read() {
  try {
    return JSON.parse(sessionStorage.getItem(KEY) ?? "null");
  } catch {
    return null;
  }
}

function link(text, href, rel) {
  const made = document.createElement("a");
  made.href = href;
  made.textContent = text;
  if (rel) made.rel = rel;
  return made;
}

const place = document.querySelector("[data-orc-resultats]");
const kept = read();
// The document and the piece tell a result, whatever page of it is shown.
const key = (href) => {
  const url = new URL(href, location.href);
  return `${url.pathname}?${url.searchParams.get("piece")}`;
};
const rank = kept?.liens?.findIndex((href) => key(href) === key(location.href)) ?? -1;
// Another PJ of a found piece is no result itself: it still leads back to its search.
// A sealed search is known by its key: `r` where it is asked, `q` where its words are shown.
const words = (href) => {
  const params = new URL(href, location.href).searchParams;
  return params.get("r") ?? params.get("q");
};
const searched = kept && words(location.href) !== null && words(location.href) === words(kept.page);
if (place && (rank >= 0 || searched)) {
  const parts = [link("Retour aux résultats", kept.page)];
  if (rank >= 0) {
    if (rank > 0) parts.push(link("Résultat précédent", kept.liens[rank - 1], "prev"));
    const where = document.createElement("span");
    where.textContent = `résultat ${rank + 1} sur ${kept.liens.length} de la page`;
    parts.push(where);
    if (rank < kept.liens.length - 1) parts.push(link("Résultat suivant", kept.liens[rank + 1], "next"));
  }
  place.append(...parts);
  place.hidden = false;
}
