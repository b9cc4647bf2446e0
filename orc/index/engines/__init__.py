"""One file per search engine; only bootstrap imports them."""
