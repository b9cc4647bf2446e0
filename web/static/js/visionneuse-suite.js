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
if (place && rank >= 0) {
  const parts = [link("Retour aux résultats", kept.page)];
  if (rank > 0) parts.push(link("Résultat précédent", kept.liens[rank - 1], "prev"));
  const where = document.createElement("span");
  where.textContent = `résultat ${rank + 1} sur ${kept.liens.length} de la page`;
  parts.push(where);
  if (rank < kept.liens.length - 1) parts.push(link("Résultat suivant", kept.liens[rank + 1], "next"));
  place.append(...parts);
  place.hidden = false;
}
