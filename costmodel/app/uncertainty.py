"""How sure: chances by year, what moves the answer, what would have to be true, and what knowing more is worth."""

from costmodel.app.parts import choice, compute, how_sure

scenario = choice.scenario()
page = how_sure.prepare(scenario)
result = compute.expected(scenario, choice.source(), page.working)
how_sure.chances(page, result)
how_sure.tornado(page, scenario)
how_sure.break_even(page, scenario)
how_sure.choices(page, result)
how_sure.information(page, result)
how_sure.exactness(page, result)
how_sure.beyond(page, result)
page.done(result)
