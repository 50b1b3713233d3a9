package ike

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"sallyport/ike/wire"
)

// A snapshot is the text of everything reachable from an engine, so that two of
// them tell whether a message changed anything. Counters, hints and what was
// said to the operator are left out: a refused message may change those.
type snapshot struct {
	b    strings.Builder
	seen map[uintptr]int
}

// leftOut are the fields, by type and name, that say nothing about an SA.
var leftOut = map[string]bool{
	"Engine.config": true, "Engine.policies": true, "Engine.directory": true, "Engine.roster": true, "Engine.keyrings": true, "Engine.entropy": true, "Engine.now": true, "Engine.out": true,
	"Engine.refused": true, "Engine.odd": true, "Engine.tally": true, "Engine.failures": true, "Engine.offlines": true, "Engine.history": true, "Engine.notices": true, "Engine.firstsKnown": true, "Engine.firstsStrange": true, "Engine.signedKnown": true, "Engine.exchangesKnown": true, "Engine.exchangesStrange": true, "Engine.signedStrange": true, "Engine.explainedKnown": true, "Engine.explainedStrange": true, "Engine.waitersKnown": true, "Engine.waitersStrange": true, "Engine.lastID": true, "Engine.made": true,
	"handshake.told": true, "handshake.credit": true, "handshake.forks": true, "handshake.switches": true, "handshake.here": true, "handshake.toldSealed": true, "handshake.refused": true, "handshake.deleted": true, "handshake.spoken": true, "handshake.table": true, "handshake.packet": true, "quickMode.table": true, "exchange.hint": true, "exchange.hints": true, "exchange.answered": true,
	// What a message leaves behind that took mathematics to be found out; the next one overwrites it.
	"Engine.lastJob": true, "handshake.theirs": true, "handshake.private": true, "handshake.claim": true, "handshake.heard": true, "handshake.spent": true, "exchange.result": true, "exchange.before": true,
	"deadline.order": true, "schedule.order": true,
}

// opaque are types that nobody changes, or that lead out of the engine.
var opaque = map[string]bool{"Peer": true, "Policy": true, "Proposal": true, "SA": true, "Time": true}

func snapshotOf(e *Engine) string {
	s := &snapshot{seen: map[uintptr]int{}}
	s.value(reflect.ValueOf(e))
	return s.b.String()
}

func (s *snapshot) value(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		s.pointer(v)
	case reflect.Interface:
		s.interfaceValue(v)
	case reflect.Struct:
		s.structure(v)
	case reflect.Map:
		s.mapping(v)
	case reflect.Slice, reflect.Array:
		s.sequence(v)
	case reflect.Func:
		fmt.Fprintf(&s.b, "func:%v", !v.IsNil())
	default:
		fmt.Fprint(&s.b, v)
	}
}

func (s *snapshot) interfaceValue(v reflect.Value) {
	if v.IsNil() {
		s.b.WriteString("nil")
		return
	}
	s.value(v.Elem())
}

// pointer writes what v points to once, and then only which one it was.
func (s *snapshot) pointer(v reflect.Value) {
	if v.IsNil() {
		s.b.WriteString("nil")
		return
	}
	if t := v.Type().Elem(); opaque[t.Name()] || strings.HasSuffix(t.PkgPath(), "unique") {
		fmt.Fprintf(&s.b, "@%x", v.Pointer())
		return
	}
	if n, again := s.seen[v.Pointer()]; again {
		fmt.Fprintf(&s.b, "#%d", n)
		return
	}
	s.seen[v.Pointer()] = len(s.seen) + 1
	fmt.Fprintf(&s.b, "#%d=", len(s.seen))
	s.value(v.Elem())
}

func (s *snapshot) structure(v reflect.Value) {
	t := v.Type()
	if opaque[t.Name()] || t.PkgPath() == "net/netip" {
		fmt.Fprint(&s.b, v)
		return
	}
	s.b.WriteString(t.Name() + "{")
	for i := range t.NumField() {
		if f := t.Field(i); !leftOut[t.Name()+"."+f.Name] {
			s.b.WriteString(" " + f.Name + ":")
			s.value(v.Field(i))
		}
	}
	s.b.WriteString("}\n")
}

// mapping writes a map in the order of its keys.
func (s *snapshot) mapping(v reflect.Value) {
	keys := v.MapKeys()
	slices.SortFunc(keys, func(a, b reflect.Value) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
	s.b.WriteString("map[")
	for _, k := range keys {
		fmt.Fprintf(&s.b, " %v:", k)
		s.value(v.MapIndex(k))
	}
	s.b.WriteString("]")
}

func (s *snapshot) sequence(v reflect.Value) {
	if v.Type().Elem().Kind() == reflect.Uint8 {
		fmt.Fprintf(&s.b, "%x", v)
		return
	}
	s.b.WriteString("[")
	for i := range v.Len() {
		s.value(v.Index(i))
		s.b.WriteString(" ")
	}
	s.b.WriteString("]")
}

// firstDifference shows two snapshots where they part.
func firstDifference(a, b string) string {
	i := 0
	for i < len(a) && i < len(b) && a[i] == b[i] {
		i++
	}
	cut := func(s string) string { return s[max(0, i-200):min(len(s), i+100)] }
	return fmt.Sprintf("before …%s…\nafter …%s…", cut(a), cut(b))
}

// TestSnapshotSees makes sure that a snapshot would show what it is for.
func TestSnapshotSees(t *testing.T) {
	w := connected(t, 1, nil)
	e := w.ends[0].engine
	s := e.current(party{peer: "peer"})
	for name, change := range map[string]func() (undo func()){
		"IV":        func() func() { s.lastIV[0] ^= 1; return func() { s.lastIV[0] ^= 1 } },
		"used ID":   func() func() { s.used[77] = struct{}{}; return func() { delete(s.used, 77) } },
		"quick":     func() func() { s.quick[77] = &quickMode{}; return func() { delete(s.quick, 77) } },
		"address":   func() func() { old := s.remote; s.remote = kitPort(9, 500); return func() { s.remote = old } },
		"half-open": func() func() { e.sas[wire.Cookie{1}] = s; return func() { delete(e.sas, wire.Cookie{1}) } },
		"timer": func() func() {
			s.hard.at = s.hard.at.Add(time.Second)
			return func() { s.hard.at = s.hard.at.Add(-time.Second) }
		},
		"key":   func() func() { s.keys.SKEYIDa[3] ^= 4; return func() { s.keys.SKEYIDa[3] ^= 4 } },
		"state": func() func() { s.phase1.state--; return func() { s.phase1.state++ } },
	} {
		before := snapshotOf(e)
		undo := change()
		if snapshotOf(e) == before {
			t.Errorf("a changed %s is not seen", name)
		}
		undo()
		if after := snapshotOf(e); after != before {
			t.Errorf("%s undone is a difference: %s", name, firstDifference(before, after))
		}
	}
}
