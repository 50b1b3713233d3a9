package commands

import (
	"math"
	"slices"

	"sallyport/acl"
	"sallyport/commands/grammar"
	"sallyport/commands/kind"
)

// noID is the number of a rule that is entered without one.
const noID = math.MaxUint32

// longestDescription is VRP's limit in octets.
const longestDescription = 127

// basicView and advancedView are the views of `acl`.
func basicView() *grammar.View[acl.ACL] {
	return &grammar.View[acl.ACL]{
		Tag:  func(a *acl.ACL) string { return "acl-basic-" + a.String() },
		New:  func() *acl.ACL { return acl.New(2000) },
		Rows: listRows(grammar.AnyOrder(sourceClause())),
	}
}

func advancedView() *grammar.View[acl.ACL] {
	return &grammar.View[acl.ACL]{
		Tag: func(a *acl.ACL) string { return "acl-adv-" + a.String() },
		New: func() *acl.ACL { return acl.New(3000) },
		Rows: listRows(grammar.OneOf(
			matchWithPorts(acl.TCP),
			matchWithPorts(acl.UDP),
			grammar.Sequence(protocolArg(kind.Protocol()), grammar.AnyOrder(sourceClause(), destinationClause())),
		)),
	}
}

func protocolArg(k grammar.Kind[uint8]) grammar.Element[acl.Rule] {
	return grammar.Arg(k, "Protocol", func(r *acl.Rule) *uint8 { return &r.Protocol })
}

// matchWithPorts is what a rule for TCP or UDP can say.
func matchWithPorts(protocol uint8) grammar.Element[acl.Rule] {
	kw := grammar.Kw[acl.Rule]
	return grammar.Sequence(protocolArg(kind.OneProtocol(protocol)), grammar.AnyOrder(
		sourceClause(), destinationClause(),
		grammar.Sequence(kw("source-port", "Source port"),
			grammar.Arg(kind.Ports(protocol), "Comparison", func(r *acl.Rule) *acl.Ports { return &r.SourcePort })),
		grammar.Sequence(kw("destination-port", "Destination port"),
			grammar.Arg(kind.Ports(protocol), "Comparison", func(r *acl.Rule) *acl.Ports { return &r.DestinationPort })),
	))
}

func sourceClause() grammar.Element[acl.Rule] {
	return wildcardClause("source", "Source address", func(r *acl.Rule) *acl.Wildcard { return &r.Source })
}

func destinationClause() grammar.Element[acl.Rule] {
	return wildcardClause("destination", "Destination address", func(r *acl.Rule) *acl.Wildcard { return &r.Destination })
}

func wildcardClause(word, help string, field func(*acl.Rule) *acl.Wildcard) grammar.Element[acl.Rule] {
	return grammar.Sequence(grammar.Kw[acl.Rule](word, help),
		grammar.OneOf(grammar.Arg(kind.Wildcard(word), "", field), grammar.Arg(kind.Host(word), "", field)))
}

const helpRule = "Rule of the list"

// listRows are an access list's, whose rules say match.
func listRows(match grammar.Element[acl.Rule]) []grammar.Row[acl.ACL] {
	kw, ruleKw := grammar.Kw[acl.ACL], grammar.Kw[acl.Rule]
	id := grammar.Arg(kind.Integer[uint32](0, acl.MaxID), "Number of the rule", func(r *acl.Rule) *uint32 { return &r.ID })
	return []grammar.Row[acl.ACL]{
		grammar.Setting(kw("description", "Description"),
			grammar.Arg(kind.Text(longestDescription), "Text", func(a *acl.ACL) *string { return &a.Description })),
		grammar.Setting(kw("step", "Distance of automatic numbers"),
			grammar.Arg(kind.Integer[uint32](1, 20), "Step", func(a *acl.ACL) *uint32 { return &a.Step })).Check(checks(renumber)),
		grammar.List(grammar.Items[acl.ACL, acl.Rule]{All: rules, New: newRule, Old: oldRule, Put: putRule},
			ruleKw("rule", helpRule), grammar.Implied(id),
			grammar.Arg(actions(), "Action", func(r *acl.Rule) *acl.Action { return &r.Action }), match),
		grammar.List(grammar.Items[acl.ACL, acl.Rule]{
			All: rules, New: newRule, Old: oldRule, Put: describeRule,
			Skip: func(r acl.Rule) bool { return r.Description == "" },
		}, ruleKw("rule", helpRule), id, ruleKw("description", "Description"),
			grammar.Arg(kind.Text(longestDescription), "Text", func(r *acl.Rule) *string { return &r.Description })),
		undoRule(),
	}
}

// renumber gives the rules of a list numbers by its step, when that is another one.
func renumber(e *edit, a *acl.ACL) error {
	if a.Step != e.before.(*acl.ACL).Step {
		a.Renumber(a.Step)
	}
	return nil
}

func actions() grammar.Kind[acl.Action] {
	return kind.Choice(
		grammar.Word[acl.Action]{Text: "permit", Help: "Protect, or let pass", Value: acl.Permit},
		grammar.Word[acl.Action]{Text: "deny", Help: "Send in clear, or drop", Value: acl.Deny},
	)
}

func rules(a *acl.ACL) []acl.Rule { return a.Rules }

func newRule() acl.Rule { return acl.Rule{ID: noID} }

func oldRule(a *acl.ACL, r acl.Rule) (acl.Rule, bool) { return a.Rule(r.ID) }

// putRule adds or replaces a rule.
func putRule(x any, a *acl.ACL, r acl.Rule) error {
	if r.Protocol != acl.TCP && r.Protocol != acl.UDP {
		r.SourcePort, r.DestinationPort = acl.Ports{}, acl.Ports{}
	}
	if _, twin := a.Twin(r); twin {
		return refuse("The rule already exists.")
	}
	if r.ID == noID {
		id, ok := a.NextID()
		if !ok {
			return refuse("There is no number left for the rule.")
		}
		r.ID = id
	}
	x.(*edit).placeRule(a, r)
	return nil
}

// placeRule puts a rule into a list whose rules other versions share. It takes a copy, but to append to
// what the edit has copied already, so that a script of many rules costs what they are.
func (e *edit) placeRule(a *acl.ACL, r acl.Rule) {
	if n := len(a.Rules); n == 0 || a.Rules[n-1].ID < r.ID {
		if n == 0 || &a.Rules[0] != e.rules {
			a.Rules = slices.Clip(a.Rules)
		}
		a.Rules = append(a.Rules, r)
		e.rules = &a.Rules[0]
		return
	}
	a.Rules = slices.Clone(a.Rules)
	a.Put(r)
}

func describeRule(x any, a *acl.ACL, r acl.Rule) error {
	if _, ok := a.Rule(r.ID); !ok {
		return refuse("The specified rule does not exist.")
	}
	x.(*edit).placeRule(a, r)
	return nil
}

// ruleParts are what `undo rule` can take off a rule.
type ruleParts struct {
	ID                                uint32
	Source, Destination               bool
	SourcePort, DestinationPort, Text bool
}

// undoRule deletes a rule, or the parts of it that are named.
func undoRule() grammar.Row[acl.ACL] {
	return grammar.Edit(removeRule,
		grammar.Path[ruleParts]("undo", helpUndo, "rule", helpRule),
		grammar.Arg(kind.Integer[uint32](0, acl.MaxID), "Number of the rule", func(p *ruleParts) *uint32 { return &p.ID }),
		grammar.AnyOrder(
			grammar.Flag("source", "Source address", func(p *ruleParts) *bool { return &p.Source }),
			grammar.Flag("destination", "Destination address", func(p *ruleParts) *bool { return &p.Destination }),
			grammar.Flag("source-port", "Source port", func(p *ruleParts) *bool { return &p.SourcePort }),
			grammar.Flag("destination-port", "Destination port", func(p *ruleParts) *bool { return &p.DestinationPort }),
			grammar.Flag("description", "Description", func(p *ruleParts) *bool { return &p.Text }),
		))
}

func removeRule(_ any, a *acl.ACL, p *ruleParts) error {
	r, ok := a.Rule(p.ID)
	if !ok {
		return refuse("The specified rule does not exist.")
	}
	a.Rules = slices.Clone(a.Rules)
	if *p == (ruleParts{ID: p.ID}) {
		a.Remove(p.ID)
		return nil
	}
	p.strip(&r)
	if _, twin := a.Twin(r); twin {
		return refuse("The rule already exists.")
	}
	a.Put(r)
	return nil
}

// strip takes the parts off r.
func (p *ruleParts) strip(r *acl.Rule) {
	if p.Source {
		r.Source = acl.Wildcard{}
	}
	if p.Destination {
		r.Destination = acl.Wildcard{}
	}
	if p.SourcePort {
		r.SourcePort = acl.Ports{}
	}
	if p.DestinationPort {
		r.DestinationPort = acl.Ports{}
	}
	if p.Text {
		r.Description = ""
	}
}
