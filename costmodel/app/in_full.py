"""The answer in full: money over time, and everything that it rests on."""

from costmodel.app.parts import choice, compute, further

scenario = choice.scenario()
page = further.prepare(scenario)
if not compute.known(scenario):
    page.show(compute.deterministic(scenario), stale=True)
result = compute.expected(scenario, choice.source(), page.working)
page.show(result, stale=False)
further.show_all(result, page.perspective, page.strategy)
