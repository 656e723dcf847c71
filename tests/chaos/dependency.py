"""What depends on what in a history, and the circles in it: which promise no order can keep.

Four kinds of edges. Of two neighbours in a list the second was written after the first (ww); who
read a list came after who wrote its last value (wr) and before who wrote the next one (rw). Order:
what had been answered before another call was sent, where a promise says that the other sees it.
All but rw say that the one was committed before the other took its snapshot. So with snapshots
every circle has two rw edges in a row (a secondary may show that), and among what the primary ran,
serializable, there is no circle at all.

Source: Adya, "Weak Consistency", 1999, for the names; Cerone and Gotsman, "Analysing Snapshot
Isolation", JACM 2018, theorem 4.1 ((SO + WR + WW) ; RW? is acyclic); Ports and Grittner,
"Serializable Snapshot Isolation in PostgreSQL", VLDB 2012, section 3.2.
"""

import math
from bisect import bisect_left
from collections import deque
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

from history import Anomaly, History, Kind, Transaction


class Edge(StrEnum):
    """Why one transaction comes before another."""

    WW = "ww"
    WR = "wr"
    RW = "rw"
    ORDER = "order"


@dataclass(frozen=True, slots=True)
class Barrier:
    """A moment between transactions: what ended before it, before what begins after it."""

    chain: str
    at: int


Node = int | Barrier
Graph = Mapping[Hashable, Sequence[Hashable]]


@dataclass(frozen=True, slots=True)
class Dependency:
    """One transaction, or a moment, before another."""

    before: Node
    after: Node
    edge: Edge


def check(history: History) -> tuple[Anomaly, ...]:
    """Return all that is wrong with a history; nothing for a good one."""
    return (*history.anomalies(), *circles(history))


def circles(history: History) -> tuple[Anomaly, ...]:
    """Return a circle for each knot of the first kind that there is."""
    found = tuple(_dependencies(history))
    writes = {one.number for one in history.committed if one.is_fenced}
    of_primary = [
        one
        for one in found
        if all(isinstance(node, Barrier) or node in writes for node in (one.before, one.after))
    ]
    for kind, dependencies, edges in (
        (Kind.G0, found, {Edge.WW}),
        (Kind.G1C, found, {Edge.WW, Edge.WR}),
        (Kind.ORDER, found, {Edge.WW, Edge.WR, Edge.ORDER}),
        (Kind.G_NONADJACENT, found, set(Edge)),
        (Kind.G2, of_primary, set(Edge)),
    ):
        labels = {
            (one.before, one.after): one.edge
            for one in sorted(dependencies, key=lambda one: one.edge is not Edge.RW)
            if one.edge in edges
        }
        walks = _nonadjacent(labels) if kind is Kind.G_NONADJACENT else _simple(labels)
        anomalies = tuple(_anomaly(kind, walk, labels) for walk in walks)
        if anomalies:
            return anomalies
    return ()


def _anomaly(kind: Kind, walk: Sequence[Node], labels: Mapping[tuple[Node, Node], Edge]) -> Anomaly:
    steps = [(one, labels[one, other]) for one, other in pairwise((*walk, walk[0]))]
    if kind is Kind.G_NONADJACENT and sum(edge is Edge.RW for _, edge in steps) == 1:
        kind = Kind.G_SINGLE
    # A way over barriers is one step in the order of time.
    shown = [(node, edge) for node, edge in steps if not isinstance(node, Barrier)]
    detail = " ".join(f"{node} -{edge}->" for node, edge in (*shown, shown[0])).rsplit(" ", 1)[0]
    return Anomaly(kind=kind, detail=detail, transactions=tuple(node for node, _ in shown))


# ---- edges --------------------------------------------------------------------------------------


def _dependencies(history: History) -> Iterator[Dependency]:
    yield from _of_lists(history)
    for one in history.acknowledged:
        yield from _of_reads(history, one)
    yield from _of_time(history)


def _edge(
    before: Transaction | None, after: Transaction | None, edge: Edge
) -> Iterator[Dependency]:
    if before is not None and after is not None and before is not after:
        yield Dependency(before.number, after.number, edge)


def _of_lists(history: History) -> Iterator[Dependency]:
    for values in history.final.values():
        for value, following in pairwise(values):
            yield from _edge(history.author.get(value), history.author.get(following), Edge.WW)


def _of_reads(history: History, one: Transaction) -> Iterator[Dependency]:
    for read in one.reads:
        final = history.final.get(read.key, ())
        if read.values:
            yield from _edge(history.author.get(read.values[-1]), one, Edge.WR)
        if len(read.values) < len(final):
            yield from _edge(one, history.author.get(final[len(read.values)]), Edge.RW)


def _of_time(history: History) -> Iterator[Dependency]:
    """Yield the order that the promises demand; see `History.demands`.

    A read that was answered comes before all that the primary runs afterwards too: it saw a state
    that the primary had by then.
    """
    known = history.acknowledged
    appending = [one for one in known if one.appends]
    yield from _chain(
        "primary", ((one.end, one) for one in known), (one for one in known if one.is_fenced)
    )
    yield from _chain("mirrored", ((one.end, one) for one in appending if one.is_mirrored), known)
    for process in sorted({one.process for one in known}):
        own = [one for one in known if one.process == process]
        yield from _chain(process, ((one.end, one) for one in own if one.appends), own)
    if not math.isinf(history.age_s_max):
        yield from _chain("age", ((one.end + history.age_s_max, one) for one in appending), known)


def _chain(
    name: str, ends: Iterable[tuple[float, Transaction]], begins: Iterable[Transaction]
) -> Iterator[Dependency]:
    """Yield edges so that a way leads from each end to each begin after it, and no other."""
    ordered = sorted(ends, key=lambda end: end[0])
    for at, (_, one) in enumerate(ordered):
        yield Dependency(one.number, Barrier(name, at), Edge.ORDER)
        if at:
            yield Dependency(Barrier(name, at - 1), Barrier(name, at), Edge.ORDER)
    times = [end for end, _ in ordered]
    for one in begins:
        over = bisect_left(times, one.begin)
        if over:
            yield Dependency(Barrier(name, over - 1), one.number, Edge.ORDER)


# ---- circles ------------------------------------------------------------------------------------


def _simple(labels: Iterable[tuple[Node, Node]]) -> list[list[Node]]:
    """Return a short circle of each knot."""
    graph: dict[Hashable, list[Hashable]] = {}
    for before, after in labels:
        graph.setdefault(before, []).append(after)
    return [_circle(graph, knot) for knot in _knots(graph)]


def _nonadjacent(labels: Mapping[tuple[Node, Node], Edge]) -> list[list[Node]]:
    """Return walks that come back to their beginning with no two rw edges in a row.

    Each node stands twice: as reached by an rw edge, from where none leads on, and by another one.
    """
    graph: dict[Hashable, list[Hashable]] = {}
    for (before, after), edge in labels.items():
        if edge is Edge.RW:
            graph.setdefault((before, False), []).append((after, True))
        else:
            graph.setdefault((before, False), []).append((after, False))
            graph.setdefault((before, True), []).append((after, False))
    return [[node for node, _ in _circle(graph, knot)] for knot in _knots(graph)]


def _circle(graph: Graph, knot: set[Hashable]) -> list:
    """Return the shortest circle through some node of a knot."""
    start = min(knot, key=repr)
    back: dict[Hashable, Hashable] = {}
    waiting = deque([start])
    while start not in back:
        node = waiting.popleft()
        for following in graph.get(node, ()):
            if following in knot and following not in back:
                back[following] = node
                waiting.append(following)
    circle = [back[start]]
    while circle[-1] != start:
        circle.append(back[circle[-1]])
    return circle[::-1]


def _knots(graph: Graph) -> list[set[Hashable]]:
    """Return the strongly connected components of more than one node.

    Source: Tarjan, "Depth-First Search and Linear Graph Algorithms", 1972; without recursion.
    """
    index: dict[Hashable, int] = {}
    low: dict[Hashable, int] = {}
    stack: list[Hashable] = []
    on_stack: set[Hashable] = set()
    found: list[set[Hashable]] = []

    def enter(node: Hashable) -> tuple[Hashable, Iterator[Hashable]]:
        index[node] = low[node] = len(index)
        stack.append(node)
        on_stack.add(node)
        return node, iter(graph.get(node, ()))

    for root in graph:
        if root in index:
            continue
        calls = [enter(root)]
        while calls:
            node, following = calls[-1]
            descended = _descend(node, following, (index, low, on_stack))
            if descended is not None:
                calls.append(enter(descended))
                continue
            calls.pop()
            if calls:
                low[calls[-1][0]] = min(low[calls[-1][0]], low[node])
            if low[node] == index[node]:
                found.append(_unwind(node, stack, on_stack))
    return [knot for knot in found if len(knot) > 1]


def _descend(node, following, marks):
    """Return the next node to enter; note what leads back meanwhile."""
    index, low, on_stack = marks
    for one in following:
        if one not in index:
            return one
        if one in on_stack:
            low[node] = min(low[node], index[one])
    return None


def _unwind(node, stack, on_stack):
    at = stack.index(node)
    knot = set(stack[at:])
    del stack[at:]
    on_stack -= knot
    return knot
