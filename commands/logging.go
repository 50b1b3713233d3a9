package commands

import "sallyport/commands/grammar"

// Logging is where log lines go: `info-center`.
type Logging struct{}

func newLogging() Logging { return Logging{} }

func (l Logging) clone() Logging { return l }

// The rows of the information centre.
func loggingUserRows() []grammar.Row[Config]     { return nil }
func loggingSystemRows() []grammar.Row[Config]   { return nil }
func loggingAnywhereRows() []grammar.Row[Config] { return nil }
