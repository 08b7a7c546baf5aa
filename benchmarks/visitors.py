"""Visitors who do not wait: `python -m benchmarks.visitors [--visitors 1 4 20] [--seconds 60] [--pause 2]`. Linux only.

Each changes how many people are treated and how many sessions are planned every few seconds, whether or not the page
has answered, on the server that `./run` starts. Each uses numbers of people of its own, so that an answer to another's
question is noticed. Ends with 1 where a bound below is broken.
"""

import argparse
import asyncio
import json
import random
import sys
import time
from dataclasses import asdict, dataclass, field

from costmodel.model.parallel import processors
from tests.support.protocol import Server, Visitor, served

FIRST = 1_000
"""The first visitor's numbers of people begin here; every visitor has as many of them."""
SLOWEST_HEALTH = 1.0
"""Seconds in which the server says that it is well."""
MORE_THREADS = 20
"""Beside one a processor and one a visitor."""
MOST_MB = 1_500
IDLE_AFTER = 10
"""Seconds after the last visitor in which the server comes to rest."""
IDLE = 0.1
"""Share of a processor that a server at rest may use."""


@dataclass
class Load:
    """What was seen of a number of visitors. Times in seconds."""

    visitors: int
    changes: int = 0
    answered: list[float] = field(default_factory=list)
    last_answered: int = 0
    """Visitors whose last change was answered."""
    cross_talk: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    health: list[float] = field(default_factory=list)
    threads: int = 0
    peak_mb: int = 0
    busy_after: float = 0.0
    """Share of a processor in use, ten seconds after the last visitor left."""

    def broken(self) -> list[str]:
        """Which bounds do not hold."""
        found = {
            f"health took {max(self.health):.2f} s": max(self.health) > SLOWEST_HEALTH,
            f"{self.threads} threads": self.threads > processors() + self.visitors + MORE_THREADS,
            f"{self.peak_mb:,} MB": self.peak_mb > MOST_MB,
            f"{self.busy_after:.0%} of a processor in use afterwards": self.busy_after > IDLE,
            f"an answer to another: {self.cross_talk[:1]}": bool(self.cross_talk),
            f"errors: {self.errors[:2]}": bool(self.errors),
            f"the last change of {self.last_answered} of {self.visitors} was answered":
                self.visitors <= 4 and self.last_answered < self.visitors,
        }  # fmt: skip
        return [what for what, wrong in found.items() if wrong]


def load(server: Server, visitors: int, seconds: float, pause: float) -> Load:
    """Let visitors come, stay and leave."""
    seen = Load(visitors)
    asyncio.run(_come_and_go(server, seen, seconds, pause))
    time.sleep(IDLE_AFTER)
    before, start = server.processor_seconds(), time.monotonic()
    time.sleep(2)
    seen.busy_after = (server.processor_seconds() - before) / (time.monotonic() - start)
    return seen


async def _come_and_go(server: Server, seen: Load, seconds: float, pause: float) -> None:
    async def watch() -> None:
        while True:
            health = await asyncio.to_thread(server.health)
            seen.health.append(float("inf") if health is None else health)
            status = server.status()
            seen.threads, seen.peak_mb = max(seen.threads, status["threads"]), max(seen.peak_mb, status["rss_mb"])
            await asyncio.sleep(0.5)

    watcher = asyncio.create_task(watch())
    found = await asyncio.gather(
        *(_visit(server, seen, i, seconds, pause) for i in range(seen.visitors)), return_exceptions=True
    )
    seen.errors += [f"{type(error).__name__}: {error}" for error in found if isinstance(error, BaseException)]
    watcher.cancel()


async def _visit(server: Server, seen: Load, number: int, seconds: float, pause: float) -> None:
    pick = random.Random(number)
    own = range(FIRST * (number + 1), FIRST * (number + 2))
    asked: dict[int, float] = {}
    last_answer = asyncio.Event()
    async with Visitor(server.url) as visitor:
        await visitor.visit("In full")

        async def listen() -> None:
            while True:
                visitor.texts = []
                await visitor.receive(600)
                for text in visitor.texts:
                    if not (text.startswith("For ") and " people over" in text):
                        continue
                    people = int(text.split()[1].replace(",", ""))
                    if people in asked:
                        seen.answered.append(time.perf_counter() - asked.pop(people))
                    elif people >= FIRST and people not in own:
                        seen.cross_talk.append(text[:60])
                    if people == own[change] and ended:
                        last_answer.set()

        change, ended = 0, False
        ear = asyncio.create_task(listen())
        await asyncio.sleep(pick.random() * pause)
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            change += 1
            visitor.set("People treated", float(own[change]))
            visitor.set("Sessions planned", float(pick.randint(10, 80)))
            asked[own[change]] = time.perf_counter()
            seen.changes += 1
            await visitor.send()
            await asyncio.sleep(pause)
        ended = True
        if own[change] not in asked:
            last_answer.set()
        try:
            await asyncio.wait_for(last_answer.wait(), 10 + seen.visitors)
            seen.last_answered += 1
        except TimeoutError:
            pass
        ear.cancel()
        await visitor.close()  # a listener that missed its being cancelled ends with the connection
        await asyncio.gather(ear, return_exceptions=True)
        seen.errors += visitor.errors


def main() -> int:
    """Print what was seen as JSON, a line for each number of visitors."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.visitors", description=__doc__)
    parser.add_argument("--visitors", type=int, nargs="+", default=[1, 4, 20])
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--pause", type=float, default=2)
    asked = parser.parse_args()
    broken: list[str] = []
    for visitors in asked.visitors:
        with served() as server:
            seen = load(server, visitors, asked.seconds, asked.pause)
        ranked = sorted(seen.answered)
        figures = asdict(seen) | {"answered": len(ranked), "health": round(max(seen.health), 3)}
        figures["within 2 s"] = sum(one <= 2 for one in ranked)
        figures["median"], figures["95th"] = (
            (round(ranked[int(p * (len(ranked) - 1))], 2) if ranked else None) for p in (0.5, 0.95)
        )
        print(json.dumps(figures | {"broken": seen.broken()}), flush=True)
        broken += seen.broken()
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
