"""The resource tree of a record."""

from collections import Counter
from dataclasses import dataclass, field

from assurance.record import Record, Resource


@dataclass
class Node:
    """A resource with its children, both in the order in which the program made them."""

    resource: Resource
    children: "list[Node]" = field(default_factory=list)

    def count(self) -> int:
        """Resources below this one."""
        return sum(1 + child.count() for child in self.children)


def resource_tree(record: Record) -> list[Node]:
    """The roots of the tree: resources whose parent is the stack (or is not in the record), sorted by type and name.

    Registration order depends on which output resolves first, so siblings are sorted: two runs show the same tree.
    """
    nodes = {resource.urn: Node(resource) for resource in record.resources}
    roots: list[Node] = []
    for node in nodes.values():
        parent = nodes.get(node.resource.parent)
        (parent.children if parent else roots).append(node)
    for siblings in (roots, *(node.children for node in nodes.values())):
        siblings.sort(key=lambda node: (node.resource.custom, node.resource.type, node.resource.name))
    return roots


def counts_by_kind(record: Record) -> list[tuple[str, int]]:
    """How many resources of each type, without components, most first."""
    counts = Counter(resource.type for resource in record.resources if resource.custom)
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))
