"""What studies found beside what the models predict, roles declared first."""

from views.parts import choice, targets

targets.show_targets(choice.base())
