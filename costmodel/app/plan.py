"""The plan of a service: what it costs each payer in each financial year, what comes back, and who waits."""

from costmodel.app.parts import choice, compute, planned

scenario = choice.asked()
planned.show_plan(scenario, compute.central(scenario))
