"""The purse: what therapy costs, what is spent on these people without it, and what of that comes back."""

from costmodel.app.parts import choice, compute, first_page, question, service, sidebar

base, scenario = choice.base(), choice.asked()
central = compute.central(scenario)
places = question.row()
question.who(places[0])
asked = question.rest(places[1:], scenario, central)
sidebar.said()
screen = first_page.prepare(base, scenario)
screen.show(central, asked, estimate=True)
with screen.right:
    service.yours(base, scenario, central, asked)
    service.beliefs(base, scenario, asked)
result = compute.drawn(scenario, choice.source(whole=False), screen.working)
found = screen.show(result, asked, estimate=False)
first_page.others(screen.right, scenario, asked, result)
screen.complete(found, scenario, asked)
