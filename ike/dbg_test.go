package ike
import "testing"
import "time"
import "fmt"
func TestDbg(t *testing.T) {
	for seed := range uint64(200) {
	w := crossingWorld(t, seed)
	out := ""
	auto := func(n *end) { n.step(SetConfig{n.config}) }
	auto(w.ends[0])
	w.run(2 * time.Minute)
	log := func(f flight) {
		for _, n := range w.ends { for _, e := range n.events { switch e := e.(type) {
			case MessageSent: out += fmt.Sprintln(w.now.Sub(kitStart), n.name, "send", e.Message.Exchange, e.Number, e.Message.MessageID, fmt.Sprint(e.Message.Payloads))
			case MessageReceived: out += fmt.Sprintln(w.now.Sub(kitStart), n.name, "recv", e.Message.Exchange, e.Number, e.Message.MessageID)
			default: out += fmt.Sprintf("%v %s %T %+v\n", w.now.Sub(kitStart), n.name, e, e)
		} } ; n.events=nil; for _, r := range n.refused { out += fmt.Sprintln(n.name, "refused", r)}; n.refused=nil }
	}
	w.after = log
	w.begin(seed, func(n *end) { n.step(Reset{ChildrenOnly: true}) })
	w.run(10 * time.Second)
	log(flight{})
	if !w.agree() {
	fmt.Println(seed, out)
	for _, n := range w.ends { for _, c := range n.engine.childrenSorted() { fmt.Println(n.name, c.id, c.initiator, c.in.ID, c.out.ID, c.up, c.replaced, c.sending, c.hard.at.Sub(w.now)) } }
	return
	}
	}
}
