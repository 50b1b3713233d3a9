package iketest

import (
	"errors"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"sallyport/ike"
	"sallyport/ike/wire"
	"sallyport/ipsec"
)

// A host is an engine, and a dataplane that is a list of SAs.
type host struct {
	session      *session
	plan         plan
	engine       *ike.Engine
	starts       int
	sas          []*ipsec.SA
	refuse       bool // the next SA
	refusePolicy bool // the next one
	memory       memory
	dead         bool
	packets      map[ipsec.SAID]uint64 // that passed under an SA
	unmovable    bool                  // no SA can go to another address
	logins       []ike.Authenticate    // that wait
	commit       bool                  // its quick modes have the commit bit
	newest       []byte                // message of a quick mode of its
}

// addHost reads a host line.
func (s *session) addHost(words []string) error {
	if len(words) < 2 {
		return errors.New("host NAME ADDRESS WORD…")
	}
	addr, err := netip.ParseAddr(words[1])
	if err != nil {
		return err
	}
	h := &host{session: s, plan: plan{name: words[0], addr: addr, values: map[string]string{}}}
	if err := h.plan.set(words[2:]); err != nil {
		return err
	}
	s.hosts = append(s.hosts, h)
	return h.start()
}

// start makes a new engine that knows nothing.
func (h *host) start() error {
	c, err := h.plan.config()
	if err != nil {
		return err
	}
	h.makeEngine()
	h.sas, h.memory = nil, newMemory()
	h.step(ike.SetConfig{Config: c})
	return nil
}

// makeEngine makes a new engine, with entropy that only the name and the number of
// starts determine.
func (h *host) makeEngine() {
	h.starts++
	f := fnv.New64a()
	fmt.Fprint(f, h.plan.name, h.starts)
	h.engine = ike.New(nil, rand.NewChaCha8([32]byte(f.Sum(make([]byte, 24)))))
	h.engine.Use(ike.Options{Remember: true, Counters: h.counters})
	h.dead = false
}

// command executes a command of a host.
func (h *host) command(verb string, words []string) error {
	switch verb {
	case "acquire":
		rule := 5
		if len(words) > 0 {
			rule, _ = strconv.Atoi(words[0])
		}
		h.step(ike.Acquire{Policy: ipsec.PolicyID{Interface: "wan", Name: "p", Sequence: 1}, Rule: uint32(rule)})
	case "config":
		return h.configure(words)
	case "reset":
		h.step(ike.Reset{ChildrenOnly: slices.Contains(words, "children")})
	case "stop":
		h.step(ike.Reset{Quiet: true})
	case "restart":
		if err := h.start(); err != nil {
			return err
		}
	case "crash":
		h.dead = true
	case "resume":
		return h.resume()
	case "refuse":
		h.refuse = len(words) == 0
		h.refusePolicy = !h.refuse
	case "sends":
		return h.sends(slices.Contains(words, "lost"))
	case "login":
		h.login()
	case "forge":
		if err := h.forge(words); err != nil {
			return err
		}
	case "expire":
		h.expire(slices.Contains(words, "hard"))
	default:
		return h.network(verb)
	}
	h.session.deliver()
	return nil
}

// configure changes the configuration.
func (h *host) configure(words []string) error {
	if err := h.plan.set(words); err != nil {
		return err
	}
	c, err := h.plan.config()
	if err != nil {
		return err
	}
	h.step(ike.SetConfig{Config: c})
	h.session.deliver()
	return nil
}

// expire reports an octet limit of the newest outbound SA.
func (h *host) expire(hard bool) {
	for _, sa := range slices.Backward(h.sas) {
		if sa.Direction == ipsec.Outbound {
			h.step(ike.Expire{SA: sa.ID, Hard: hard})
			return
		}
	}
}

// step feeds the engine and performs what it wants, as ike/loop does.
func (h *host) step(in ike.Input) {
	inputs := []ike.Input{in}
	for len(inputs) > 0 && !h.dead {
		outputs := h.engine.Step(h.session.now, inputs[0])
		inputs = append(inputs[1:], h.perform(outputs)...)
	}
}

// perform does outputs in order and returns what they bring about at once. The
// first that fails ends them.
func (h *host) perform(outputs []ike.Output) (next []ike.Input) {
	for i, out := range outputs {
		switch out := out.(type) {
		case ike.Send:
			h.send(out, outputs[i+1:])
		case ike.Compute:
			next = append(next, ike.Computed{Job: out.Job, Result: out.Work.Do()})
		case ike.InstallSA:
			if err := h.install(out.SA); err != nil {
				return append(next, ike.Failed{Output: out, Err: err})
			}
		case ike.RemoveSA:
			h.remove(out.ID)
		case ike.MoveSA:
			if err := h.move(out); err != nil {
				next = append(next, ike.Failed{Output: out, Err: err})
			}
		case ike.AddPolicy:
			if err := h.addPolicy(out.Policy); err != nil {
				return append(next, ike.Failed{Output: out, Err: err})
			}
		case ike.OpenPolicy:
			h.session.log("%s  pass clear %v %v", h.plan.name, out.ID, out.Open)
		case ike.RemovePolicy:
			h.session.log("%s  remove policy %v", h.plan.name, out.ID)
		case ike.Authenticate:
			next = append(next, h.authenticate(out)...)
		case ike.Configured:
			h.configured(out)
		case ike.Unconfigured:
			h.session.log("%s  unconfigured: %v", h.plan.name, out.Address)
		case ike.Remember:
			h.memory.Remember(out)
		case ike.Forget:
			h.memory.Forget(out.Key)
		case ike.Event:
			h.event(out)
		}
	}
	return next
}

// send sends, and writes down what the event behind it says of the datagram.
func (h *host) send(out ike.Send, rest []ike.Output) {
	text := fmt.Sprintf("%d octets", len(out.Octets))
	if len(out.Octets) == 1 {
		text, rest = "keep-alive", nil
	}
	if len(rest) > 0 {
		switch e := rest[0].(type) {
		case ike.MessageSent:
			text = fmt.Sprintf("%s %d  %s", exchangeName(e.Message.Exchange), e.Number, payloadText(e.Message))
		case ike.Repeated:
			text = fmt.Sprintf("%s %d  =", exchangeName(e.Exchange), e.Number)
		}
	}
	if m := h.plan.speak(out.Octets); m != nil {
		out.Octets, text = m.Append(nil), fmt.Sprintf("%s  %s", strings.Fields(text)[0]+" "+strings.Fields(text)[1], payloadText(m))
	}
	out.Octets = h.committed(out.Octets)
	text = pieceText(out.Octets) + text
	line := fmt.Sprintf("%s>%s  %s", h.plan.name, h.session.name(out.Remote), text)
	if out.Remote.Port() != 500 {
		line += fmt.Sprintf(" (port %d)", out.Remote.Port())
	}
	fate := h.session.send(h, out)
	h.session.log("%s%s", line, fate)
}

// name returns the name of the host with an address.
func (s *session) name(a netip.AddrPort) string {
	for _, h := range s.hosts {
		if h.plan.addr == a.Addr() {
			return h.plan.name
		}
	}
	return a.Addr().String()
}

// exchangeName is the short name of an exchange.
func exchangeName(t wire.ExchangeType) string {
	switch t {
	case wire.MainMode:
		return "Main"
	case wire.QuickMode:
		return "Quick"
	case wire.Informational:
		return "Info"
	case wire.Transaction:
		return "Trans"
	}
	return t.String()
}

func payloadText(m *wire.Message) string {
	var texts []string
	for _, p := range m.Payloads {
		texts = append(texts, p.String())
	}
	return strings.Join(texts, " ")
}

// install adds an SA, unless told to refuse it or it is no SA that a dataplane
// would take.
func (h *host) install(sa *ipsec.SA) error {
	if h.refuse {
		h.refuse = false
		h.session.log("%s  refuses %v SA %08x", h.plan.name, sa.Direction, uint32(sa.ID.SPI))
		return errors.New("refused")
	}
	if err := sa.Validate(); err != nil {
		return err
	}
	h.session.log("%s  install %v %08x %s %v", h.plan.name, sa.Direction, uint32(sa.ID.SPI), algorithms(sa), sa.Selector)
	h.sas = append(h.sas, sa)
	return nil
}

// algorithms says what an SA does to a packet; that it is ESP in tunnel mode is not said.
func algorithms(sa *ipsec.SA) string {
	text := fmt.Sprintf("%v %v", sa.Encryption, sa.Integrity)
	switch {
	case sa.ID.Protocol == ipsec.AH:
		text = fmt.Sprintf("AH %v", sa.Integrity)
	case sa.AH != nil:
		text = fmt.Sprintf("%s in AH %08x %v", strings.TrimSpace(text), uint32(sa.AH.SPI), sa.AH.Integrity)
	}
	if sa.Mode == ipsec.Transport {
		text += " transport"
	}
	if sa.Original.Known() {
		text += fmt.Sprintf(" (%v, %v)", sa.Original.Local, sa.Original.Remote)
	}
	if sa.ESN {
		text += " esn"
	}
	return text
}

func (h *host) remove(id ipsec.SAID) {
	h.session.log("%s  remove %08x", h.plan.name, uint32(id.SPI))
	h.sas = slices.DeleteFunc(h.sas, func(sa *ipsec.SA) bool { return sa.ID == id })
}

// installed lists the SPIs in the dataplane.
func (h *host) installed() string {
	var spis []string
	for _, sa := range h.sas {
		spis = append(spis, fmt.Sprintf("%v %08x", sa.Direction, uint32(sa.ID.SPI)))
	}
	if spis == nil {
		return "empty"
	}
	return strings.Join(spis, ", ")
}

// event writes down the events that the datagrams do not show.
func (h *host) event(e ike.Event) {
	log := func(format string, args ...any) {
		h.session.log("%s  "+format, append([]any{h.plan.name}, args...)...)
	}
	h.lifeEvent(e)
	switch e := e.(type) {
	case ike.Phase1Up:
		log("phase 1 up: %d, peer is %s", e.Status.ConnectionID, e.Status.RemoteID)
	case ike.Phase2Up:
		log("phase 2 up: %d", e.Status.ConnectionID)
	case ike.Phase1Down:
		log("phase 1 down: %d, %s", e.Status.ConnectionID, e.Reason)
	case ike.Phase2Down:
		log("phase 2 down: %d, %s", e.Status.ConnectionID, e.Reason)
	case ike.Refused:
		log("refused: %v", e.Err)
	case ike.Told:
		log("gateway says: %s", e.Text)
	case ike.NegotiationFailed:
		log("failed: %s: %s", e.Failure.Category, e.Failure.Reason)
	case ike.Notified:
		log("notified: %v, authenticated=%v", e.Notify, e.Authenticated)
	}
}
