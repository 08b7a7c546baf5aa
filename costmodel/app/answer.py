"""The answer: sentence, four figures, the chart, and below them everything that they rest on."""

from costmodel.app.parts import choice, compute, first_screen, further

scenario = choice.scenario()
screen = first_screen.prepare(scenario)
if not compute.known(scenario):
    screen.show(compute.deterministic(scenario), stale=True)
result = compute.expected(scenario, screen.working)
screen.show(result, stale=False)
further.show_all(result, screen.perspective, screen.strategy)
