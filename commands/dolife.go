package commands

import "sallyport/commands/grammar"

// The rows of the configuration's life: start-up files, comparison, rollback,
// trial, batch.
func lifeUserRows() []grammar.Row[Config]     { return nil }
func lifeAnywhereRows() []grammar.Row[Config] { return nil }
