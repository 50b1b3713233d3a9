package acl

import (
	"math"
	"strconv"
)

// A PortOp says how a packet's port is compared.
type PortOp uint8

// The operators. The zero value matches every port.
const (
	AnyPort PortOp = iota
	Eq
	Gt
	Lt
	Neq
	Range
)

var portOps = [...]string{AnyPort: "", Eq: "eq", Gt: "gt", Lt: "lt", Neq: "neq", Range: "range"}

// String returns the operator's word in a rule; empty for AnyPort.
func (op PortOp) String() string {
	if int(op) >= len(portOps) {
		return strconv.Itoa(int(op))
	}
	return portOps[op]
}

// Ports is a port condition of a rule. The zero value matches every port, and a
// packet that has none.
type Ports struct {
	Op        PortOp
	Low, High uint16 // High only with Range
}

// Contains reports whether the port fulfils the condition. An operator that does
// not exist contains nothing.
func (p Ports) Contains(port uint16) bool {
	switch p.Op {
	case AnyPort:
		return true
	case Eq:
		return port == p.Low
	case Gt:
		return port > p.Low
	case Lt:
		return port < p.Low
	case Neq:
		return port != p.Low
	case Range:
		return port >= p.Low && port <= p.High
	}
	return false
}

// Bounds returns the lowest and the highest port of the condition, both included.
// It is false if there is none, as with gt 65535, or if the ports are not in one
// piece, as with neq.
func (p Ports) Bounds() (low, high uint16, ok bool) {
	switch p.Op {
	case AnyPort:
		return 0, math.MaxUint16, true
	case Eq:
		return p.Low, p.Low, true
	case Gt:
		return p.Low + 1, math.MaxUint16, p.Low < math.MaxUint16
	case Lt:
		return 0, p.Low - 1, p.Low > 0
	case Range:
		return p.Low, p.High, p.Low <= p.High
	}
	return 0, 0, false
}

// String returns the condition as VRP shows it for TCP, such as "eq www"; empty
// for every port.
func (p Ports) String() string { return p.Text(TCP) }

// Text returns the condition as VRP shows it in a rule for that protocol: a port
// with a name is shown by name.
func (p Ports) Text(protocol uint8) string {
	switch p.Op {
	case AnyPort:
		return ""
	case Range:
		return "range " + portText(protocol, p.Low) + " " + portText(protocol, p.High)
	}
	return p.Op.String() + " " + portText(protocol, p.Low)
}

func portText(protocol uint8, port uint16) string {
	if name, ok := PortName(protocol, port); ok {
		return name
	}
	return strconv.Itoa(int(port))
}
