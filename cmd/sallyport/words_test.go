package main

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"sallyport/acl"
	"sallyport/commands"
	"sallyport/ike"
	"sallyport/ike/keymat"
	"sallyport/ike/loop"
	"sallyport/ike/wire"
	"sallyport/ipsec"
)

var (
	wordsLocal  = netip.MustParseAddrPort("192.0.2.1:500")
	wordsRemote = netip.MustParseAddrPort("198.51.100.7:500")
	wordsPolicy = ipsec.PolicyID{Interface: "GigabitEthernet0/0/2", Name: "policy1", Sequence: 10}
)

func TestDescribe(t *testing.T) {
	status := ike.Status{
		ConnectionID: 7, Peer: "b", Remote: wordsRemote, Initiator: true,
		Suite: keymat.Suite{Cipher: keymat.Cipher{Algorithm: wire.EncAES, KeyBits: 256}, Hash: wire.HashSHA256, Group: wire.Group14},
	}
	behindNAT := ike.Status{ConnectionID: 8, Remote: wordsRemote, NAT: true, Suite: keymat.Suite{
		Cipher: keymat.Cipher{Algorithm: wire.Enc3DES}, Hash: wire.HashMD5, Group: wire.Group2,
	}}
	pair := ike.ChildStatus{
		ConnectionID: 9, Policy: wordsPolicy, Peer: "b", Remote: wordsRemote,
		Inbound:  &ipsec.SA{ID: ipsec.SAID{SPI: 0x100}, Encryption: ipsec.AES128, Integrity: ipsec.SHA1},
		Outbound: &ipsec.SA{ID: ipsec.SAID{SPI: 0xABCDEF01}, Encryption: ipsec.AES128, Integrity: ipsec.SHA1},
	}
	m := &wire.Message{Header: wire.Header{Exchange: wire.MainMode}, Payloads: []wire.Payload{wire.Hash{}, wire.Nonce{Data: make([]byte, 32)}}}
	failed := ike.Failure{Remote: wordsRemote, Peer: "b", Category: "phase1 proposal mismatch", Reason: "offered des, allowed aes"}
	tests := []struct {
		event  ike.Event
		reason string
		text   string
	}{
		{ike.MessageSent{Local: wordsLocal, Remote: wordsRemote, Number: 3, Message: m},
			"send", "send 192.0.2.1:500 198.51.100.7:500 Main 3 HASH NONCE[32]"},
		{ike.MessageReceived{Local: wordsLocal, Remote: wordsRemote, Number: 3, Message: m},
			"received", "received 192.0.2.1:500 198.51.100.7:500 Main 3 HASH NONCE[32]"},
		{ike.Repeated{Local: wordsLocal, Remote: wordsRemote, Exchange: wire.QuickMode, Number: 1, Try: 2},
			"repeated", "repeat 192.0.2.1:500 198.51.100.7:500 Quick 1 (try 2)"},
		{ike.Repeated{Local: wordsLocal, Remote: wordsRemote, Exchange: wire.QuickMode, Number: 2},
			"repeated", "repeat 192.0.2.1:500 198.51.100.7:500 Quick 2 (the peer repeated its request)"},
		{ike.Phase1Up{Status: status}, "phase 1 up",
			"phase 1 up with peer b at 198.51.100.7:500, conn-id 7, initiator, aes-cbc-256 sha2-256 modp2048"},
		{ike.Phase1Up{Status: ike.Status{ConnectionID: 8, Peer: "spokes", Remote: wordsRemote, RemoteID: "/C=ZZ/CN=spoke 1", User: "ann", Suite: status.Suite}}, "phase 1 up",
			"phase 1 up with peer spokes at 198.51.100.7:500, conn-id 8, responder, aes-cbc-256 sha2-256 modp2048, ID /C=ZZ/CN=spoke 1, user ann"},
		{ike.Phase1Up{Status: ike.Status{ConnectionID: 8, Peer: "b", Remote: wordsRemote, RemoteID: "198.51.100.7", Suite: status.Suite}}, "phase 1 up",
			"phase 1 up with peer b at 198.51.100.7:500, conn-id 8, responder, aes-cbc-256 sha2-256 modp2048"},
		{ike.Phase1Down{Status: behindNAT, Reason: "peer request"}, "phase 1 down",
			"phase 1 down with 198.51.100.7:500, conn-id 8, responder, 3des-cbc md5 modp1024, behind NAT: peer request"},
		{ike.Phase2Up{Status: pair}, "phase 2 up",
			"phase 2 up with peer b at 198.51.100.7:500, conn-id 9, responder, policy policy1 10 on GigabitEthernet0/0/2, AES-128 HMAC-SHA1-96, SPI in 0x00000100 out 0xabcdef01"},
		{ike.Phase2Down{Status: ike.ChildStatus{Remote: wordsRemote, Policy: wordsPolicy}, Reason: "hard expiry"}, "phase 2 down",
			"phase 2 down with 198.51.100.7:500, conn-id 0, responder, policy policy1 10 on GigabitEthernet0/0/2: hard expiry"},
		{ike.UnknownVendors{Remote: wordsRemote, IDs: []wire.VendorID{{Data: []byte{0xab, 0xcd}}, wire.VendorDPD}},
			"vendor", "ignored vendor IDs of 198.51.100.7:500: VID[abcd] VID[DPD]"},
		{ike.Refused{Remote: wordsRemote, Err: &ike.Rejection{Category: ike.InvalidCookie, Reason: "no such SA"}},
			"refused invalid cookie", "refused a message from 198.51.100.7:500: invalid cookie: no such SA"},
		{ike.Refused{Remote: wordsRemote, Err: &wire.SyntaxError{Got: "12 octets", Wanted: "28"}},
			"refused malformed message", "refused a message from 198.51.100.7:500: header, octet 0: 12 octets, wanted 28"},
		{ike.Notified{Remote: wordsRemote, Notify: wire.NoProposalChosen},
			"notification", "notification from 198.51.100.7:500: " + wire.NoProposalChosen.String() + " (not authenticated, not acted on)"},
		{ike.Notified{Remote: wordsRemote, Notify: wire.InitialContact, Authenticated: true},
			"notification", "notification from 198.51.100.7:500: " + wire.InitialContact.String() + " (authenticated)"},
		{ike.NegotiationFailed{Failure: failed}, "failed phase1 proposal mismatch",
			"negotiation with peer b at 198.51.100.7:500 failed: phase1 proposal mismatch: offered des, allowed aes"},
		{ike.TimedOut{Remote: wordsRemote, Exchange: wire.MainMode, After: time.Minute}, "no answer",
			"no answer from 198.51.100.7:500 to Main after 1m0s"},
		{ike.TimedOut{Remote: wordsRemote, Exchange: wire.QuickMode, After: time.Minute, Policy: wordsPolicy}, "no answer",
			"no answer from 198.51.100.7:500 to Quick after 1m0s, policy policy1 10 on GigabitEthernet0/0/2"},
		{ike.FellBack{Policy: wordsPolicy, Peer: "b", Remote: wordsRemote.Addr(), Clear: true, Retry: time.Minute}, "fallback to clear",
			"policy policy1 10 on GigabitEthernet0/0/2 with b (198.51.100.7): the peer does not answer, traffic goes IN CLEAR, UNPROTECTED, from now on; retry in 1m0s"},
		{ike.FellBack{Policy: wordsPolicy, Peer: "b", Remote: wordsRemote.Addr()}, "fallback over",
			"policy policy1 10 on GigabitEthernet0/0/2 with b (198.51.100.7): traffic does not go in clear any more"},
	}
	for _, test := range tests {
		got := describe(test.event)
		if got.reason != test.reason || got.text != test.text {
			t.Errorf("describe(%T) = %q: %q, want %q: %q", test.event, got.reason, got.text, test.reason, test.text)
		}
		if strings.Contains(got.text, "\n") {
			t.Errorf("describe(%T) is more than one line: %q", test.event, got.text)
		}
	}
}

func TestOnlyMessagesNeedTracing(t *testing.T) {
	for _, event := range []ike.Event{ike.MessageSent{Message: &wire.Message{}}, ike.MessageReceived{Message: &wire.Message{}}, ike.Repeated{}} {
		if !describe(event).trace {
			t.Errorf("describe(%T) is always logged, want it traced only", event)
		}
	}
	for _, event := range []ike.Event{ike.Phase1Up{}, ike.Phase1Down{}, ike.Refused{Err: errors.New("x")}, ike.NegotiationFailed{}, ike.TimedOut{}} {
		if describe(event).trace {
			t.Errorf("describe(%T) is traced only, want it logged", event)
		}
	}
}

func TestAlgorithms(t *testing.T) {
	if got := algorithms(&ipsec.SA{Encryption: ipsec.AES256GCM}); got != "AES-256-GCM-128" {
		t.Errorf("algorithms(GCM) = %q, want no authenticator", got)
	}
}

func TestTrouble(t *testing.T) {
	cause := errors.New("network is unreachable")
	source, remote := &net.UDPAddr{Port: 500}, net.UDPAddrFromAddrPort(wordsRemote)
	sendmsg := &net.OpError{Op: "write", Net: "udp4", Source: source, Addr: remote, Err: os.NewSyscallError("sendmsg", unix.ENETUNREACH)}
	tests := []struct {
		err          error
		reason, text string
	}{
		{&loop.Overload{Queue: loop.QueueDatagrams}, "queue is full, newest dropped: received IKE messages", "queue is full, newest dropped: received IKE messages"},
		{&loop.SocketError{Op: "send to 192.0.2.1:500", Err: cause}, "*loop.SocketError", "send to 192.0.2.1:500: network is unreachable"},
		{&loop.SocketError{Op: "send to 198.51.100.7:500", Err: sendmsg}, "*loop.SocketError", "send to 198.51.100.7:500: network is unreachable"},
		{fmt.Errorf("outer: %w (inner)", &net.OpError{Op: "read", Net: "udp4", Err: net.ErrClosed}), "*fmt.wrapError", "outer: use of closed network connection (inner)"},
		{&loop.Panic{Where: "wire.Parse (line 3)", Input: "ike.Datagram", Length: 30, Exchange: 2, Reason: "x"}, "panic in wire.Parse (line 3)",
			"panic in wire.Parse (line 3) handling ike.Datagram of 30 octets, exchange type 2, dropped: x"},
	}
	for _, test := range tests {
		if got := trouble(test.err); got.reason != test.reason || got.text != test.text {
			t.Errorf("trouble(%T) = %q: %q, want %q: %q", test.err, got.reason, got.text, test.reason, test.text)
		}
	}
}

// TestAFailureIsToldOnce checks that a refusal which comes back as a failure, in
// the same words, is left to that.
func TestAFailureIsToldOnce(t *testing.T) {
	for category, traced := range map[ike.Category]bool{ike.Phase1Mismatch: true, ike.InvalidCookie: false} {
		if got := describe(ike.Refused{Err: &ike.Rejection{Category: category, Reason: "r"}}); got.trace != traced {
			t.Errorf("describe(refused for %v).trace = %v, want %v", category, got.trace, traced)
		}
	}
}

// TestKinds checks under which name each event is found, and what debugging shows
// it.
func TestKinds(t *testing.T) {
	m := &wire.Message{Header: wire.Header{Exchange: wire.MainMode}}
	for _, test := range []struct {
		event ike.Event
		name  string
		debug commands.DebugKind
	}{
		{ike.MessageSent{Remote: wordsRemote, Message: m}, "IKE_MESSAGE", commands.DebugIKEMessage},
		{ike.MessageReceived{Remote: wordsRemote, Message: m}, "IKE_MESSAGE", commands.DebugIKEMessage},
		{ike.Repeated{Remote: wordsRemote}, "IKE_REPEAT", commands.DebugIKETransport},
		{ike.Phase1Up{Status: ike.Status{Remote: wordsRemote}}, "IKE_SA_UP", commands.DebugIKEExchange},
		{ike.Phase1Down{Status: ike.Status{Remote: wordsRemote}}, "IKE_SA_DOWN", commands.DebugIKEExchange},
		{ike.Phase2Up{Status: ike.ChildStatus{Remote: wordsRemote}}, "IPSEC_SA_UP", commands.DebugIKEExchange},
		{ike.Phase2Down{Status: ike.ChildStatus{Remote: wordsRemote}}, "IPSEC_SA_DOWN", commands.DebugIKEExchange},
		{ike.Refused{Remote: wordsRemote, Err: errors.New("x")}, "IKE_MSG_REFUSED", commands.DebugIKEError},
		{ike.Notified{Remote: wordsRemote}, "IKE_NOTIFY_CLEAR", commands.DebugIKEMisc},
		{ike.Notified{Remote: wordsRemote, Authenticated: true}, "IKE_NOTIFY", commands.DebugIKEMisc},
		{ike.NegotiationFailed{Failure: ike.Failure{Remote: wordsRemote}}, "IKE_NEGO_FAIL", commands.DebugIKEError},
		{ike.TimedOut{Remote: wordsRemote}, "IKE_NO_ANSWER", commands.DebugIKEError},
	} {
		got := describe(test.event)
		if name := got.kind.name().mnemonic; name != test.name || got.debug != test.debug || got.remote != wordsRemote.Addr() {
			t.Errorf("describe(%T): %s, debugging %b of %v, want %s, %b and %v", test.event, name, got.debug, got.remote, test.name, test.debug, wordsRemote.Addr())
		}
	}
}

func TestWordsOfDebugging(t *testing.T) {
	m := &wire.Message{Header: wire.Header{CookieI: wire.Cookie{1}, CookieR: wire.Cookie{2}, Exchange: wire.QuickMode, MessageID: 0x77, Flags: 1},
		Payloads: []wire.Payload{wire.Hash{}}}
	header := "packet 192.0.2.1:500 198.51.100.7:500: initiator cookie 0100000000000000, responder cookie 0200000000000000, " +
		"exchange Quick, flags 0x01, message ID 0x00000077, 1 payloads"
	for event, want := range map[ike.Event]string{
		ike.MessageSent{Local: wordsLocal, Remote: wordsRemote, Message: m}:     "send " + header,
		ike.MessageReceived{Local: wordsLocal, Remote: wordsRemote, Message: m}: "received " + header,
	} {
		if got, ok := packetOf(event); !ok || got.text != want || !got.debugOnly {
			t.Errorf("packetOf(%T) = %q, want %q", event, got.text, want)
		}
	}
	if _, ok := packetOf(ike.Phase1Up{}); ok {
		t.Error("an SA is a packet")
	}
	sa := ipsec.SAID{Destination: wordsLocal.Addr(), SPI: 0x100}
	packet := acl.Tuple{Source: wordsLocal.Addr(), Destination: wordsRemote.Addr(), Protocol: 17, SourcePort: 53, DestinationPort: 4000}
	for event, want := range map[ipsec.Event]string{
		ipsec.Acquire{Policy: wordsPolicy, Rule: 5, Packet: packet}: "no SA for a packet of protocol 17 from 192.0.2.1:53 to 198.51.100.7:4000: policy policy1 10 on GigabitEthernet0/0/2, rule 5",
		ipsec.Expired{SA: sa}:                    "SA 0x00000100 of 192.0.2.1 is at its soft limit",
		ipsec.Expired{SA: sa, Hard: true}:        "SA 0x00000100 of 192.0.2.1 is at its hard limit",
		ipsec.Moved{SA: sa, Remote: wordsRemote}: "the peer of SA 0x00000100 of 192.0.2.1 is now at 198.51.100.7:500",
	} {
		if got := describeIPsec(event); got.text != want || !got.trace || !got.debugOnly || got.debug == 0 {
			t.Errorf("describeIPsec(%T) = %+v, want %q", event, got, want)
		}
	}
}
