package ipsec_test

import (
	"fmt"
	"net/netip"
	"time"

	"sallyport/acl"
	"sallyport/ipsec"
	"sallyport/ipsec/secret"
)

// A rule's traffic as quick mode will name it, and a packet of it.
func ExampleSelectorOf() {
	rule := acl.Rule{
		ID: 5, Action: acl.Permit, Protocol: acl.TCP,
		Source:          acl.NewWildcard(netip.MustParseAddr("10.1.1.0"), 0xff),
		Destination:     acl.Host(netip.MustParseAddr("10.1.2.7")),
		DestinationPort: acl.Ports{Op: acl.Eq, Low: 80},
	}
	selector, ok := ipsec.SelectorOf(rule)
	fmt.Println(selector, ok)

	packet := acl.Tuple{
		Source: netip.MustParseAddr("10.1.1.5"), Destination: netip.MustParseAddr("10.1.2.7"),
		Protocol: acl.TCP, SourcePort: 40000, DestinationPort: 80,
	}
	fmt.Println(selector.Contains(packet), selector.ContainsInbound(packet.Reverse()))
	// Output:
	// tcp 10.1.1.0/24 to 10.1.2.7 port 80 true
	// true true
}

// The order in which a proposal is offered does not depend on how it was entered.
func ExampleProposal_Offers() {
	p := ipsec.Proposal{
		Name:        "tran1",
		Encryptions: []ipsec.Encryption{ipsec.AES128, ipsec.AES256, ipsec.AES128GCM},
		Integrities: []ipsec.Integrity{ipsec.SHA1, ipsec.SHA256},
	}
	for _, offer := range p.Offers() {
		fmt.Println(offer)
	}
	// Output:
	// aes-128-gcm-128
	// aes-256/sha2-256
	// aes-256/sha1
	// aes-128/sha2-256
	// aes-128/sha1
}

// Two peers agree on the tighter of each bound.
func ExampleLifetime_Min() {
	ours := ipsec.Lifetime{Duration: time.Hour, Octets: 1843200 << 10}
	theirs := ipsec.Lifetime{Duration: 8 * time.Hour}
	fmt.Println(ours.Min(theirs))
	// Output: {1h0m0s 1887436800}
}

// What is wrong with an SA is said in one line, without its keys.
func ExampleSA_Validate() {
	sa := ipsec.SA{
		ID:            ipsec.SAID{Destination: netip.MustParseAddr("198.51.100.2"), Protocol: ipsec.ESP, SPI: 0xb3254c1},
		Encryption:    ipsec.AES256GCM,
		EncryptionKey: secret.Octets("thirty-two octets, salt is amiss"),
		Window:        64,
	}
	fmt.Println(sa.Validate())
	// Output: ESP 0xb3254c1 to 198.51.100.2: encryption key has 32 octets, AES-256-GCM-128 wants 36
}
