"""Visitors who do not wait: `python -m benchmarks.visitors [--visitors 1 4 20] [--seconds 60]`. Linux only.

Each changes the price of a session on the first page, whether or not the page has answered, on the server that
`./run` starts: --burst changes, --every so many seconds, then --read seconds of reading. Each uses prices of its own,
so that an answer to another is noticed. An answer is the verdict on the last change of a burst; it may be an estimate.
Ends with 1 where a bound below is broken.
"""

import argparse
import asyncio
import json
import random
import re
import sys
import time
from dataclasses import asdict, dataclass, field

from costmodel.model.parallel import processors
from tests.support.protocol import Server, Visitor, served

FIRST, OWN = 100, 45
"""The first visitor's prices in whole pounds begin here, every visitor has so many; the page shows three digits."""
SLOWEST_HEALTH = 1.0
"""Seconds in which the server says that it is well."""
MORE_THREADS = 20
"""Beside one a processor and one a visitor."""
MOST_MB = 1_500
IDLE_AFTER = 10
"""Seconds after the last visitor in which the server comes to rest."""
IDLE = 0.1
"""Share of a processor that a server at rest may use."""


AT_FIRST = 173
"""The price of a session on the page that opens, in pounds."""
PRICED = re.compile(r"priced at (?:<[^>]+>)*£([\d,]+)")


@dataclass(frozen=True)
class Pace:
    """How a visitor goes on: changes in a burst, seconds from one to the next, seconds of reading after it."""

    seconds: float
    burst: int
    every: float
    read: float


@dataclass
class Load:
    """What was seen of a number of visitors. Times in seconds."""

    visitors: int
    bursts: int = 0
    answered: list[float] = field(default_factory=list)
    last_answered: int = 0
    """Visitors whose last change of all was answered."""
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


def load(server: Server, visitors: int, pace: Pace) -> Load:
    """Let visitors come, stay and leave."""
    seen = Load(visitors)
    asyncio.run(_come_and_go(server, seen, pace))
    time.sleep(IDLE_AFTER)
    before, start = server.processor_seconds(), time.monotonic()
    time.sleep(2)
    seen.busy_after = (server.processor_seconds() - before) / (time.monotonic() - start)
    return seen


async def _come_and_go(server: Server, seen: Load, pace: Pace) -> None:
    async def watch() -> None:
        while True:
            health = await asyncio.to_thread(server.health)
            seen.health.append(float("inf") if health is None else health)
            status = server.status()
            seen.threads = max(seen.threads, status["threads"])
            seen.peak_mb = max(seen.peak_mb, await asyncio.to_thread(server.memory_mb))
            await asyncio.sleep(0.5)

    watcher = asyncio.create_task(watch())
    found = await asyncio.gather(*(_visit(server, seen, i, pace) for i in range(seen.visitors)), return_exceptions=True)
    seen.errors += [f"{type(error).__name__}: {error}" for error in found if isinstance(error, BaseException)]
    watcher.cancel()


async def _visit(server: Server, seen: Load, number: int, pace: Pace) -> None:
    pick = random.Random(number)
    own = range(FIRST + OWN * number, FIRST + OWN * (number + 1))
    asked: dict[int, float] = {}
    async with Visitor(server.url) as visitor:

        async def listen() -> None:
            while True:
                visitor.texts = []
                await visitor.receive(600)
                for price in (int(one[1].replace(",", "")) for text in visitor.texts for one in PRICED.finditer(text)):
                    if price in asked:
                        seen.answered.append(time.perf_counter() - asked.pop(price))
                    elif price not in (*own, AT_FIRST):
                        seen.cross_talk.append(str(price))

        ear = asyncio.create_task(listen())
        await asyncio.sleep(pick.random() * (pace.burst * pace.every + pace.read))
        change, end = own[0], time.monotonic() + pace.seconds
        while time.monotonic() < end:
            change += 1
            for left in reversed(range(pace.burst)):  # pence that are rounded away, then the whole pound
                visitor.set("£ a session, or your own", change - (1 - left / 100 if left else 0.0))
                if not left:
                    seen.bursts += 1
                    asked[change] = time.perf_counter()
                await visitor.send()
                await asyncio.sleep(pace.every)
            await asyncio.sleep(pace.read)
        for _ in range(2 * (10 + seen.visitors)):
            if change not in asked:
                seen.last_answered += 1
                break
            await asyncio.sleep(0.5)
        ear.cancel()
        await visitor.close()  # a listener that missed its being cancelled ends with the connection
        await asyncio.gather(ear, return_exceptions=True)
        seen.errors += visitor.errors


def main() -> int:
    """Print what was seen as JSON, a line for each number of visitors."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.visitors", description=__doc__)
    parser.add_argument("--visitors", type=int, nargs="+", default=[1, 4, 20])
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--burst", type=int, default=5)
    parser.add_argument("--every", type=float, default=0.5)
    parser.add_argument("--read", type=float, default=8)
    asked = parser.parse_args()
    broken: list[str] = []
    for visitors in asked.visitors:
        with served() as server:
            seen = load(server, visitors, Pace(asked.seconds, asked.burst, asked.every, asked.read))
        ranked = sorted(seen.answered)
        figures = asdict(seen) | {"answered": len(ranked), "health": round(max(seen.health), 3)}
        figures["within 2 s"] = sum(one <= 2 for one in ranked)
        figures["median"], figures["95th"], figures["slowest"] = (
            (round(ranked[int(p * (len(ranked) - 1))], 2) if ranked else None) for p in (0.5, 0.95, 1)
        )
        print(json.dumps(figures | {"broken": seen.broken()}), flush=True)
        broken += seen.broken()
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
