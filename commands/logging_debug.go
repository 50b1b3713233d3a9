package commands

import "net/netip"

// A DebugKind is a set of things that `debugging` shows.
type DebugKind uint16

// The things.
const (
	DebugIKEError     DebugKind = 1 << iota // what was refused or failed
	DebugIKEExchange                        // SAs that come and go
	DebugIKEMessage                         // messages with their payloads, in clear
	DebugIKEPacket                          // messages with their header
	DebugIKEMisc                            // notifications and all that is nothing else
	DebugIKETransport                       // repetitions, sockets and queues
	DebugIPsecPacket                        // packets that have no SA
	DebugIPsecMisc                          // SAs at their limits, peers that moved
)

// What `all` stands for.
const (
	DebugIKE   = DebugIKEError | DebugIKEExchange | DebugIKEMessage | DebugIKEPacket | DebugIKEMisc | DebugIKETransport
	DebugIPsec = DebugIPsecPacket | DebugIPsecMisc
)

// A DebugSwitch is a thing whose debugging is on.
type DebugSwitch struct {
	Kind   DebugKind  // one
	Remote netip.Addr // of this peer alone; zero: of all
}

// debugKinds are the words of the single things.
var debugKinds = []struct {
	kind               DebugKind
	module, word, help string
}{
	{DebugIKEError, "ike", "error", "What was refused or failed"},
	{DebugIKEExchange, "ike", "exchange", "SAs that come and go"},
	{DebugIKEMessage, "ike", "message", "Messages and their payloads"},
	{DebugIKEPacket, "ike", "packet", "Packets"},
	{DebugIKEMisc, "ike", "misc", "All that is nothing else"},
	{DebugIKETransport, "ike", "transport", "Repetitions, sockets and queues"},
	{DebugIPsecPacket, "ipsec", "packet", "Packets"},
	{DebugIPsecMisc, "ipsec", "misc", "All that is nothing else"},
}
