"""What studies found beside what the models predict, roles declared first."""

from costmodel.app.parts import choice, targets

targets.show_targets(choice.base())
