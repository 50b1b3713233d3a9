package commands

import (
	"net/netip"

	"sallyport/ike"
)

// Logs are the information centre of a box: what it has logged, and where its
// lines go; and what it remembers of tunnels that are gone.
type Logs interface {
	LogBuffer() LogBuffer
	ResetLogBuffer()
	LogServers() []LogServerStatus // by address

	// Terminal sets a switch of the terminal on a line such as vty0, as long as
	// somebody is there.
	Terminal(line string, which TerminalSwitch, on bool)

	// Debug turns the debugging of things on, of one peer alone if remote is valid,
	// or off. It is the box's: every terminal that shows debugging shows it.
	Debug(kinds DebugKind, remote netip.Addr, on bool)
	Debugging() []DebugSwitch // in the order of the kinds

	Offlines() []ike.Offline // newest first, bounded
	History() []ike.History  // newest first, bounded
	Clear(ike.Clear)
	ClearStatistics() // of the dataplane: they count from now on
}

// A LogBuffer is what the log buffer holds.
type LogBuffer struct {
	Lines       []LogLine // newest first
	Dropped     uint64    // kept back, since there were too many of their kind
	Overwritten uint64    // pushed out by newer ones
}

// A LogServerStatus is what a log host was sent.
type LogServerStatus struct {
	LogServer
	Sent    uint64
	Dropped uint64 // because the queue was full or the system refused
}

// A TerminalSwitch is one of a terminal's that say what it shows.
type TerminalSwitch int

// The switches. Without the first one a terminal shows nothing.
const (
	TerminalMonitor TerminalSwitch = iota
	TerminalLogging
	TerminalDebugging
)

// String returns the switch's keyword.
func (t TerminalSwitch) String() string { return [...]string{"monitor", "logging", "debugging"}[t] }
