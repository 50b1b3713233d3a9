package selection

import (
	"net/netip"

	"sallyport/acl"
	"sallyport/ipsec"
)

// A Clause says what becomes of clear packets that come in. It is a policy of
// the kernel's, with direction in; the first clause for a packet decides.
type Clause struct {
	Selection
	Allow bool
}

// Clauses returns what the policies say about packets to this box, in order. Of several
// that select the same only the first has a say.
func Clauses(policies []*ipsec.Policy) []Clause {
	all, _ := Marked(policies)
	return all
}

// A Mark is where the clauses of a policy's instances come: before the clause at an
// index, or behind all.
type Mark struct {
	Of   ipsec.PolicyID
	At   int
	Wide bool // a template's, which will have many
}

// Marked is Clauses with the places for instances that come later: of templates, and of
// policies that have some. A template has no clauses; instances that are listed stand before
// what they are of, the newest first.
func Marked(policies []*ipsec.Policy) ([]Clause, []Mark) {
	list := clauseList{all: make([]Clause, 0, len(policies))}
	for _, p := range policies {
		if !p.Template {
			list.allowTooBig(p)
		}
	}
	var marks []Mark
	marked := make(map[ipsec.PolicyID]int) // the numbers of marks, from 1 on
	for _, p := range policies {
		if p.Template || p.ID.Instance != 0 {
			of := p.ID.Configured()
			if marked[of] == 0 {
				marks = append(marks, Mark{Of: of, At: len(list.all)})
				marked[of] = len(marks)
			}
			marks[marked[of]-1].Wide = p.Template
		}
		list.addRules(p)
	}
	return list.all, marks
}

// addRules adds the mirrors of a policy's rules, if they are not a template's.
func (l *clauseList) addRules(p *ipsec.Policy) {
	if p.Template {
		return
	}
	for i := range p.ACL.Rules {
		l.addRule(&p.ACL.Rules[i])
	}
}

// ClausesOf returns what one policy says: which reports of routers it lets in, and the
// mirrors of its rules.
func ClausesOf(p *ipsec.Policy) (first, rules []Clause) {
	var reports, mirrors clauseList
	reports.allowTooBig(p)
	mirrors.addRules(p)
	return reports.all, mirrors.all
}

// A clauseList grows.
type clauseList struct{ all []Clause }

// add appends one.
func (l *clauseList) add(c Clause) { l.all = append(l.all, c) }

// allowTooBig lets the reports of routers in that one of our packets was too large
// for the way to the peer, if a rule covers our own end. They come in clear, whoever
// sends them; without them the path's MTU could not be learnt (RFC 4301 §8.2.1).
func (l *clauseList) allowTooBig(p *ipsec.Policy) {
	for i := range p.ACL.Rules {
		if r := &p.ACL.Rules[i]; r.Action == acl.Permit && r.Source.Matches(p.Local) {
			l.add(Clause{TooBig(p.Local), true})
			return
		}
	}
}

// ICMP's message that a packet was too large: RFC 792, RFC 1191.
const (
	protoICMP          = 1
	icmpUnreachable    = 3
	icmpNeedsFragments = 4
)

// TooBig is the reports of routers, whichever, to an address that something sent from
// there was too large for the way.
func TooBig(to netip.Addr) Selection {
	return Selection{
		From: Anywhere, To: netip.PrefixFrom(to.Unmap(), 32), Protocol: protoICMP,
		FromPort: OnePort(icmpUnreachable), ToPort: OnePort(icmpNeedsFragments),
	}
}

// addRule adds the mirror of a rule. A wildcard that is no prefix is not expanded
// here: such a rule lets pass what its permission would have held back, and as a
// denial all that is between.
func (l *clauseList) addRule(r *acl.Rule) {
	allow := r.Action == acl.Deny
	source, exactSource := r.Source.Prefix()
	destination, exactDestination := r.Destination.Prefix()
	if !exactSource || !exactDestination {
		if !allow {
			return
		}
		source, destination = Covering(r.Source), Covering(r.Destination)
	}
	whole := Selection{From: source, To: destination, Protocol: r.Protocol}
	if !asksPorts(r) {
		l.add(Clause{whole.Mirror(), allow}) // as most rules
		return
	}
	for _, s := range withPorts(nil, whole, r) {
		l.add(Clause{s.Mirror(), allow})
	}
}
