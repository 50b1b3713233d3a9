package ike
import "testing"
import "time"
import "fmt"
func TestDbg(t *testing.T) {
	w := crossingWorld(t, 13)
	auto := func(n *end) { n.step(SetConfig{n.config}) }
	auto(w.ends[0])
	w.run(2 * time.Minute)
	log := func(f flight) {
		for _, n := range w.ends { for _, e := range n.events { switch e := e.(type) {
			case MessageSent: fmt.Println(w.now.Sub(kitStart), n.name, "send", e.Message.Exchange, e.Number, fmt.Sprint(e.Message.Payloads))
			case MessageReceived: fmt.Println(w.now.Sub(kitStart), n.name, "recv", e.Message.Exchange, e.Number)
			default: fmt.Printf("%v %s %T %+v\n", w.now.Sub(kitStart), n.name, e, e)
		} } ; n.events=nil; for _, r := range n.refused { fmt.Println(n.name, "refused", r)}; n.refused=nil }
	}
	w.ends[0].events, w.ends[1].events = nil, nil
	w.after = log
	w.begin(13, func(n *end) { n.step(Expire{SA: n.outbound().ID}) })
	w.run(3 * time.Second)
	w.run(oldInboundStays)
	log(flight{})
	for _, n := range w.ends { for _, c := range n.engine.childrenSorted() { fmt.Println(n.name, c.id, c.initiator, c.in.ID, c.out.ID, c.replaced, c.sending, c.hard.at.Sub(w.now)) } }
}
