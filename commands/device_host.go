package commands

// A Host is the machine that the box runs on: its interfaces, routes and load.
type Host interface{}
