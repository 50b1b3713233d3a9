package loop

import (
	"fmt"
	"runtime"
	"strings"
	"sync/atomic"

	"sallyport/ike"
	"sallyport/ipsec"
)

// A Queue is one of the loop's queues that drop what does not fit.
type Queue uint8

// The queues.
const (
	QueueDatagrams Queue = iota
	QueueNotices
	QueueWork
	queues // how many there are
)

var queueNames = [queues]string{
	QueueDatagrams: "received IKE messages",
	QueueNotices:   "dataplane notices",
	QueueWork:      "Diffie-Hellman work",
}

// String names the queue in the log and in `display ike statistics`.
func (q Queue) String() string { return queueNames[q] }

// An Overload says that a queue was full and its newest entry dropped.
type Overload struct{ Queue Queue }

// Error names the queue.
func (e *Overload) Error() string { return "queue is full, newest dropped: " + e.Queue.String() }

// A Panic says that handling a packet panicked, and that the packet was
// dropped. It holds nothing of the packet's contents.
type Panic struct {
	Input    string // kind of input
	Length   int    // octets of the datagram, 0 if it was none
	Exchange uint8  // exchange type of the datagram, 0 if it was too short for one
	Reason   string // the runtime's words, or the type of the value
	Where    string // function, file and line
}

// Error says where it was and how large the packet, not what was in it.
func (e *Panic) Error() string {
	return fmt.Sprintf("panic in %s handling %s of %d octets, exchange type %d, dropped: %s",
		e.Where, e.Input, e.Length, e.Exchange, e.Reason)
}

// A SocketError is an error of the system's when receiving or sending.
type SocketError struct {
	Op  string
	Err error
}

// Error returns the operation and the system's words.
func (e *SocketError) Error() string { return e.Op + ": " + e.Err.Error() }

// Unwrap returns the system's error.
func (e *SocketError) Unwrap() error { return e.Err }

// A RemoveError says that the dataplane kept an SA that the engine gave up.
type RemoveError struct {
	SA  ipsec.SAID
	Err error
}

// Error names the SA and the dataplane's reason.
func (e *RemoveError) Error() string {
	return fmt.Sprintf("remove SA %#08x of %s: %v", uint32(e.SA.SPI), e.SA.Destination, e.Err)
}

// Unwrap returns the dataplane's error.
func (e *RemoveError) Unwrap() error { return e.Err }

// A RemovePolicyError says that the dataplane kept a policy that the engine gave up.
type RemovePolicyError struct {
	Policy ipsec.PolicyID
	Err    error
}

// Error names the policy and the dataplane's reason.
func (e *RemovePolicyError) Error() string {
	return fmt.Sprintf("remove policy %v: %v", e.Policy, e.Err)
}

// Unwrap returns the dataplane's error.
func (e *RemovePolicyError) Unwrap() error { return e.Err }

// An OpenPolicyError says that the dataplane did not open a policy, or did not close it.
type OpenPolicyError struct {
	Policy ipsec.PolicyID
	Open   bool
	Err    error
}

// Error names the policy, what was wanted and the dataplane's reason.
func (e *OpenPolicyError) Error() string {
	return fmt.Sprintf("pass policy %v in clear = %v: %v", e.Policy, e.Open, e.Err)
}

// Unwrap returns the dataplane's error.
func (e *OpenPolicyError) Unwrap() error { return e.Err }

// Counters are what the loop dropped or passed over since the start.
type Counters struct {
	Dropped    [queues]uint64 // by Queue, because it was full
	Malformed  uint64         // datagrams too long for IKE or too short for ESP
	KeepAlives uint64         // NAT keep-alives received
	Unsent     uint64         // messages that the system refused to send
	Panics     uint64         // packets dropped because handling them panicked
}

// String lists what was lost, for example "received IKE messages: 3, panics: 1"; empty: nothing.
func (c Counters) String() string {
	var parts []string
	add := func(what string, n uint64) {
		if n > 0 {
			parts = append(parts, fmt.Sprintf("%s: %d", what, n))
		}
	}
	for q, n := range c.Dropped {
		add(Queue(q).String(), n)
	}
	add("malformed datagrams", c.Malformed)
	add("messages not sent", c.Unsent)
	add("panics", c.Panics)
	return strings.Join(parts, ", ")
}

type counters struct {
	dropped                               [queues]atomic.Uint64
	malformed, keepAlives, unsent, panics atomic.Uint64
}

// Counters returns the counts so far.
func (l *Loop) Counters() Counters {
	c := &l.counters
	counts := Counters{
		Malformed: c.malformed.Load(), KeepAlives: c.keepAlives.Load(),
		Unsent: c.unsent.Load(), Panics: c.panics.Load(),
	}
	for q := range c.dropped {
		counts.Dropped[q] = c.dropped[q].Load()
	}
	return counts
}

// since returns what has been counted after earlier.
func (c Counters) since(earlier Counters) Counters {
	for q := range c.Dropped {
		c.Dropped[q] -= earlier.Dropped[q]
	}
	c.Malformed -= earlier.Malformed
	c.KeepAlives -= earlier.KeepAlives
	c.Unsent -= earlier.Unsent
	c.Panics -= earlier.Panics
	return c
}

// refusals returns the counts of what was dropped, in words.
func (c Counters) refusals() []ike.Refusal {
	dropped := []ike.Refusal{
		{Reason: "wrong datagram length", Count: c.Malformed},
		{Reason: "panic", Count: c.Panics},
		{Reason: "not sent", Count: c.Unsent},
	}
	for q, n := range c.Dropped {
		dropped = append(dropped, ike.Refusal{Reason: "queue full: " + Queue(q).String(), Count: n})
	}
	return dropped
}

// overload counts and reports an entry that did not fit into its queue.
func (l *Loop) overload(queue Queue) {
	l.counters.dropped[queue].Add(1)
	l.config.Trouble(&Overload{Queue: queue})
}

// panicked counts and reports a recovered panic. The value is shown only if it
// is the runtime's: any other may quote what must not be in a log.
func (l *Loop) panicked(in ike.Input, value any) {
	l.counters.panics.Add(1)
	report := &Panic{Input: fmt.Sprintf("%T", in), Reason: fmt.Sprintf("%T", value), Where: thrower()}
	if err, ok := value.(runtime.Error); ok {
		report.Reason = err.Error()
	}
	if d, ok := in.(ike.Datagram); ok {
		report.Length = len(d.Octets)
		report.Exchange = exchangeType(d.Octets)
	}
	l.config.Trouble(report)
}

// exchangeType reads the exchange type where the header has it: RFC 2408 §3.1.
func exchangeType(b []byte) uint8 {
	const at = 18
	if len(b) <= at {
		return 0
	}
	return b[at]
}

// thrower names the place that panicked: the first frame below the runtime's
// own, seen from a deferred function.
func thrower() string {
	var pcs [32]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(1, pcs[:])])
	panicking := false
	for {
		frame, more := frames.Next()
		switch {
		case frame.Function == "runtime.gopanic":
			panicking = true
		case panicking && !strings.HasPrefix(frame.Function, "runtime."):
			return fmt.Sprintf("%s (line %d)", frame.Function, frame.Line)
		}
		if !more {
			return "an unknown place"
		}
	}
}
