package main

import "sallyport/commands"

// logs are the information centre of the box.
type logs struct{}

var _ commands.Logs = (*logs)(nil)

func newLogs(*gateway) *logs { return &logs{} }
