package commands

import (
	"cmp"
	"strconv"
	"time"

	"sallyport/ike"
)

// An ikeGlobalDisplay is `display ike global config`: what holds with all peers. Zero is what
// is off.
type ikeGlobalDisplay struct {
	LocalName         string  `json:"local_name"` // in force
	DPD               dpdLine `json:"dpd"`        // in force
	HeartbeatInterval int64   `json:"heartbeat_interval_seconds"`
	HeartbeatTimeout  int64   `json:"heartbeat_timeout_seconds"`
	HeartbeatSeq      string  `json:"heartbeat_seq_num"` // old or new
	HeartbeatSPIs     bool    `json:"heartbeat_spi_list"`
	NATKeepAlive      int64   `json:"nat_keepalive_seconds"` // in force
	HalfOpen          int     `json:"half_open_limit"`       // in force, as the next ones
	HalfOpenPerAddr   int     `json:"half_open_limit_per_address"`
	HalfOpenPerPeer   int     `json:"half_open_limit_per_peer_address"` // of the address of an ike peer
	ISAKMP            int     `json:"isakmp_sa_limit"`
	InNegotiation     int     `json:"in_negotiation_limit"` // 0: none
	TrafficIdentical  bool    `json:"traffic_identical_accept"`
}

// usualNATKeepAlive is what the engine takes for none.
const usualNATKeepAlive = 20 * time.Second

func newIKEGlobalDisplay(c *Config) ikeGlobalDisplay {
	g, limits := c.ikeInForce(), c.IKE.Limits.InForce()
	d := ikeGlobalDisplay{
		LocalName:         g.LocalName,
		DPD:               newDPDLine(ike.DPD{}, g.DPD),
		HeartbeatInterval: int64(g.Heartbeat.Interval / time.Second),
		HeartbeatTimeout:  int64(g.Heartbeat.Timeout / time.Second),
		HeartbeatSeq:      "old",
		HeartbeatSPIs:     g.Heartbeat.SPIs,
		NATKeepAlive:      int64(cmp.Or(g.NATKeepAlive, usualNATKeepAlive) / time.Second),
		HalfOpen:          limits.HalfOpen,
		HalfOpenPerAddr:   limits.HalfOpenPerAddr,
		HalfOpenPerPeer:   g.Limits.OfPeer(),
		ISAKMP:            limits.ISAKMP,
		InNegotiation:     limits.InNegotiation,
		TrafficIdentical:  g.TrafficIdentical,
	}
	if g.Heartbeat.NewSeq {
		d.HeartbeatSeq = "new"
	}
	return d
}

var ikeGlobalForm = form{indent: 2, width: 32}

const ikeGlobalRule = 54

// text prints a line for each setting.
func (d ikeGlobalDisplay) text() string {
	var p page
	p.add("IKE Global Config:")
	p.add(dashes(ikeGlobalRule))
	for _, f := range [][2]string{
		{"IKE local-name", d.LocalName},
		{"DPD type", cmp.Or(d.DPD.Type, enable(false))},
		{"DPD idle time(s)", strconv.FormatInt(d.DPD.Idle, 10)},
		{"DPD retransmit interval(s)", strconv.FormatInt(d.DPD.Retransmit, 10)},
		{"DPD retry limit", strconv.Itoa(d.DPD.Retries)},
		{"DPD message", d.DPD.Order},
		{"Heartbeat interval(s)", offOr(d.HeartbeatInterval)},
		{"Heartbeat timeout(s)", offOr(d.HeartbeatTimeout)},
		{"Heartbeat sequence number", d.HeartbeatSeq},
		{"Heartbeat SPI list", enable(d.HeartbeatSPIs)},
		{"NAT keepalive interval(s)", strconv.FormatInt(d.NATKeepAlive, 10)},
		{"Half-open limit", strconv.Itoa(d.HalfOpen)},
		{"Half-open limit per address", d.perAddress()},
		{"ISAKMP SA limit", strconv.Itoa(d.ISAKMP)},
		{"In-negotiation limit", offOr(int64(d.InNegotiation))},
		{"Traffic-identical accept", enable(d.TrafficIdentical)},
	} {
		p.add(ikeGlobalForm.line(f[0], f[1]))
	}
	p.add(dashes(ikeGlobalRule))
	return p.text()
}

// offOr returns a number, or that there is none.
func offOr(seconds int64) string {
	if seconds == 0 {
		return enable(false)
	}
	return strconv.FormatInt(seconds, 10)
}

// perAddress returns the limit of one address, and that of an ike peer's if it is another.
func (d ikeGlobalDisplay) perAddress() string {
	text := strconv.Itoa(d.HalfOpenPerAddr)
	if d.HalfOpenPerPeer != d.HalfOpenPerAddr {
		text += ", of an IKE peer's " + strconv.Itoa(d.HalfOpenPerPeer)
	}
	return text
}
