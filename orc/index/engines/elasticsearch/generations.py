"""Generations of indexes behind one alias: which is searched, which is being built."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from elasticsearch import BadRequestError, Elasticsearch, NotFoundError

from orc.errors import Conflict, Unavailable
from orc.index.engines.elasticsearch.documents import SANS
from orc.index.engines.elasticsearch.mapping import make_mapping, make_signature

REMPLACE = "L’index vient d’être remplacé par un nouveau : ce travail est à refaire dans celui-ci."


class IndexPerime(Conflict):
    """The index was made by another version of ORC: it can be made again from SQL."""

    def __init__(self, prefix: str) -> None:
        super().__init__(
            f"L’index « {prefix} » a été construit par une autre version d’ORC : "
            "reconstruisez-le avec « orc rebuild »."
        )


@dataclass(frozen=True, slots=True)
class Forme:
    """How indexes are cut: exercices in each, shards, copies (`0-1`: one where nodes allow it)."""

    exercices: int = 1
    partitions: int = 1
    copies: str = "0-1"

    def make_settings(self) -> dict[str, Any]:
        """Settings of a new index. Nothing is found before commit() refreshes it."""
        copies: dict[str, Any] = (
            {"auto_expand_replicas": self.copies}
            if "-" in self.copies
            else {"number_of_replicas": int(self.copies)}
        )
        return {
            "number_of_shards": self.partitions,
            "refresh_interval": "-1",
            "translog.flush_threshold_size": "512mb",
            **copies,
        }

    def find_group(self, exercice: int | None) -> str:
        """The group of an exercice: `2023`, `2020-2024`, or `sans`."""
        if exercice is None or not 1000 <= exercice <= 9999:
            return SANS
        first = exercice - exercice % self.exercices
        last = first + self.exercices - 1
        return f"{first:04d}" if self.exercices == 1 else f"{first:04d}-{last:04d}"


class Generations:
    """Names: index `orc-3-2023`, its alias for writing `orc-ecriture-3-2023`, `orc` for reading.

    Documents are written through the alias only: an index deleted by hand is never made again by
    the cluster itself, with a mapping of its own guessing.
    """

    def __init__(self, client: Elasticsearch, prefix: str, forme: Forme) -> None:
        self.client = client
        self.prefix = prefix
        self.forme = forme
        self._name = re.compile(rf"{re.escape(prefix)}-(\d{{1,9}})-(\d{{4}}(?:-\d{{4}})?|{SANS})")

    def find_current(self) -> dict[str, Mapping[str, Any]]:
        """Indexes behind the alias, with their mapping's `_meta`."""
        try:
            answer = self.client.indices.get_mapping(
                index=self.prefix, filter_path="*.mappings._meta"
            )
        except NotFoundError:
            return {}
        return {
            name: held.get("mappings", {}).get("_meta", {}).get("orc", {})
            for name, held in answer.items()
        }

    def find_number(self) -> int | None:
        """The generation that is searched; None when there is none. Raises IndexPerime."""
        current = self.find_current()
        if any(meta.get("signature") != make_signature() for meta in current.values()):
            raise IndexPerime(self.prefix)
        numbers = [self.read_number(name) for name in current]
        return max([n for n in numbers if n is not None], default=None)

    def read_number(self, name: str) -> int | None:
        """The generation in an index's name; None for another's index."""
        found = self._name.fullmatch(name)
        return int(found[1]) if found else None

    def find_numbers(self) -> dict[int, list[str]]:
        """Every generation there is, with its indexes."""
        answer = self.client.indices.get_settings(
            index=f"{self.prefix}-*",
            expand_wildcards="open,closed",
            filter_path="*.settings.index.uuid",
        )
        held: dict[int, list[str]] = {}
        for name in answer:
            number = self.read_number(name)
            if number is not None:
                held.setdefault(number, []).append(name)
        return held

    def find_next(self) -> int:
        """A number no generation has had."""
        return max(self.find_numbers(), default=0) + 1

    def start(self) -> int:
        """Begin a generation that nobody searches: its number, nobody else's."""
        while True:
            number = self.find_next()
            if self._create(f"{self.prefix}-{number}-{SANS}", self.alias(number, SANS)):
                return number

    def pattern(self, number: int) -> str:
        """Every index of a generation."""
        return f"{self.prefix}-{number}-*"

    def alias(self, number: int, group: str) -> str:
        """Where documents of this group are written."""
        return f"{self.prefix}-ecriture-{number}-{group}"

    def make(self, number: int, group: str, *, searched: bool) -> str:
        """Make the index of a group unless it is there; the alias to write through.

        Raises Unavailable when `searched` and another generation is searched by now.
        """
        name, alias = f"{self.prefix}-{number}-{group}", self.alias(number, group)
        self._create(name, alias)
        if searched:
            self._attach(name, number)
        return alias

    def _create(self, name: str, alias: str) -> bool:
        """Whether it was made now; an index that is there is left as it is."""
        try:
            self.client.indices.create(
                index=name,
                settings=self.forme.make_settings(),
                mappings=make_mapping(),
                aliases={alias: {}},
            )
        except BadRequestError as error:
            if error.error != "resource_already_exists_exception":
                raise
            return False
        return True

    def _attach(self, name: str, number: int) -> None:
        """Have this index searched, if its generation still is: both in one step."""
        current = list(self.find_current())
        if name in current:
            return
        if any(self.read_number(other) != number for other in current):
            raise Unavailable(REMPLACE)
        actions: list[dict[str, Any]] = []
        if current:
            witness = {"index": current[0], "alias": self.prefix}
            actions = [{"remove": {**witness, "must_exist": True}}, {"add": witness}]
        actions.append({"add": {"index": name, "alias": self.prefix}})
        try:
            self.client.indices.update_aliases(actions=actions)
        except NotFoundError as error:
            raise Unavailable(REMPLACE) from error

    def switch(self, number: int) -> None:
        """Have this generation searched instead of the other, in one step."""
        every = {"index": f"{self.prefix}-*", "alias": self.prefix}
        removed = [{"remove": every}] if self.find_current() else []
        added = [{"add": {"index": n, "alias": self.prefix}} for n in self.find_numbers()[number]]
        self.client.indices.update_aliases(actions=[*removed, *added])

    def delete(self, names: Sequence[str]) -> None:
        """Delete these indexes, each by its name: wildcards are refused by clusters."""
        for name in names:
            self.client.options(ignore_status=404).indices.delete(index=name)
