package main

import (
	"fmt"
	"net/netip"

	"sallyport/commands"
	"sallyport/ike"
	"sallyport/ike/wire"
	"sallyport/ipsec"
)

// packetOf puts the header of a message into words, for `debugging ike packet`,
// and reports false for events that are no message.
func packetOf(event ike.Event) (entry, bool) {
	switch e := event.(type) {
	case ike.MessageSent:
		return packet("send", e.Local, e.Remote, e.Message), true
	case ike.MessageReceived:
		return packet("received", e.Local, e.Remote, e.Message), true
	}
	return entry{}, false
}

// packet describes a message by its header: RFC 2408 §3.1.
func packet(verb string, local, remote netip.AddrPort, m *wire.Message) entry {
	text := fmt.Sprintf("%s packet %v %v: initiator cookie %v, responder cookie %v, exchange %v, flags 0x%02x, message ID 0x%08x, %d payloads",
		verb, local, remote, m.CookieI, m.CookieR, m.Exchange, uint8(m.Flags), uint32(m.MessageID), len(m.Payloads))
	return entry{kind: ikePacket, reason: verb + " packet", text: text, trace: true, debugOnly: true}.about(commands.DebugIKEPacket, remote)
}

// describeIPsec puts an event of the dataplane into words, for `debugging ipsec`.
func describeIPsec(event ipsec.Event) entry {
	told := entry{trace: true, debugOnly: true, debug: commands.DebugIPsecMisc}
	switch e := event.(type) {
	case ipsec.Acquire:
		told.kind, told.reason, told.debug = ipsecAcquire, "acquire", commands.DebugIPsecPacket
		told.text = fmt.Sprintf("no SA for a packet of protocol %d from %v to %v: policy %s %d on %s, rule %d",
			e.Packet.Protocol, netip.AddrPortFrom(e.Packet.Source, e.Packet.SourcePort),
			netip.AddrPortFrom(e.Packet.Destination, e.Packet.DestinationPort),
			e.Policy.Name, e.Policy.Sequence, e.Policy.Interface, e.Rule)
	case ipsec.Expired:
		told.kind, told.reason = ipsecExpired, "expired"
		told.text = fmt.Sprintf("%s is at its %s limit", saName(e.SA), limitName(e.Hard))
	case ipsec.Moved:
		told.kind, told.reason = ipsecMoved, "moved"
		told.text = fmt.Sprintf("the peer of %s is now at %v", saName(e.SA), e.Remote)
	}
	return told
}

// saName names an SA.
func saName(id ipsec.SAID) string {
	return fmt.Sprintf("SA %#08x of %v", uint32(id.SPI), id.Destination)
}

// limitName names a limit of an SA's lifetime.
func limitName(hard bool) string {
	if hard {
		return "hard"
	}
	return "soft"
}

// unknownVendors names vendor IDs that mean nothing here.
func unknownVendors(e ike.UnknownVendors) entry {
	text := fmt.Sprintf("ignored vendor IDs of %v:", e.Remote)
	for _, id := range e.IDs {
		text += " " + id.String()
	}
	return entry{kind: ikeVendors, reason: "vendor", text: text, trace: true}.about(commands.DebugIKEMisc, e.Remote)
}
