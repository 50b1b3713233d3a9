package strongswan

import (
	"fmt"
	"net/netip"
	"strings"
)

// An SA is an ISAKMP SA as strongSwan sees it.
type SA struct {
	ID                int    // counts up from 1 over the daemon's life
	State             string // ESTABLISHED when it is
	Initiator         bool
	LocalID, RemoteID string
	RemoteXAUTHID     string // the user; empty without XAUTH
	Remote            netip.AddrPort
	LocalVIPs         []string // virtual addresses: a client has them, of mode config
	RemoteVIPs        []string // a gateway has given them
	Children          []Child
}

// A Child is a pair of IPsec SAs.
type Child struct {
	Name                  string // of the configuration
	ID                    int    // counts up from 1 over the daemon's life
	State                 string // INSTALLED when it is in use, REKEYED when a newer one is
	Mode                  string // TUNNEL or TRANSPORT
	Protocol              string // ESP or AH
	Encap                 bool   // in UDP
	ESN                   bool
	SPIIn, SPIOut         string // hexadecimal
	CPIIn                 string // of IPComp, hexadecimal; empty without
	Encryption, Integrity string // strongSwan's names, such as AES_CBC
	KeySize               int    // of Encryption, in bits; 0: it has but one
	DHGroup               string // of PFS, such as MODP_2048; empty without
	LocalTS, RemoteTS     []string
	PacketsIn, PacketsOut int
	BytesIn, BytesOut     int
}

// SAs returns all ISAKMP SAs, established or not.
func (d *Daemon) SAs() ([]SA, error) {
	out, err := d.control("--list-sas", "--raw")
	if err != nil {
		return nil, err
	}
	return parseSAs(out)
}

// parseSAs reads lines such as
//
//	list-sa event {tunnel {uniqueid=1 state=ESTABLISHED child-sas {net-1 {uniqueid=1 …}}}}
//	list-sas reply {}
func parseSAs(text string) ([]SA, error) {
	var all []SA
	for line := range strings.Lines(text) {
		body, isSA := strings.CutPrefix(line, "list-sa event ")
		if !isSA {
			continue
		}
		event, err := parseSection(body)
		if err != nil {
			return nil, fmt.Errorf("%w in %q", err, line)
		}
		for _, s := range event.sections {
			all = append(all, s.sa())
		}
	}
	return all, nil
}

func (s section) sa() SA {
	remote, _ := netip.ParseAddr(s.values["remote-host"])
	sa := SA{
		ID: s.number("uniqueid"), State: s.values["state"], Initiator: s.is("initiator"),
		LocalID: s.values["local-id"], RemoteID: s.values["remote-id"], RemoteXAUTHID: s.values["remote-xauth-id"],
		Remote:    netip.AddrPortFrom(remote, uint16(s.number("remote-port"))),
		LocalVIPs: s.list("local-vips"), RemoteVIPs: s.list("remote-vips"),
	}
	for _, list := range s.sections {
		for _, c := range list.sections {
			sa.Children = append(sa.Children, c.child())
		}
	}
	return sa
}

func (s section) child() Child {
	return Child{
		Name: s.values["name"], ID: s.number("uniqueid"), State: s.values["state"],
		Mode: s.values["mode"], Protocol: s.values["protocol"], Encap: s.is("encap"), ESN: s.is("esn"),
		SPIIn: s.values["spi-in"], SPIOut: s.values["spi-out"], CPIIn: s.values["cpi-in"],
		Encryption: s.values["encr-alg"], Integrity: s.values["integ-alg"], KeySize: s.number("encr-keysize"),
		DHGroup: s.values["dh-group"],
		LocalTS: s.list("local-ts"), RemoteTS: s.list("remote-ts"),
		PacketsIn: s.number("packets-in"), PacketsOut: s.number("packets-out"),
		BytesIn: s.number("bytes-in"), BytesOut: s.number("bytes-out"),
	}
}
