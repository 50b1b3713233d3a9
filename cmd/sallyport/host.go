package main

import "sallyport/commands"

// host is the machine that the box runs on.
type host struct{}

var _ commands.Host = (*host)(nil)

func newHost(*gateway) *host { return &host{} }
