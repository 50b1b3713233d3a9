package commands

import "sallyport/commands/grammar"

// The rows that display the host and reach out from it.
func hostUserRows() []grammar.Row[Config]     { return nil }
func hostSystemRows() []grammar.Row[Config]   { return nil }
func hostAnywhereRows() []grammar.Row[Config] { return nil }
