"""What studies found beside what the models predict, roles declared first; and claims in their own numbers."""

from costmodel.app.parts import choice, targets

targets.show_targets(choice.base())
targets.show_claims()
