"""Random scenario files that use the whole format: what docs/format.md supports, in any mixture.

`random_scenario(seed, folder)` writes one and gives what the file gives. The same seed gives the same file.
"""

import copy
import itertools
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

import costmodel as cm
from costmodel.scenario.load import resolve
from costmodel.scenario.read import Place, Tree
from costmodel.scenario.setting import home
from tests.support.example import INDEX, derived, number, price, write_model, write_setting

PAYERS = ("nhs", "social_care", "dwp", "hmrc", "justice", "employer", "household", "nobody")
CATEGORIES = (
    "medication",
    "hospital",
    "community",
    "primary care",
    "social care",
    "welfare",
    "tax",
    "productivity",
    "informal care",
)
POSTERIOR_ROWS = 40
ANCHORS = ("referral", "start of therapy", "end of therapy")


class Draft:
    """A model file in the making; every random choice comes from one generator."""

    def __init__(self, rng: np.random.Generator, step: int = 1) -> None:
        self.rng = rng
        self.step = step
        """Months of a cycle. Where a rate or a multiple changes, a cycle begins."""
        self.anchors = ANCHORS
        """What the windows of effects may go by: without the end of therapy once a therapy has ended inside a cycle."""
        self.parameters: dict[str, dict[str, Any]] = {}
        self.posterior: dict[str, list[float]] = {}

    # Choices

    def chance(self, share: float) -> bool:
        return bool(self.rng.random() < share)

    def one(self, options: Sequence[Any]) -> Any:
        return options[int(self.rng.integers(len(options)))]

    def between(self, low: float, high: float) -> float:
        return round(float(self.rng.uniform(low, high)), 6)

    def duration(self, low: int, high: int) -> str:
        """A time in months, sometimes off the grid of months, or in weeks or years."""
        whole = int(self.rng.integers(low, high + 1))
        return self.one([f"{whole} months"] * 3 + [f"{whole}.5 months", f"{whole * 4 + 1} weeks"])

    def cycles(self, low: int, high: int) -> str:
        """A time from `low` to about `high` months in whole cycles, in months or, now and then, in years."""
        months = self.step * int(self.rng.integers(-(-low // self.step), max(high, low + self.step) // self.step + 1))
        return f"{months / 12:g} years" if months % 3 == 0 and self.chance(0.3) else f"{months} months"

    def perhaps_drawn(self, duration: str, low: float, high: float) -> str:
        """A duration, or a parameter of about so many months."""
        if self.chance(0.6):
            return duration
        unit, months = self.one(["months", "years"]), self.between(low, high)
        spread = self.uncertain("lognormal", cv=0.6)
        return self.add("time", number(unit, months if unit == "months" else round(months / 12, 6), **spread))

    # Parameters

    def add(self, stem: str, record: dict[str, Any]) -> str:
        name = f"{stem}_{len(self.parameters)}"
        self.parameters[name] = record
        return name

    def uncertain(self, kind: str, **spread: Any) -> dict[str, Any]:
        return {"distribution": kind, **spread} if self.chance(0.5) else {}

    def share(self, low: float = 0.0, high: float = 1.0) -> str | int:
        if (low, high) == (0.0, 1.0) and self.chance(0.2):
            return self.one([0, 1])
        value = self.between(low + 0.02 * (high - low), high - 0.02 * (high - low))
        if self.chance(0.2):
            return self.add("share", derived("share", complement_of=self.add("share", number("share", value))))
        if self.chance(0.15):
            ends = {"range": [round(value * 0.9, 7), round(value * 0.95, 7)]}
            return self.add("share", number("share", distribution="uniform", **ends))
        spread = self.uncertain("beta", effective_size=self.between(10, 80))
        return self.add("share", number("share", value, **spread))

    def plain_rate(self) -> str:
        highest = 12.0 if self.chance(0.1) else 3.0
        value = round(float(np.exp(self.rng.uniform(np.log(0.02), np.log(highest)))), 6)
        spread = self.uncertain(self.one(["gamma", "lognormal"]), cv=0.2)
        return self.add("rate", number("per year", value, **spread))

    def rate(self, over_time: bool = False) -> str | int:
        kind = self.rng.random()
        if over_time and kind < 0.25:
            later = np.arange(self.step, 40, self.step)
            times = [0, *sorted(self.rng.choice(later, int(self.rng.integers(1, 3)), replace=False))]
            pieces = {f"{t} months": self.plain_rate() for t in times}
            return self.add("rate", derived("per year", over_time=pieces))
        if kind < 0.35:
            ratio = self.add("ratio", number("multiplier", self.between(0.3, 1.5)))
            return self.add("rate", derived("per year", product_of=[self.plain_rate(), ratio]))
        if kind < 0.42:
            return self.add("rate", derived("per year", mean_of=[self.plain_rate(), self.plain_rate()]))
        if kind < 0.5:
            options = {"slow": self.plain_rate(), "quick": self.plain_rate()}
            return self.add("rate", derived("per year", use=self.one(["slow", "quick"]), one_of=options))
        if kind < 0.65:
            name = self.add("fitted", derived("per year", joint="posterior.csv", status="derived"))
            self.posterior[name] = [self.between(0.05, 2.0) for _ in range(POSTERIOR_ROWS)]
            return name
        return 0 if kind > 0.97 else self.plain_rate()

    def hazard_ratio(self) -> str | int:
        if self.chance(0.1):
            return self.one([0, 1])
        spread = self.uncertain("lognormal", se_log=0.2)
        return self.add("hr", number("hazard ratio", self.between(0.2, 3.0), **spread))

    def death_ratio(self) -> str | int:
        if self.chance(0.2):
            return 1
        ratio = self.add("rr", number("rate ratio", self.between(0.5, 4.0), **self.uncertain("lognormal", se_log=0.1)))
        if self.chance(0.5):
            return ratio
        prevalence = self.add("prevalence", number("share", self.between(0.01, 0.3)))
        return self.add("rr", derived("rate ratio", rebased={"ratio": ratio, "prevalence": prevalence}))

    def price(self, thing: str, low: float, high: float) -> str:
        spread = self.uncertain("gamma", cv=0.15)
        return self.add("price", price(thing, self.between(low, high), self.one(list(INDEX)), **spread))

    def quantity(self) -> str | int:
        if self.chance(0.1):
            return 0
        value, spread = self.between(0.1, 20), self.uncertain("gamma", cv=0.2)
        name = self.add("visits", number("visits per year", value, **spread))
        if self.chance(0.2):
            ratio = self.add("ratio", number("multiplier", self.between(0.2, 2.0)))
            return self.add("visits", derived("visits per year", product_of=[name, ratio]))
        return name

    def utility(self) -> str | int:
        if self.chance(0.1):
            return self.one([0, 1])
        return self.add("utility", number("utility", self.between(0.1, 0.95), **self.uncertain("beta", se=0.03)))

    # Blocks

    def start(self, states: Sequence[str]) -> dict[str, str | int]:
        if len(states) == 1 or self.chance(0.4):
            return {states[0]: 1}
        first = self.add("start", number("share", self.between(0.1, 0.9), **self.uncertain("beta", effective_size=30)))
        return {states[0]: first, states[1]: self.add("start", derived("share", complement_of=first))}

    def transitions(self, states: Sequence[str]) -> dict[str, str | int]:
        """A path through all states, so that each can be reached, and any other arrows."""
        arrows = [f"{a} -> {b}" for a, b in itertools.pairwise(states)]
        for a in states:
            arrows += [f"{a} -> {b}" for b in states if a != b and self.chance(0.4)]
        arrows += [f"{a} -> dead" for a in states if self.chance(0.1)]
        chosen = list(dict.fromkeys(arrows))
        self.rng.shuffle(chosen)
        return {arrow: self.rate(over_time=True) for arrow in chosen}

    def deaths(self, states: Sequence[str]) -> dict[str, Any]:
        """The general population's deaths, multiplied alike in all states or not."""
        if self.chance(0.7):
            return {"rate_ratio": self.death_ratio()}
        named = {state: self.death_ratio() for state in states if self.chance(0.5)}
        general = {"rate_ratio": self.death_ratio()} if len(named) < len(states) else {}
        return {"rate_ratios": named} | general

    def own(self, states: Sequence[str], transitions: dict[str, Any]) -> dict[str, Any]:
        """What a strategy has of its own: where its people begin, and rates that no effect changes."""
        block: dict[str, Any] = {"cohort": {"start": self.start(states)}} if self.chance(0.15) else {}
        if transitions and self.chance(0.2):
            block["transitions"] = {self.one(list(transitions)): self.rate(over_time=True)}
        return block

    def therapy(self, payer: str, *, effects: bool = True) -> dict[str, Any]:
        """Sessions. They may begin and end inside a cycle, but where effects go by them they do not."""
        sessions = self.add("sessions", number("sessions", self.between(4, 60), **self.uncertain("gamma", cv=0.1)))
        wait = self.one(["0 months", "0 months", self.cycles(0, 9), self.cycles(20, 40)])
        over = self.cycles(2, 18)
        if not effects:
            wait = self.duration(0, 9)
        if not effects or self.chance(0.5):
            over, self.anchors = self.duration(2, 18), ANCHORS[:2]
        block = {
            "sessions": sessions,
            "over": over,
            "wait": wait,
            "attendance": self.share(0.3, 1.0),
            "price": self.price("session", 20, 200),
            "paid_by": payer,
        }
        return block | ({"set_up": self.price("person", 50, 900)} if self.chance(0.4) else {})

    def size(self) -> dict[str, str | int]:
        return {"hazard_ratio": self.hazard_ratio()} if self.chance(0.6) else {"rate": self.rate() or 1}

    def effect(self, target: dict[str, Any]) -> dict[str, Any]:
        """An effect on a target with its size; the therapy's dose may bear on it."""
        step = self.step
        lasting = self.one(["follow-up", f"follow-up + {5 * step} months", "horizon", "own", "own", "fades"])
        late = lasting.startswith("follow-up")  # counted from the start of therapy too
        anchor = self.one([*self.anchors[: 2 if late else 3]])
        after = step * int(self.rng.integers(0, 6 // step + 1))
        block: dict[str, Any] = {**target, "from": f"{anchor} + {after} months"}
        if lasting == "own":
            block["until"] = f"{anchor} + {after + step * int(self.rng.integers(1, 30 // step + 1))} months"
        elif lasting != "fades":
            block["until"] = self.or_later(lasting)
        if lasting == "fades" or self.chance(0.25):
            half_life = self.duration(3, 30)  # what begins to fade at the horizon does not
            block["half_life"] = half_life if lasting == "horizon" else self.perhaps_drawn(half_life, 3, 30)
        if lasting != "fades" and self.chance(0.25):
            block["onset"] = self.perhaps_drawn(self.one(["1 months", "3 weeks"]), 0.3, 1)
        if self.chance(0.4):
            block["dose"] = self.dose()
        estimand = {"source": "X001", "comparator": "usual care", "outcome": "any", "time": "24 months"}
        return block | {"estimand": estimand | {"analysis": "intention to treat"}}

    def or_later(self, moment: str) -> str:
        """A moment, or the later of it and another."""
        other = f"{self.one([*self.anchors])} + {self.step * int(self.rng.integers(0, 40 // self.step))} months"
        pair = self.one([(moment, other), (other, moment)])
        return f"later of {pair[0]} and {pair[1]}" if moment != "horizon" and self.chance(0.4) else moment

    def dose(self) -> dict[str, Any]:
        studied, few = self.between(4, 60), self.between(0, 4)
        block = {"studied": self.add("studied", number("sessions", studied, **self.uncertain("gamma", cv=0.1)))}
        rule = self.one(["shape", "half_dose", "flat_from"])
        if rule == "shape":
            return block | {"least": self.add("least", number("sessions", few)), "shape": self.share(0.2, 1.0)}
        most = {"half_dose": 25.0, "flat_from": 4.0}[rule]
        sessions = number("sessions", self.between(1, most), **self.uncertain("gamma", cv=0.3))
        return block | {rule: self.add(rule, sessions)}

    def effect_on_quantity(self, name: str, item: dict[str, Any], states: Sequence[str]) -> dict[str, Any]:
        """Fewer or more of a cost item, by trial or, where its quantity is the same in all states, before and after."""
        ratio = self.add("rr", number("rate ratio", self.between(0.3, 1.5), **self.uncertain("lognormal", se_log=0.1)))
        block = self.effect({"quantity": name, "rate_ratio": ratio})
        quantities = {item["while_in"].get(state, item["while_in"].get("others")) for state in states}
        if len(quantities) == 1 and "gap_from" not in item and self.chance(0.8):
            estimand = block["estimand"] | {"analysis": "before and after"}
            return block | {"estimand": estimand, "controlled_share": self.share()}
        return block | ({"optimism": self.share()} if self.chance(0.3) else {})

    def effect_on_channels(self, channels: list[str]) -> dict[str, Any]:
        """Less or more spent in some channels."""
        ratio = self.add("cr", number("cost ratio", self.between(0.3, 1.5), **self.uncertain("lognormal", se_log=0.1)))
        block = self.effect({"channels": channels, "cost_ratio": ratio})
        if self.chance(0.5):
            low, high = self.price("year", 50, 1000), self.price("year", 1000, 4000)
            block["purse"] = self.one([{"low": low, "high": high}, {"high": high}, {"low": low}])
        return block | ({"optimism": self.share()} if self.chance(0.3) else {})

    def on_cost(self, use: dict[str, Any]) -> dict[str, Any]:
        """An effect on a quantity as one on what the comparator's people cost."""
        ratio = self.add("cr", number("cost ratio", self.between(0.3, 1.5), **self.uncertain("lognormal", se_log=0.1)))
        kept = {key: value for key, value in use.items() if key not in ("rate_ratio", "controlled_share")}
        return kept | {"cost_ratio": ratio, "estimand": use["estimand"] | {"analysis": "intention to treat"}}

    def fading_no_later(self, use: dict[str, Any], gains: dict[str, Any]) -> dict[str, Any]:
        """An effect on use that fades no later than the gain does; not at all where several gains fade."""
        times = [one["half_life"] for one in gains.values() if "transition" in one and "half_life" in one]
        if "half_life" not in use or not times:
            return use
        if len(times) > 1:
            use.pop("half_life")
            return {"until": "horizon"} | use
        if gain := self.parameters.get(times[0]):
            sooner = derived(gain["unit"], product_of=[times[0], self.share(0.2, 1.0)])
            return use | {"half_life": self.add("time", sooner)}
        return use | {"half_life": times[0]}

    def effects(self, arrows: Sequence[str]) -> dict[str, Any]:
        """Effects on some transitions; one of them may come in two windows that meet."""
        count = min(len(arrows), int(self.rng.integers(0, 4)))
        chosen = [str(arrow) for arrow in self.rng.choice(arrows, count, replace=False)] if arrows else []
        found = {f"effect_{i}": self.effect({"transition": a, **self.size()}) for i, a in enumerate(chosen)}
        if chosen and self.chance(0.3):
            early, late = (self.effect({"transition": chosen[0], **self.size()}) for _ in range(2))
            early.pop("half_life", None)
            meeting = f"referral + {self.step * int(self.rng.integers(2, 5))} months"
            found["effect_0"] = early | {"from": "referral", "until": meeting}
            found["late"] = late | {"from": meeting, "until": "horizon"}
        return found

    def harms(self) -> dict[str, Any]:
        harm = {"label": "A harm", "share": self.share(0.0, 0.5), "utility_loss": self.utility()}
        moments = ["referral", "start of therapy", "end of therapy + 1 month", "follow-up"]
        return {
            f"harm_{i}": harm | {"from": self.one(moments), "lasting": self.duration(1, 14)}
            for i in range(int(self.rng.integers(0, 3)))
        }

    def cost(self, states: Sequence[str], category: str, step: int) -> dict[str, Any]:
        payer, receiver = (str(party) for party in self.rng.choice(PAYERS, 2, replace=False))
        block: dict[str, Any] = {
            "label": "An item",
            "category": category,
            "paid_by": payer,
            "received_by": receiver,
        }
        named = list(states[: int(self.rng.integers(0, len(states) + 1))])
        quantities = {state: self.quantity() for state in named}
        if len(named) < len(states):
            quantities["others"] = self.quantity()
        block |= {"price": self.price("visit", 1, 500), "while_in": quantities, "cashable": self.share()}
        if len(set(quantities.values())) > 1 or self.chance(0.2):
            block |= {"causal_share": self.share(), "gap_from": self.one(states)}
        return block | {"lag": f"{step * int(self.rng.integers(0, 5))} months"}

    def of_sessions(self, therapies: Sequence[dict[str, Any]]) -> dict[str, Any]:
        """An item of which sessions take some, and people by themselves nothing."""
        for therapy in therapies:
            for key in ("per_session", "once"):
                amount = number("multiplier", self.between(0.1, 3.0), **self.uncertain("gamma", cv=0.2))
                if self.chance(0.6):
                    therapy[key] = {"of_sessions": self.one([1, self.add("taken", amount)])}
        category, payer = self.one(["therapy", "informal care"]), self.one(PAYERS[:-1])
        block = {"label": "What sessions take", "category": category, "paid_by": payer, "while_in": {"others": 0}}
        return block | {"price": self.price("hour", 1, 90), "cashable": self.share(), "lag": f"{self.step} months"}

    def costs(self, states: Sequence[str], step: int) -> dict[str, Any]:
        count = int(self.rng.integers(1, 5))
        categories = list(self.rng.choice(CATEGORIES, count))
        names = [str(home().channel_of(str(categories[0]))), *(f"item_{i}" for i in range(1, count))]  # of its channel
        found = {name: self.cost(states, str(c), step) for name, c in zip(names, categories, strict=True)}
        if self.chance(0.2):
            covers = [c for c in CATEGORIES if c not in categories][:2]
            found["package"] = self.cost(states, "composite", step) | {"covers": covers}
        return found

    def work(self, model: dict[str, Any]) -> dict[str, Any] | None:
        """None, or who moves into paid work and what a job moves; not in a category that an item counts."""
        taken = {one for item in model["costs"].values() for one in (item["category"], *item.get("covers", ()))}
        free = [category for category in ("welfare", "tax") if category not in taken]
        if "productivity" in taken or self.chance(0.3):
            return None
        share = self.add("origin", number("share", self.between(0.1, 0.9), **self.uncertain("beta", effective_size=30)))
        origins = {
            "first": {"label": "Some", "share": share},
            "second": {"label": "The others", "share": self.add("origin", derived("share", complement_of=share))},
        }

        def flow(category: str, paid_by: str, received_by: str, *ways: str) -> dict[str, Any]:
            sides = {
                "label": f"{category} of a job",
                "category": category,
                "paid_by": paid_by,
                "received_by": received_by,
            }
            amounts = ({"first": self.price("year", 100, 9_000), "others": self.price("year", 1, 9_000)} for _ in ways)
            return sides | dict(zip(ways, amounts, strict=True))

        flows = {
            "output": flow("productivity", "nobody", self.one(["employer", "household"]), "in_work"),
            "pay": flow("productivity", "employer", "household", "in_work", "out_of_work"),
            "travel": flow("community", "household", "nobody", "in_work"),
        }
        effects = [one for strategy in model["strategies"].values() for one in strategy.get("effects", {}).values()]
        if "community" in taken or any("gp_community" in one.get("channels", ()) for one in effects):
            del flows["travel"]
        for category in free:
            payer, receiver = (str(party) for party in self.rng.choice(PAYERS[:-1], 2, replace=False))
            flows[f"of_{category}"] = flow(category, payer, receiver, self.one(["in_work", "out_of_work"]))
        block = {"employed": self.share(), "origins": origins, "flows": flows}
        return block | (
            {"displaced": {"share": self.share(), "others": "other_households"}} if self.chance(0.5) else {}
        )

    def effect_on_jobs(self) -> dict[str, Any]:
        people = number("people per 100", self.between(-20, 40), **self.uncertain("normal", se=self.between(0.5, 5)))
        return self.effect({"jobs": self.add("jobs", people)})

    def strata(self, model: dict[str, Any]) -> dict[str, Any]:
        """None, or two parts of the cohort that differ in use, in rates and in response."""
        if self.chance(0.5):
            return {}
        share = self.add(
            "stratum", number("share", self.between(0.1, 0.9), **self.uncertain("beta", effective_size=30))
        )
        changes: dict[str, Any] = {}
        for name, item in model["costs"].items():
            for state in item["while_in"]:
                if item.get("gap_from") and self.chance(0.7):
                    visits = number("visits per year", self.between(0.1, 20), **self.uncertain("gamma", cv=0.2))
                    changes[f"costs.{name}.while_in.{state}"] = self.add("visits", visits)
        arrow = self.one(list(model["transitions"]))
        changes[f"transitions.{arrow}"] = self.plain_rate()
        others = self.add("stratum", derived("share", complement_of=share))
        return {
            "first": {"label": "As they stand", "share": share},
            "others": {"label": "The others", "share": others, "change": changes},
        }

    def alternatives(self, model: dict[str, Any]) -> dict[str, Any]:
        """None, or two or three structures that put other parameters in places of the first."""
        if self.chance(0.5):
            return {}
        share = self.add("weight", number("share", self.between(0.1, 0.9)))
        blocks: dict[str, Any] = {"plain": {"label": "As it stands", "weight": share}}
        changes: dict[str, Any] = {}
        state, arrow = self.one(list(model["states"])), self.one([None, *model["transitions"]])
        changes[f"utilities.{state}"] = self.add("utility", number("utility", self.between(0.1, 0.95)))
        ratio = "rate_ratio" if "rate_ratio" in model["mortality"] else f"rate_ratios.{next(iter(model['states']))}"
        changes[f"mortality.{ratio}"] = self.add("rr", number("rate ratio", self.between(0.5, 4.0)))
        if arrow:
            changes[f"transitions.{arrow}"] = self.plain_rate()
        removed = []
        for name, strategy in model["strategies"].items():
            for key, effect in strategy.get("effects", {}).items():
                path = f"strategies.{name}.effects.{key}"
                if self.chance(0.3):
                    removed.append(path)
                elif "hazard_ratio" in effect:
                    changes[f"{path}.hazard_ratio"] = self.add("hr", number("hazard ratio", self.between(0.2, 3.0)))
        chosen = {path: new for path, new in changes.items() if self.chance(0.6)}
        weight = self.add("weight", derived("share", complement_of=share))
        blocks["other"] = {"label": "Otherwise", "weight": weight, "change": chosen, "remove": removed}
        return blocks

    def uses(self, model: dict[str, Any]) -> dict[str, Any]:
        """Two uses of money, of which one has other quantities or an effect on use that is not there."""
        others = (model.get("alternatives", {}), model.get("strata", {}))
        blocks = [one for named in others for one in named.values()]
        taken = {path for one in blocks for path in (*one.get("change", {}), *one.get("remove", []))}
        quantities = [
            f"costs.{name}.while_in.{state}"
            for name, item in model["costs"].items()
            if self.parameters[item["price"]]["unit"] == "GBP per visit"
            if "causal_share" in item or len(item["while_in"]) == 1
            for state in item["while_in"]
        ]
        effects = [
            f"strategies.{name}.effects.use"
            for name, one in model["strategies"].items()
            if "use" in one.get("effects", {})
        ]
        removed = [path for path in effects if path not in taken]
        change = {path: self.quantity() for path in quantities if path not in taken and self.chance(0.5)}
        change = {path: new for path, new in change.items() if new != 0}
        share = self.add("share", number("share", self.between(0.1, 0.9)))
        rest = self.add("share", derived("share", complement_of=share))
        return {
            "as_found": {"label": "As found", "weight": share},
            "as_told": {"label": "As told", "weight": rest, "change": change, "remove": removed},
        }

    def conventions(self, model: dict[str, Any]) -> dict[str, Any]:
        """Money told otherwise: other prices, other shares of the gap, an effect on use that is not there."""
        changes: dict[str, Any] = {}
        for name, item in model["costs"].items():
            thing = self.parameters[item["price"]]["unit"].removeprefix("GBP per ")
            changes[f"costs.{name}.price"] = self.price(thing, 5, 400)
            if item.get("causal_share", 0) != 0:
                changes[f"costs.{name}.causal_share"] = 0
        for name, strategy in model["strategies"].items():
            if "therapy" in strategy:
                changes[f"strategies.{name}.therapy.price"] = self.price("session", 20, 400)
        chosen = {path: new for path, new in changes.items() if self.chance(0.5)}
        others = (model.get("alternatives", {}), model.get("strata", {}), model.get("money_mixture", {}))
        taken = {path for blocks in others for one in blocks.values() for path in one.get("remove", [])}
        uses = [
            f"strategies.{name}.effects.use"
            for name, one in model["strategies"].items()
            if "use" in one.get("effects", {})
        ]
        removed = [path for path in uses if path not in taken]
        found = {"prices": {"label": "At other prices", "kind": "price", "change": chosen}} if chosen else {}
        if removed:
            found["no_use"] = {"label": "Without effects on use", "kind": "reading", "remove": removed}
        return found


def random_model(rng: np.random.Generator) -> tuple[dict[str, Any], dict[str, list[float]]]:
    """A model file as data, and the columns of its posterior."""
    step = int(rng.choice([1, 1, 2, 3, 4, 6, 12]))
    draft = Draft(rng, step)
    states = [f"state_{i}" for i in range(int(rng.integers(2, 6)))]
    cycle = f"{step} months" if step > 1 else "1 month"
    transitions = draft.transitions(states)
    payer = draft.one(PAYERS[:-1])
    strategies: dict[str, Any] = {"usual_care": {"label": "Usual care"}}
    if draft.chance(0.3):
        strategies["usual_care"] |= {"therapy": draft.therapy(payer, effects=False), "harms": draft.harms()}
    for i in range(int(rng.integers(1, 4))):
        block = {"label": f"Strategy {i}", "therapy": draft.therapy(payer)}
        own = draft.own(states, transitions)
        open_to_effects = [arrow for arrow in transitions if arrow not in own.get("transitions", {})]
        strategies[f"strategy_{i}"] = block | own | {"effects": draft.effects(open_to_effects), "harms": draft.harms()}
    age = number("years", draft.one([20, 40.25, draft.between(18, 99)]))
    women = number("share", draft.one([0, 1, draft.between(0, 1)]))
    model: dict[str, Any] = {
        "format": 1,
        "title": "A random model",
        "label": "random",
        "population": "Nobody",
        "model": "rates",
        "setting": "settings/example.yaml",
        "follow_up": draft.cycles(12, 42),
        "beyond_follow_up": draft.one(["effects cease", "effects persist", "gap closes"]),
        "horizon": f"{int(rng.integers(6, 11))} years",
        "cycle": cycle,
        "cohort": {
            "age": draft.add("age", age),
            "female": draft.add("women", women),
            "start": draft.start(states),
        },
        "states": dict.fromkeys(states, "A state"),
        "mortality": {"table": "example_table", **draft.deaths(states)},
        "transitions": transitions,
        "utilities": {state: draft.utility() for state in states},
        "strategies": strategies,
        "costs": draft.costs(states, step),
        "leaves_out": [],
    }
    for name, strategy in strategies.items():
        if name != "usual_care" and draft.chance(0.5):
            item = draft.one(list(model["costs"]))
            use = draft.effect_on_quantity(item, model["costs"][item], states)
            strategy["effects"]["use"] = draft.fading_no_later(use, strategy["effects"])
        if name != "usual_care" and draft.chance(0.4):
            moved = model["costs"].get(strategy["effects"].get("use", {}).get("quantity"), {}).get("category")
            used = {home().channel_of(item["category"]) for item in model["costs"].values()}
            used -= {home().channel_of(moved), "benefits", "work", None}
            if chosen := [channel for channel in sorted(used) if draft.chance(0.6)]:
                other_care = draft.effect_on_channels(chosen)
                strategy["effects"]["other_care"] = draft.fading_no_later(other_care, strategy["effects"])
    if draft.chance(0.4):
        model["costs"]["of_sessions"] = draft.of_sessions([s["therapy"] for s in strategies.values() if "therapy" in s])
    if work := draft.work(model):
        model["work"] = work
        for name, strategy in strategies.items():
            if name != "usual_care" and draft.chance(0.7):
                strategy["effects"]["jobs"] = draft.fading_no_later(draft.effect_on_jobs(), strategy["effects"])
        if not any("jobs" in strategy.get("effects", {}) for strategy in strategies.values()):
            del model["work"]
    for strategy in strategies.values():
        if "use" in strategy.get("effects", {}) and draft.chance(0.3):
            strategy["effects"]["use"] = draft.on_cost(strategy["effects"]["use"])
    model["alternatives"] = draft.alternatives(model)
    if not model["alternatives"]:
        model["strata"] = draft.strata(model)
    if draft.chance(0.4):
        model["money_mixture"] = draft.uses(model)
    if draft.chance(0.6):
        model["money_alternatives"] = draft.conventions(model)
    model["parameters"] = draft.parameters
    return model, draft.posterior


def random_scenario(seed: int | Sequence[int], folder: Path) -> cm.Scenario:
    """A random scenario, written to a folder and not read from there, which would take longer than most runs of it."""
    model = _with_files(seed, folder)
    write_model(folder, model)
    return of_data(model, folder)


def random_data(seed: int | Sequence[int], folder: Path) -> dict[str, Any]:
    """The model of a random scenario as data; the files that it names are written to the folder."""
    model = _with_files(seed, folder)
    write_setting(folder)
    return model


def of_data(model: dict[str, Any], folder: Path, name: str = "model.yaml") -> cm.Scenario:
    """The scenario of a model as data, as if a file held it: without the time that reading one takes."""
    places = dict.fromkeys([(), ("setting",)], Place(folder / name, 1))
    return resolve(Tree(copy.deepcopy(model), places), folder / name)


def _with_files(seed: int | Sequence[int], folder: Path) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    model, posterior = random_model(rng)
    folder.mkdir(parents=True, exist_ok=True)
    if posterior:
        best = int(rng.integers(POSTERIOR_ROWS))
        lines = [",".join(["best", *posterior])]
        for row, values in enumerate(zip(*posterior.values(), strict=True)):
            lines.append(",".join([str(int(row == best)), *(json.dumps(value) for value in values)]))
        (folder / "posterior.csv").write_text("\n".join(lines) + "\n", "utf-8")
    return model
